"""Disks that are full, read-only, or one disk mounted twice."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from photo_factory.librarian import filing
from photo_factory.shared import manifest
from tests.faults import invariant
from tests.faults.disks import tmpfs
from tests.faults.factory import Factory, ended, jpeg
from tests.faults.workshop import Workshop, photo


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)


def _fill(disk: Path, *, leaving: int) -> Path:
    """Fill a disk but for so many bytes."""
    filler = disk / "filler"
    with filler.open("wb") as file, contextlib.suppress(OSError):
        file.write(bytes(max(0, shutil.disk_usage(disk).free - leaving)))
        file.flush()
    return filler


def _until(holds: Callable[[], bool], *, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


def _light(factory: Factory) -> tuple[str, str]:
    rows = invariant.rows(factory, "system_status")
    return (rows[0]["status"], rows[0]["message"] or "") if rows else ("", "")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with tmpfs(tmp_path / "disk", "8m") as mounted:
        yield mounted


def test_the_service_warns_of_a_full_disk_and_carries_on_by_itself(
    tmp_path: Path, disk: Path
) -> None:
    factory = Factory(tmp_path, storage=disk / "Storage", min_free_space=2, log_level="INFO")
    with ended(factory.start_service()) as service:
        _until(lambda: (factory.storage / "ledger.sqlite3").exists() and _light(factory)[0] == "OK")
        filler = _fill(disk, leaving=1 << 20)
        path = factory.deliver("phone/IMG_1.jpg", jpeg("1", size=100_000))
        _until(lambda: _light(factory)[0] == "WARNING")
        assert "make room" in _light(factory)[1]
        assert path.exists()
        filler.unlink()
        _until(lambda: not path.exists() and _light(factory)[0] == "OK")
        service.terminate()
        assert service.wait(30) == 0
    invariant.check(factory, factory.given)


def test_the_service_outlives_a_disk_without_a_byte_left(tmp_path: Path, disk: Path) -> None:
    """Journal and ledger are on the full disk as well."""
    factory = Factory(tmp_path, storage=disk / "Storage")
    with ended(factory.start_service()) as service:
        _until(lambda: (factory.storage / "ledger.sqlite3").exists() and _light(factory)[0] == "OK")
        filler = _fill(disk, leaving=0)
        paths = [factory.deliver(f"phone/{n}.jpg", jpeg(str(n), size=50_000)) for n in range(5)]
        time.sleep(2)
        assert service.poll() is None
        assert all(path.exists() for path in paths)
        filler.unlink()
        _until(lambda: not any(path.exists() for path in paths))
        service.terminate()
        service.wait(30)
    factory.ingest("--once", check=True)
    invariant.check(factory, factory.given)


def test_it_holds_what_finds_no_inode(workshop_on: Callable[..., Workshop], disk: Path) -> None:
    shop = workshop_on(disk / "Storage")
    shop.run()
    shop.put("phone/IMG_1.jpg", photo(1))
    _mount("-o", f"remount,nr_inodes={sum(1 for _ in disk.rglob('*')) + 2}", disk)
    assert shop.run().held == 1
    assert "inodes" in shop.reasons()
    assert shop.left() == ["IMG_1.jpg"]
    _mount("-o", "remount,nr_inodes=1000", disk)
    assert shop.run().filed == 1
    shop.check(photo(1))


def test_it_holds_what_meets_a_read_only_storage(
    workshop_on: Callable[..., Workshop], disk: Path
) -> None:
    shop = workshop_on(disk / "Storage")
    shop.put("phone/IMG_1.jpg", photo(1))
    assert shop.run().filed == 1
    shop.put("phone/IMG_2.jpg", photo(2))
    _mount("-o", "remount,ro", disk)
    assert shop.run().held == 1
    assert "mount it writable" in shop.reasons()
    assert [row["state"] for row in shop.arrivals()] == ["filed", "held"]
    _mount("-o", "remount,rw", disk)
    assert shop.run().filed == 1
    shop.check(photo(1), photo(2))


def test_it_copies_between_two_mounts_of_one_disk_and_keeps_the_reserve(
    workshop_on: Callable[..., Workshop], disk: Path
) -> None:
    for name in ("inbox", "storage"):
        (disk / name).mkdir()
        (disk.parent / name).mkdir()
        _mount("--bind", disk / name, disk.parent / name)
    try:
        shop = workshop_on(disk.parent / "storage", PHOTO_FACTORY_INBOX=disk.parent / "inbox")
        shop.put("phone/IMG_1.jpg", photo(1))
        assert shop.run().filed == 1, shop.reasons()
        shop.put("phone/IMG_2.jpg", photo(2))
        wary = workshop_on(
            disk.parent / "storage", PHOTO_FACTORY_INBOX=disk.parent / "inbox", MIN_FREE_SPACE=100
        )
        assert wary.run().held == 1
        assert "make room" in wary.reasons()
        assert shop.run().filed == 1
        shop.check(photo(1), photo(2))
    finally:
        for name in ("inbox", "storage"):
            subprocess.run(["umount", "-l", str(disk.parent / name)], check=True)


@pytest.fixture
def workshop_on(made: Callable[..., Workshop]) -> Callable[..., Workshop]:
    """Makes a workshop with its storage on a disk, and its ledger elsewhere."""
    return lambda storage, **settings: made(PHOTO_FACTORY_STORAGE=storage, **settings)


def _flip(partial: Path) -> None:
    with partial.open("r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("fault", ["a bit flipped", "cut short", "never written"])
def test_it_gives_no_final_name_to_wrong_bytes(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    path = workshop.put("phone/IMG_1.jpg", photo(1))
    (tmp_path / "second name").hardlink_to(path)  # so it is copied
    check = filing._check

    def harmed(partial: Path, file_hash: str) -> None:
        if fault == "a bit flipped":
            _flip(partial)
        else:
            os.truncate(partial, 300 if fault == "cut short" else 0)
        check(partial, file_hash)

    monkeypatch.setattr(filing, "_check", harmed)
    assert workshop.run().failed == 1
    assert "is failing" in workshop.reasons()
    assert (workshop.archived(), workshop.left()) == ({}, ["IMG_1.jpg"])
    assert workshop.arrivals()[0]["state"] == "failed"
    monkeypatch.undo()
    assert workshop.run().filed == 1
    workshop.check(photo(1))


@pytest.mark.parametrize("name", ["add", "amend", "make_durable"])
def test_it_recovers_from_a_day_folder_that_could_not_be_told(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    workshop.put("phone/IMG_1.jpg", photo(1))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "SHA256SUMS")

    monkeypatch.setattr(manifest, name, refuse)
    workshop.run()
    monkeypatch.undo()
    assert workshop.run().all_went_well
    workshop.check(photo(1))
