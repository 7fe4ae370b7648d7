"""Repairs that were asked for: from a proven copy, the damaged file aside, or with a reason."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from photo_factory.addons import backup
from photo_factory.addons.backup import copying
from photo_factory.commands.backup import initialise
from photo_factory.commands.integrity import run_repair
from photo_factory.commands.verify import run_verify as verify_archive
from photo_factory.monitor.integrity import Integrity
from photo_factory.monitor.reading import Watch
from photo_factory.shared import findings, manifest
from photo_factory.shared.settings import Settings
from tests.factory import Factory


def a_copied_photo(factory: Factory, usb: Path) -> tuple[Settings, Path, bytes]:
    settings = factory.settings(BACKUP_TARGETS=str(usb), RESTORE_DRILL="never")
    usb.mkdir()
    initialise(settings, str(usb))
    factory.drop("a.jpg")
    factory.ingest()
    assert backup.run(settings, threading.Event(), once=True)
    path = factory.on_disk(factory.asset("a.jpg"))
    return settings, path, path.read_bytes()


def look(factory: Factory, settings: Settings) -> None:
    watch = Watch(settings, factory.paths, factory.engine)
    Integrity(watch).round(threading.Event(), 100, lambda _: None)


def test_it_mends_a_damaged_original_and_keeps_what_was_there(tmp_path: Path) -> None:
    factory = Factory(tmp_path / "home")
    settings, path, content = a_copied_photo(factory, tmp_path / "usb")
    path.write_bytes(b"rot" + content[3:])
    look(factory, settings)
    told = run_repair(settings, factory.engine, None)
    assert (told["asked"], told["repaired"], told["not_repaired"]) == (1, 1, 0)
    assert path.read_bytes() == content
    assert [one.read_bytes()[:3] for one in factory.paths.quarantine.iterdir()] == [b"rot"]
    assert findings.listed(factory.engine) == []
    assert factory.verify().all_is_well


def test_the_service_does_what_was_asked_for_and_says_why_it_cannot(tmp_path: Path) -> None:
    factory = Factory(tmp_path / "home")
    settings, path, _ = a_copied_photo(factory, tmp_path / "usb")
    path.unlink()
    copy = next((tmp_path / "usb").rglob("a.jpg"))
    whole = copy.read_bytes()
    copy.write_bytes(b"rot" + whole[3:])
    look(factory, settings)
    told = run_repair(settings, factory.engine, "Storage/" + str(path).split("/Storage/")[1])
    assert told["not_repaired"] == 1
    (found,) = findings.listed(factory.engine)
    assert "damaged as well" in (found.problem or "")
    copy.write_bytes(whole)
    with factory.engine.begin() as connection:
        findings.ask_repair(connection)
    copying.flush()
    backup.run(settings, threading.Event(), once=True)
    assert findings.listed(factory.engine) == []
    assert path.read_bytes() == whole


def test_a_day_that_was_lost_whole_knows_its_photos_again(tmp_path: Path) -> None:
    factory = Factory(tmp_path / "home")
    settings, path, _ = a_copied_photo(factory, tmp_path / "usb")
    shutil.rmtree(path.parent)
    look(factory, settings)
    assert run_repair(settings, factory.engine, None)["repaired"] == 1
    assert factory.sums_hold()
    assert [row["final_path"] for row in manifest.read(path.parent)] == [
        factory.asset("a.jpg")["final_path"]
    ]
    assert {one.name for one in path.parent.iterdir()} == {"a.jpg", *manifest.FILES}
    factory.close()
    for gone in factory.paths.storage.glob("ledger.sqlite3*"):
        gone.unlink()
    assert verify_archive(settings, sample=100, rebuild=True).all_is_well
    assert factory.asset("a.jpg")["original_name"] == "a.jpg"


def test_lists_are_made_anew_for_a_photo_that_came_back_before_they_did(tmp_path: Path) -> None:
    """As after a crash between the two, or when somebody else brought the photo back."""
    factory = Factory(tmp_path / "home")
    settings, path, content = a_copied_photo(factory, tmp_path / "usb")
    shutil.rmtree(path.parent)
    look(factory, settings)
    path.parent.mkdir()
    path.write_bytes(content)
    assert run_repair(settings, factory.engine, None)["repaired"] == 1
    assert (path.parent / manifest.SUMS).is_file() and factory.sums_hold()


def test_what_a_repair_cut_short_leaves_behind_is_cleared_by_the_librarian(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = Factory(tmp_path / "home")
    settings, path, _ = a_copied_photo(factory, tmp_path / "usb")
    path.unlink()
    look(factory, settings)
    left = path.with_name(".0123.partial")

    def dies(partial: Path, _: Path) -> None:
        os.link(partial, left)  # what is under its own name goes as no kill would let it
        raise KeyboardInterrupt

    monkeypatch.setattr("photo_factory.addons.backup.restoring.place", dies)
    with pytest.raises(KeyboardInterrupt):
        run_repair(settings, factory.engine, None)
    assert left.is_file()
    factory.ingest()
    assert [one.name for one in path.parent.iterdir() if one.name not in manifest.FILES] == []
