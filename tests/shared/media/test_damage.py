"""Damaged and hostile files are told apart, dated by what is left, and never raise."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from photo_factory.shared.media.facts import extract, extract_without_parsing
from tests.shared.media import made

WHEN = datetime(2023, 12, 25, 12, 34, 56)


def whole(kind: str) -> bytes:
    into = io.BytesIO()
    block = made.exif(place=made.gps(1.5, 2.5))
    save: dict[str, Any] = {"exif": block[6:] if kind == "TIFF" else block}
    Image.new("RGB", (48, 32)).save(into, kind, **save)
    return into.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_it_tells_of_a_file_that_was_cut_off(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(whole(kind)[:-8])
    facts = made.facts_of(path)
    assert "cut off" in facts.errors[0]
    if kind != "WEBP":  # keeps its EXIF at the end
        assert facts.captured_at == WHEN


@pytest.mark.parametrize("trailer", [b"", b"\0" * 5000, b"MotionPhoto_Data" + b"x" * 9000])
def test_it_accepts_what_phones_put_behind_a_jpeg(tmp_path: Path, trailer: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(whole("JPEG") + trailer)
    assert made.facts_of(path).errors == ()


def test_it_files_an_empty_file_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "IMG_20231225_123456.jpg"
    path.touch()
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.kind.mime_type) == (WHEN, "image/jpeg")
    assert facts.errors == ("named .jpg, but the file is empty",)


def test_it_finds_the_date_in_a_jpeg_whose_beginning_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\0\0\0\0" + whole("JPEG")[4:])
    facts = made.facts_of(path)
    assert facts.captured_at == WHEN
    assert facts.errors == ("named .jpg, but the bytes are no known media",)


def test_it_notes_a_wrong_extension_without_calling_it_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(whole("PNG"))
    facts = made.facts_of(path)
    assert (facts.kind.mime_type, facts.captured_at, facts.errors) == ("image/png", WHEN, ())
    assert "the name says image/jpeg" in facts.evidence["notes"][0]


def test_it_refuses_what_is_no_media(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("hello")
    with pytest.raises(ValueError, match=r"a\.txt is no media"):
        made.facts_of(path)


def test_it_never_follows_links_nor_waits_on_pipes(tmp_path: Path) -> None:
    target = made.picture(tmp_path / "a.jpg")
    (tmp_path / "link.jpg").symlink_to(target)
    os.mkfifo(tmp_path / "pipe.jpg")
    for name in ("link.jpg", "pipe.jpg", "missing.jpg"):
        with pytest.raises(OSError):
            extract(str(tmp_path / name), policy=made.policy())
    with pytest.raises(OSError):
        extract(str(tmp_path), policy=made.policy())


def test_it_can_do_without_any_parser(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "IMG_20200102_030405.jpg", exif=made.exif())
    facts = extract_without_parsing(str(path), policy=made.policy(), error="was killed")
    assert facts.captured_at == datetime(2020, 1, 2, 3, 4, 5)
    assert (facts.errors, facts.kind.mime_type) == (("was killed",), "image/jpeg")


def test_its_facts_travel_between_processes(tmp_path: Path) -> None:
    facts = made.facts_of(made.picture(tmp_path / "a.jpg", exif=made.exif()))
    assert pickle.loads(pickle.dumps(facts)) == facts


def test_it_does_not_unpack_text_bombs(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    bomb = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(200 << 20), 9)
    plain = whole("PNG")
    path = tmp_path / "a.png"
    path.write_bytes(plain[:33] + chunk(b"iTXt", bomb) + plain[33:])
    assert made.facts_of(path).captured_at == WHEN


def test_it_does_not_decode_pixel_bombs(tmp_path: Path) -> None:
    plain = whole("PNG")
    path = tmp_path / "a.png"
    path.write_bytes(plain[:16] + struct.pack(">II", 1 << 30, 1 << 30) + plain[24:])
    facts = made.facts_of(path)
    assert (facts.width, facts.captured_at) == (1 << 30, WHEN)


def test_it_says_nothing_a_database_refuses(tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\xff\xff\0\0\0\0")
    broken = tmp_path / os.fsdecode(b"\xff.xmp")
    broken.write_bytes(b"<x:xmpmeta")
    facts = made.facts_of(path, sidecars=[str(broken)])
    assert len(facts.errors) >= 2
    for error in facts.errors:
        assert "\0" not in error
        error.encode()
    plain = whole("PNG")
    wide = tmp_path / "a.png"
    wide.write_bytes(plain[:16] + struct.pack(">II", 1 << 31, 8) + plain[24:])
    assert (made.facts_of(wide).width, made.facts_of(wide).height) == (None, 8)


KINDS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "AVIF": ".avif"}
WHOLE = {kind: whole(kind) for kind in KINDS}
EXTENSIONS = st.sampled_from([".jpg", ".orf", ".rw2", ".raf", ".cr3", ".jxl", ".heic", ".nef"])
HEADS = st.sampled_from(
    [
        b"IIRO",
        b"IIU\0\x08\0\0\0",
        b"FUJIFILMCCD-RAW",
        b"\0\0\0\x18ftypcrx ",
        b"\0\0\0\x18ftypheic",
        b"\0\0\0\x0cJXL \r\n\x87\n",
        b"\xff\x0a",
        b"II*\0\x08\0\0\0",
        b"GIF89a",
        b"BM",
        b"RIFF",
    ]
)


def test_it_reads_xmp_although_exif_is_damaged(tmp_path: Path) -> None:
    packet = made.xmp(exif_DateTimeOriginal="2023-12-25T12:34:56")
    plain = made.jpeg_bytes(xmp=packet)
    path = tmp_path / "a.jpg"
    path.write_bytes(plain[:2] + made.segment(0xE1, b"Exif\0\0rubbish here") + plain[2:])
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.captured_at_source) == (WHEN, "xmp:DateTimeOriginal")
    assert facts.errors[0].startswith("EXIF: ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_it_survives_flipped_bytes(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"a{KINDS[kind]}"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    made.facts_of(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(HEADS, st.binary(max_size=400), EXTENSIONS)
def test_it_survives_rubbish(tmp_path: Path, head: bytes, tail: bytes, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    path.write_bytes(head + tail)
    made.facts_of(path)
