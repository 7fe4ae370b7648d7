"""Names and files made to hurt: each comes to an end state, and every day folder can be proven."""

from __future__ import annotations

import os
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.workshop import Workshop, photo

HOSTILE = [
    b"new\nline.jpg",
    b"return\r.jpg",
    b"tab\t and bell\x07.jpg",
    b"back\\slash.jpg",
    b"back\\nslash.jpg",
    b"'quotes' \"and\" `ticks`.jpg",
    b"$(reboot); rm -rf ~.jpg",
    b"%s%n{0}{name}.jpg",
    b"no utf-8 \xff\xfe\xe9.jpg",
    b"surrogate \xed\xa0\x80.jpg",
    "right to left \u202egpj.exe.jpg".encode(),
    "no width \u200b\ufeff.jpg".encode(),
    unicodedata.normalize("NFC", "Käfer.jpg").encode(),
    unicodedata.normalize("NFD", "Käfer.jpg").encode(),
    b"IMG_1.JPG",
    b"img_1.jpg",
    b"Img_1.Jpg",
    b"-rf.jpg",
    b"--help.jpg",
    b"-",
    b" leading and trailing .jpg ",
    b"trailing dot.jpg.",
    b"no extension",
    b".jpg",
    b".hidden.jpg",
    b"..double.jpg",
    b"*?[a-z].jpg",
    b"a:b|c<d>.jpg",
    b"CON.jpg",
    "🏖️ beach.jpg".encode(),
    b"x" * 251 + b".jpg",
    "ä".encode() * 125 + b".jpg",
    b"SHA256SUMS",
    b"ledger.jsonl",
    b"_SHA256SUMS",
    b"holiday.sync-conflict-20260102-030405-ABCDEFG.jpg",
]  # fmt: skip


def test_it_files_every_hostile_name(both: Workshop) -> None:
    contents = [photo(name) for name in HOSTILE]
    for name, content in zip(HOSTILE, contents, strict=True):
        both.put(b"phone/" + name, content)
    summary = both.run()
    assert (summary.filed, summary.all_went_well) == (len(HOSTILE), True), both.reasons()
    assert both.left() == []
    both.check(*contents)
    assert {row["state"] for row in both.arrivals()} == {"filed"}
    assert both.run().seen == 0


def test_it_files_from_folders_with_hostile_names(both: Workshop) -> None:
    folders = [name for name in HOSTILE if not name.startswith(b".")]
    contents = [photo(name) for name in folders]
    for name, content in zip(folders, contents, strict=True):
        both.put(name + b"/IMG_1.jpg", content)
    assert both.run().filed == len(folders), both.reasons()
    both.check(*contents)
    assert len({row["source_device"] for row in both.assets()}) == len(folders)


def test_it_finds_a_free_name_for_the_longest_names(both: Workshop) -> None:
    names = [b"x" * 251 + b".jpg", "ä".encode() * 125 + b".jpeg", b"y" * 255]
    contents = [photo(f"{name!r}{number}") for name in names for number in range(3)]
    for number in range(3):
        for place, name in enumerate(names):
            both.put(f"phone{number}/".encode() + name, contents[3 * place + number])
    assert both.run().filed == 9, both.reasons()
    both.check(*contents)
    assert all(len(os.fsencode(path.name)) <= 255 for path in both.archived())
    assert sum("_1" in path.name for path in both.archived()) == 3


def test_it_keeps_its_own_names_for_itself(workshop: Workshop) -> None:
    contents = [photo(number) for number in range(4)]
    for number, content in enumerate(contents):
        name = "SHA256SUMS" if number % 2 else "ledger.jsonl"
        workshop.put(f"phone{number}/{name}", content)
    assert workshop.run().filed == 4
    workshop.check(*contents)
    names = {path.name for path in workshop.archived()}
    assert names == {"_SHA256SUMS", "_SHA256SUMS_1", "_ledger.jsonl", "_ledger_1.jsonl"}


@pytest.mark.parametrize(
    "name",
    [
        ".x.partial", "IMG_1.jpg.partial", ".syncthing.IMG_1.jpg.tmp", "~syncthing~IMG_1.jpg.tmp",
        ".pending-1700000000-IMG_1.jpg", "IMG_1.jpg.crdownload", "IMG_1.jpg.part",
    ],
)  # fmt: skip
def test_it_leaves_alone_what_another_program_is_still_writing(
    workshop: Workshop, name: str
) -> None:
    path = workshop.put(f"phone/{name}", photo(name))
    assert workshop.run().seen == 0
    assert path.read_bytes() == photo(name)
    path.rename(path.with_name("IMG_1.jpg"))
    assert workshop.run().filed == 1
    workshop.check(photo(name))


@pytest.mark.parametrize(
    "name", ["Thumbs.db", ".DS_Store", "._IMG_1.jpg", ".trashed-1-IMG_1.jpg", ".stignore"]
)
def test_it_accounts_for_debris(workshop: Workshop, name: str) -> None:
    workshop.put(f"phone/{name}", photo(name))
    assert workshop.run().ignored == 1
    assert workshop.left() == [name]
    assert workshop.arrivals()[0]["reason"]


