"""What every kind of target must do, asked of each over its real server."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from photo_factory.addons.backup import writers
from photo_factory.addons.backup.folder_store import FolderStore
from photo_factory.addons.backup.sweeping import Running, sweep
from photo_factory.addons.backup.targets import MARKER, READ_BACK, STORE_CHECKSUM
from photo_factory.shared import executors
from photo_factory.shared.errors import TryLater, Unprocessable
from photo_factory.shared.files import sha256_of
from tests.addons.backup.conftest import Place
from tests.backup_parts import BUCKET, s3_client

DAY = "Originals/2024/2024-05-01"
PATH = f"{DAY}/a photo, ä.jpg"


def test_it_waits_for_a_target_that_was_never_initialised(place: Place) -> None:
    with pytest.raises(TryLater, match="backup init"):
        place.open().check()
    place.open().initialise()
    place.open().initialise()
    place.open().check()


def test_it_keeps_proven_copies_under_the_name_they_have_here(place: Place, source: Path) -> None:
    target = place.open()
    proof = target.put(source, PATH, sha256_of(source))
    assert proof.sha256 == target.sha256(PATH) == sha256_of(source)
    assert proof.how == (STORE_CHECKSUM if place.kind == "s3" else READ_BACK)
    assert target.size(PATH) == source.stat().st_size
    assert target.names(DAY) == ["a photo, ä.jpg"]
    assert target.folders("Originals/2024") == ["2024-05-01"]
    if place.folder:
        assert (place.folder / PATH).read_bytes() == source.read_bytes()


def test_it_sends_large_files_in_parts(place: Place, big_source: Path) -> None:
    target = place.open()
    assert target.put(big_source, PATH, sha256_of(big_source)).sha256 == sha256_of(big_source)
    assert target.sha256(PATH) == sha256_of(big_source)


def test_it_knows_what_is_not_there(place: Place, tmp_path: Path) -> None:
    target = place.open()
    assert target.size(PATH) is None
    assert (target.names(DAY), target.folders("Originals")) == ([], [])
    for ask in (target.sha256, target.read, lambda path: target.fetch(path, tmp_path / "x")):
        with pytest.raises(FileNotFoundError):
            ask(PATH)
    target.remove(PATH)
    assert not (tmp_path / "x").exists()


def test_it_adopts_the_same_bytes_after_reading_them(place: Place, source: Path) -> None:
    target = place.open()
    target.put(source, PATH, sha256_of(source))
    assert target.put(source, PATH, sha256_of(source)).how == READ_BACK


def test_it_leaves_other_bytes_of_the_same_name_alone(place: Place, source: Path) -> None:
    target = place.open()
    target.write(PATH, b"a stranger's")
    with pytest.raises(Unprocessable, match="another file"):
        target.put(source, PATH, sha256_of(source))
    assert target.read(PATH) == b"a stranger's"


def test_it_sees_rot(place: Place, source: Path) -> None:
    target = place.open()
    target.put(source, PATH, sha256_of(source))
    rotten = bytearray(source.read_bytes())
    rotten[1_000_000] ^= 1
    place.change(PATH, bytes(rotten))
    assert target.sha256(PATH) == hashlib.sha256(rotten).hexdigest() != sha256_of(source)


def test_it_sends_no_original_that_is_damaged(place: Place, source: Path) -> None:
    target = place.open()
    with pytest.raises(Unprocessable, match="does not hold the bytes"):
        target.put(source, PATH, "0" * 64)
    assert target.names(DAY) == [] and target.size(PATH) is None


def test_it_says_that_an_original_is_missing(place: Place, tmp_path: Path) -> None:
    with pytest.raises(Unprocessable, match="is missing"):
        place.open().put(tmp_path / "gone.jpg", PATH, "0" * 64)


def test_it_brings_files_back(place: Place, source: Path, tmp_path: Path) -> None:
    target = place.open()
    target.put(source, PATH, sha256_of(source))
    assert (
        target.fetch(PATH, tmp_path / "back") == sha256_of(tmp_path / "back") == sha256_of(source)
    )
    with pytest.raises(FileExistsError):
        target.fetch(PATH, tmp_path / "back")


def test_it_replaces_small_lists_whole(place: Place) -> None:
    target = place.open()
    for content in (b"one\n", b"", b"three\n" * 1000):
        target.write(f"{DAY}/SHA256SUMS", content)
        assert target.read(f"{DAY}/SHA256SUMS") == content
    assert target.names(DAY) == ["SHA256SUMS"]


def test_it_renames_but_never_over_another(place: Place, source: Path) -> None:
    target = place.open()
    target.put(source, PATH, sha256_of(source))
    target.write(f"{DAY}/taken", b"x")
    with pytest.raises((FileExistsError, TryLater)):
        target.rename(PATH, f"{DAY}/taken")
    assert target.read(f"{DAY}/taken") == b"x"
    target.rename(PATH, "Originals/2024/2024-06-02/b.jpg")
    assert target.size(PATH) is None
    assert target.sha256("Originals/2024/2024-06-02/b.jpg") == sha256_of(source)
    target.remove("Originals/2024/2024-06-02/b.jpg")
    assert target.names("Originals/2024/2024-06-02") == []


def test_it_goes_on_where_it_was_cut(
    place: Place, big_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second try sends only what is missing; S3 keeps whole parts, the others every byte."""
    target = place.open()
    sent: list[int] = []

    def take(count: int) -> None:
        sent.append(count)
        if sum(sent) > 20 << 20 and len(sent) < 10_000:
            executors.stopping.set()

    monkeypatch.setattr(target._bandwidth, "take", take)  # type: ignore[attr-defined]
    with pytest.raises(TryLater, match="stopping"):
        target.put(big_source, PATH, sha256_of(big_source))
    assert target.size(PATH) is None
    executors.stopping.clear()
    first = sum(sent)
    monkeypatch.setattr(target._bandwidth, "take", sent.append)  # type: ignore[attr-defined]
    how = target.put(big_source, PATH, sha256_of(big_source)).how
    read_back = big_source.stat().st_size if how == READ_BACK else 0
    assert sum(sent) - read_back <= big_source.stat().st_size + (1 << 20) < 2 * first
    assert target.sha256(PATH) == sha256_of(big_source)
    assert target.names(DAY) == ["a photo, ä.jpg"]


