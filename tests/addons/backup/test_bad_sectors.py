"""Files that a target's disk cannot read: those alone are damaged, and the target is not away."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from photo_factory.addons.backup import drill, nightly
from photo_factory.addons.backup.folder_store import FolderStore
from photo_factory.addons.backup.targets import MARKER, Withheld, insist, open_target
from photo_factory.commands.backup import run_drill, run_restore, run_verify
from photo_factory.shared.errors import PhotoFactoryError, TryLater
from tests.addons.backup.test_getting_back import copy_of, settings_of
from tests.addons.backup.test_service import sums_hold
from tests.addons.backup.test_verifying import by_id
from tests.factory import Factory


def bad_sector(patch: pytest.MonkeyPatch, *paths: Path, times: int = 1 << 30) -> None:
    """The files that are at these paths now cannot be read, whatever they are called later."""
    bad, real = {path.stat().st_ino for path in paths}, FolderStore.blocks
    left = [times]

    def failing(store: FolderStore, path: str) -> Iterator[bytes]:
        with (store._root / path).open("rb") as file:
            if os.fstat(file.fileno()).st_ino in bad and left[0]:
                left[0] -= 1
                raise OSError(errno.EIO, "Input/output error")
        return real(store, path)

    patch.setattr(FolderStore, "blocks", failing)


def test_one_bad_sector_is_a_damaged_copy_and_the_others_are_read(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad_sector(monkeypatch, copy_of(factory, usb, by_id(factory)[0]))
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert (found.away, found.failed, found.checked) == (None, [], 2)
    assert [Path(path).name for path in found.copies_mended] == by_id(factory)[:1]
    assert sums_hold(usb) == 2 and len(list((usb / "Damaged").iterdir())) == 1
    (again,) = run_verify(settings_of(factory, usb), None, 100)
    assert again.all_is_well


def test_a_disk_that_hiccups_once_is_read_once_more(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad_sector(monkeypatch, copy_of(factory, usb, "a.jpg"), times=1)
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert found.all_is_well and found.checked == 2


def test_the_service_takes_an_unreadable_file_for_one_that_is_in_its_way(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a target with one bad sector would be away for good."""
    path = copy_of(factory, usb, "a.jpg")
    target, asset = open_target(str(usb), factory.settings()), factory.asset("a.jpg")
    bad_sector(monkeypatch, path)
    with pytest.raises(PhotoFactoryError, match=r"has another file at .*look at it"):
        target.put(factory.on_disk(asset), str(path.relative_to(usb)), asset["file_hash"])


def test_a_bad_sector_is_a_failed_drill(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(factory, usb)
    bad_sector(monkeypatch, copy_of(factory, usb, "a.jpg"))
    (told,) = run_drill(settings)
    assert (told["assets"], told["failed"], told["ok"]) == (2, 1, False)
    assert "a.jpg" in (nightly.complaint(settings, factory.engine) or "")


def test_a_disk_that_dies_in_a_drill_is_away(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(factory, usb)
    bad_sector(monkeypatch, *(path for path in usb.rglob("*") if path.is_file()))
    (told,) = run_drill(settings)
    assert not told["ok"] and "is away: Input/output error" in told["message"]
    assert drill.complaint(factory.engine, str(usb)) is None


def test_restore_goes_past_a_bad_sector(
    factory: Factory, usb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad_sector(monkeypatch, copy_of(factory, usb, "a.jpg"))
    done = run_restore(factory.settings(), str(usb), tmp_path / "to", None)
    assert done.restored == 1 and len(done.failed) == 1
    assert "a.jpg" in done.failed[0] and "Input/output error" in done.failed[0]
    assert copy_of(factory, tmp_path / "to", "b.jpg").exists()


def test_asking_once_more_needs_a_target_that_gives_its_marker_back(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that dropped out is still listed from memory."""
    target = open_target(str(usb), factory.settings())
    copy = copy_of(factory, usb, "a.jpg")
    path = str(copy.relative_to(usb))
    with monkeypatch.context() as patch:
        bad_sector(patch, copy)
        with pytest.raises(Withheld, match="Input/output error") as told:
            insist(target, lambda: target.sha256(path))
        assert told.value.by_disk and "is away" not in str(told.value)
    bad_sector(monkeypatch, copy, usb / MARKER)
    target.check()
    with pytest.raises(TryLater, match="is away: Input/output error"):
        insist(target, lambda: target.sha256(path))