@pytest.mark.parametrize("name", [".stversions", ".stfolder", "@eaDir", "#recycle", ".Trash-0"])
def test_it_does_not_enter_folders_of_other_programs(workshop: Workshop, name: str) -> None:
    workshop.put(f"phone/{name}/IMG_1.jpg", photo(name))
    assert workshop.run().seen == 0
    assert workshop.left() == ["IMG_1.jpg"]


def test_it_enters_a_folder_named_like_a_photo(workshop: Workshop) -> None:
    workshop.put("phone/IMG_1.jpg/IMG_2.jpg", photo(2))
    workshop.put("phone/SHA256SUMS/IMG_2.jpg", photo(3))
    assert workshop.run().filed == 2
    workshop.check(photo(2), photo(3))


def test_it_never_follows_a_link_nor_waits_on_a_pipe(both: Workshop, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(photo("secret"))
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "IMG_1.jpg").write_bytes(photo("another"))
    (both.inbox / "link.jpg").symlink_to(secret)
    (both.inbox / "folder").symlink_to(tmp_path / "secrets")
    (both.inbox / "loop.jpg").symlink_to("loop.jpg")
    (both.inbox / "dangling.jpg").symlink_to("nowhere")
    os.mkfifo(both.inbox / "pipe.jpg")
    summary = both.run()
    assert (summary.ignored, summary.seen) == (5, 5)
    assert both.archived() == {}
    assert secret.read_bytes() == photo("secret")
    assert all("never followed" in (row["reason"] or "") for row in both.arrivals())


def test_it_does_not_follow_a_link_that_replaced_a_photo(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(photo("secret"))
    path = workshop.put("IMG_1.jpg", photo(1))
    link = os.link

    def swapped(source: str, target: Path, **options: bool) -> None:
        path.unlink()
        path.symlink_to(secret)
        link(source, target, **options)

    monkeypatch.setattr(os, "link", swapped)
    workshop.run()
    monkeypatch.undo()
    assert workshop.archived() == {}
    assert (path.is_symlink(), secret.read_bytes()) == (True, photo("secret"))


def _pixel_bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pixels.png", _pixel_bomb()),
        ("start.jpg", photo(1)[:20]),
        ("middle.jpg", photo(1)[: len(photo(1)) // 2]),
        ("empty.jpg", b""),
        ("zeros.jpg", bytes(4096)),
        ("box.mp4", b"\xff\xff\xff\xffftypisom" + bytes(64)),
        ("long box.heic", struct.pack(">I4s4s", 1, b"ftyp", b"heic") + b"\xff" * 64),
        ("offsets.tif", b"II*\0\xff\xff\xff\xff"),
        ("loop.tif", b"II*\0\x08\0\0\0\0\0\x08\0\0\0"),
        ("laughs.xmp", b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x:xmpmeta>&b;'),
        ("deep.json", b'{"photoTakenTime":' + b"[" * 3000),
        ("text named photo.jpg", b"<?php system('reboot'); ?>"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_files_damaged_media_as_they_are(workshop: Workshop, name: str, content: bytes) -> None:
    workshop.put(f"phone/{name}", content)
    workshop.put("phone/sound.jpg", photo("sound"))
    assert workshop.run().filed == 2, workshop.reasons()
    workshop.check(content, photo("sound"))


def test_it_ignores_a_zip_bomb(workshop: Workshop) -> None:
    with zipfile.ZipFile(workshop.inbox / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("IMG_1.jpg", bytes(64 << 20))
    assert workshop.run().ignored == 1
    assert workshop.archived() == {}


def test_it_holds_a_sparse_giant(workshop: Workshop) -> None:
    path = workshop.put("giant.mp4", b"\0\0\0\x18ftypisom")
    os.truncate(path, 1 << 40)
    workshop.put("sound.jpg", photo("sound"))
    summary = workshop.run()
    assert (summary.held, summary.filed) == (1, 1)
    assert "unfinished download" in workshop.reasons()
    assert path.stat().st_size == 1 << 40


def _nested(inbox: Path, depth: int) -> None:
    """Folders so deep that their path is longer than the system takes in one piece."""
    here = os.open(inbox, os.O_RDONLY)
    for number in range(depth):
        name = f"{number:02d}" + "d" * 200
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        with os.fdopen(os.open("IMG.jpg", os.O_WRONLY | os.O_CREAT, dir_fd=deeper), "wb") as file:
            file.write(photo(number))
        os.close(here)
        here = deeper
    os.close(here)


def test_it_files_what_it_can_reach_and_tells_what_is_too_deep(
    workshop: Workshop, remove_deep: Callable[[Path], None]
) -> None:
    _nested(workshop.inbox, 30)
    summary = workshop.run()
    assert 15 < summary.filed < 25
    assert summary.held >= 1, "what cannot be reached must not go unsaid"
    assert "too long" in workshop.reasons()
    assert any(row["state"] == "held" for row in workshop.arrivals())
    remove_deep(workshop.inbox)


@pytest.fixture
def remove_deep() -> Callable[[Path], None]:
    """Remove folders that are too deep for pytest's own cleaning."""

    def remove(folder: Path) -> None:
        os.system(f"cd '{folder}' && rm -rf ./*")

    return remove