@pytest.mark.parametrize("kind", ["file", "sftp", "smb"])  # S3 shows no unfinished object
def test_it_starts_again_where_the_left_over_is_not_the_beginning(
    kind: str, place_of: Callable[[str], Place], source: Path
) -> None:
    place = place_of(kind)
    assert place.folder
    me = writers.name(place.factory.settings())
    left = place.folder / DAY / f".{sha256_of(source)}.{me}.photo-factory-partial"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"other bytes")
    target = place.open()
    target.put(source, PATH, sha256_of(source))
    assert target.sha256(PATH) == sha256_of(source)
    assert not left.exists()


def test_two_hosts_that_write_one_file_do_not_spoil_it(
    place: Place, big_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one comes when the first is half way, and is quicker."""
    # Not the same bandwidth: else they would be one bucket, as in one process.
    first, second = place.open(BACKUP_BANDWIDTH=50_000), place.open()
    sent: list[int] = []

    def take(count: int) -> None:
        sent.append(count)
        if sum(sent) >= 20 << 20 > sum(sent[:-1]):
            with monkeypatch.context() as elsewhere:
                elsewhere.setattr(socket, "gethostname", lambda: "another.example")
                elsewhere.setattr(writers, "_names", {})
                second.put(big_source, PATH, sha256_of(big_source))

    monkeypatch.setattr(first._bandwidth, "take", take)  # type: ignore[attr-defined]
    assert first.put(big_source, PATH, sha256_of(big_source)).sha256 == sha256_of(big_source)
    assert second.sha256(PATH) == sha256_of(big_source)
    if place.folder:
        assert [path.name for path in (place.folder / DAY).iterdir()] == [Path(PATH).name]


def test_a_process_that_starts_again_has_its_name_again_and_shares_it_with_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "näs_1.example/../x")
    with ExitStack() as held:
        first = writers.take_name(tmp_path, held)
        assert re.fullmatch(r"[A-Za-z0-9-]+-0", first)
        with ExitStack() as beside:
            assert writers.take_name(tmp_path, beside) == first[:-1] + "1"
        assert writers.take_name(tmp_path, held) == first[:-1] + "1"
    with ExitStack() as later:
        assert writers.take_name(tmp_path, later) == first


def unfinished_here(place: Place, age_s: float, name: str) -> None:
    """An upload that was cut so long ago."""
    if place.folder:
        path = place.folder / DAY / f".{name}.photo-factory-partial"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half of it")
        os.utime(path, (time.time() - age_s,) * 2)
        return
    begun = begin(place, f"{DAY}/{name}")
    if age_s < WEEK_S:  # the server dates uploads from 2010, and parts rightly
        client_of(place).upload_part(**begun, PartNumber=1, Body=b"half of it")


def begin(place: Place, path: str) -> dict[str, str]:
    key = f"{place.url.partition('?')[0].rpartition('/')[2]}/{path}"
    made = client_of(place).create_multipart_upload(Bucket=BUCKET, Key=key)
    return {"Bucket": BUCKET, "Key": key, "UploadId": made["UploadId"]}


def client_of(place: Place) -> Any:
    assert place.server
    return s3_client(place.server.port)


WEEK_S = 7 * 24 * 3600.0


def test_it_sweeps_unfinished_copies_of_long_ago(place: Place, source: Path) -> None:
    target = place.open()
    target.initialise()
    target.put(source, PATH, sha256_of(source))
    unfinished_here(place, WEEK_S + 3600, "old")
    unfinished_here(place, WEEK_S - 3600, "young")
    assert target.sweep(WEEK_S) == 1
    assert target.sweep(WEEK_S) == 0
    assert target.sweep(-3600) == 1, "the younger one"
    assert target.sweep(-3600) == 0
    target.check()
    assert target.sha256(PATH) == sha256_of(source)


def test_it_sweeps_nothing_that_is_not_ours_by_name(place: Place) -> None:
    target = place.open()
    target.initialise()
    if place.folder:
        mine = [f"{DAY}/.mine.partial", f"{DAY}/x.photo-factory-partial"]
        mine += ["mine/.x.photo-factory-partial", f"{DAY}/deeper/.x.photo-factory-partial"]
        for name in mine:
            path = place.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"mine")
    else:
        left = [begin(place, "mine/film.mp4"), begin(place, "../elsewhere/Originals/film.mp4")]
    assert target.sweep(-3600) == 0
    if place.folder:
        assert all((place.folder / name).exists() for name in mine)
    else:
        for one in left:
            client_of(place).abort_multipart_upload(**one)


def test_it_never_sweeps_what_is_being_written(
    place: Place, big_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = place.open(BACKUP_BANDWIDTH=50_000)
    target.initialise()
    sent: list[int] = []
    swept: list[int] = []

    def take(count: int) -> None:
        sent.append(count)
        if sum(sent) >= 20 << 20 > sum(sent[:-1]):
            with ThreadPoolExecutor() as beside:
                swept.append(beside.submit(target.sweep, -3600).result())

    monkeypatch.setattr(target._bandwidth, "take", take)  # type: ignore[attr-defined]
    proof = target.put(big_source, PATH, sha256_of(big_source))
    assert swept == [0] and proof.sha256 == sha256_of(big_source)


def test_the_age_of_what_is_unfinished_is_told_by_the_targets_own_clock(tmp_path: Path) -> None:
    class Slow(FolderStore):
        def modified(self, path: str) -> float:
            return super().modified(path) - 30 * 365 * 24 * 3600

    young = tmp_path / "Originals" / ".x.photo-factory-partial"
    young.parent.mkdir()
    young.touch()
    assert sweep(Slow(tmp_path), WEEK_S, Running()) == 0
    assert young.exists()


def test_it_hides_the_marker(place: Place) -> None:
    target = place.open()
    target.initialise()
    assert target.names("") == []
    assert target.size(MARKER)


def test_it_tells_no_secret(place: Place) -> None:
    target = place.open()
    assert "not-to-be-told" not in f"{target.name} {target!r} {vars(target)}"
