"""Repairs that were asked for: from a proven copy, the damaged file aside, or with a reason."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from photo_factory.addons import backup
from photo_factory.addons.backup import copying, repairing, verifying
from photo_factory.commands.backup import initialise
from photo_factory.commands.integrity import run_repair
from photo_factory.commands.verify import run_verify as verify_archive
from photo_factory.monitor.integrity import Integrity
from photo_factory.monitor.reading import Watch
from photo_factory.shared import corrections, findings, manifest
from photo_factory.shared.facts import Asset
from photo_factory.shared.settings import Settings
from tests.factory import Factory, photo


def a_copied_photo(factory: Factory, usb: Path) -> tuple[Settings, Path, bytes]:
    settings = factory.settings(BACKUP_TARGETS=str(usb), RESTORE_DRILL="never")
    usb.mkdir()
    initialise(settings, str(usb))
    factory.drop("a.jpg")
    factory.ingest()
    assert backup.run(settings, threading.Event(), once=True)
    path = factory.on_disk(factory.asset("a.jpg"))
    return settings, path, path.read_bytes()


@pytest.fixture
def on_each(tmp_path: Path, ledger_url: str, engine: Engine) -> Iterator[Factory]:
    """A factory on each kind of database."""
    made = Factory(tmp_path / "on_each", ledger_url)
    yield made
    made.close()


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


RE_FILED = datetime(2020, 6, 7, 8, 9, 10)


def an_asked_repair_while_it_is_re_filed(factory: Factory, patch: pytest.MonkeyPatch) -> Path:
    """A Librarian re-files the photo while it is hashed; the folder it leaves."""
    asset = factory.asset("a.jpg")
    with factory.engine.begin() as connection:
        findings.found(connection, asset["id"], "unreadable", "no light")
        findings.ask_repair(connection)
        corrections.ask(connection, asset["id"], "anna", captured_at=RE_FILED)

    def slowly(one: Asset) -> str | None:
        found = verifying.hash_here(one)
        factory.ingest()
        return found

    patch.setattr(repairing, "hash_here", slowly)
    return factory.on_disk(asset).parent


@pytest.mark.parametrize("neighbour", [True, False])
def test_a_photo_that_is_re_filed_while_it_is_hashed_is_not_named_where_it_was(
    on_each: Factory, monkeypatch: pytest.MonkeyPatch, neighbour: bool
) -> None:
    on_each.drop("a.jpg")
    if neighbour:
        on_each.drop("b.jpg")
    on_each.ingest()
    with monkeypatch.context() as patch:
        left = an_asked_repair_while_it_is_re_filed(on_each, patch)
        assert repairing.work_off(on_each.engine, on_each.settings()) == (0, 1)
    assert left.exists() is neighbour
    assert on_each.sums_hold() and on_each.verify().all_is_well
    (found,) = findings.listed(on_each.engine, asked=True)
    assert found.problem is None
    assert repairing.work_off(on_each.engine, on_each.settings()) == (1, 0)


def test_one_that_was_re_filed_before_it_was_looked_at_stays_asked_for(
    on_each: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_each.drop("a.jpg")
    on_each.ingest()
    asset = on_each.asset("a.jpg")
    with on_each.engine.begin() as connection:
        findings.found(connection, asset["id"], "unreadable", "no light")
        findings.ask_repair(connection)
        corrections.ask(connection, asset["id"], "anna", captured_at=RE_FILED)

    def late(one: Asset) -> str | None:
        on_each.ingest()
        return verifying.hash_here(one)

    monkeypatch.setattr(repairing, "hash_here", late)
    assert repairing.work_off(on_each.engine, on_each.settings()) == (0, 1)
    assert repairing.work_off(on_each.engine, on_each.settings()) == (1, 0)


def test_lists_that_cannot_be_written_are_told_and_the_next_one_is_repaired(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.drop("a.jpg")
    factory.drop("b.jpg", photo("2021:02:03 04:05:06"))
    factory.ingest()
    for name in ("a.jpg", "b.jpg"):
        asset = factory.asset(name)
        manifest.amend(factory.on_disk(asset).parent, absent=[asset["final_path"]])
        with factory.engine.begin() as connection:
            findings.found(connection, asset["id"], "unreadable", "no light")
            findings.ask_repair(connection)
    refused = factory.on_disk(factory.asset("a.jpg")).parent
    replace = manifest.replace_durably

    def no_writing(path: Path, content: bytes) -> None:
        if path.parent == refused:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        replace(path, content)

    monkeypatch.setattr(manifest, "replace_durably", no_writing)
    repairing.if_asked(factory.settings(), factory.engine)
    (found,) = findings.listed(factory.engine)
    assert found.final_path == factory.asset("a.jpg")["final_path"]
    assert f"{refused / manifest.SUMS}: Permission denied; put that right" in (found.problem or "")


@contextmanager
def a_service(settings: Settings) -> Iterator[threading.Event]:
    """Runs until it is left, or the event is set."""
    stop = threading.Event()
    thread = threading.Thread(target=backup.run, args=(settings, stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def test_photos_are_copied_while_a_repair_takes_its_time(
    factory: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, *_ = a_copied_photo(factory, tmp_path / "usb")
    begun, ended = threading.Event(), threading.Event()

    def slowly(*_: object) -> tuple[int, int]:
        begun.set()
        assert ended.wait(30)
        return 0, 0

    monkeypatch.setattr(repairing, "work_off", slowly)
    with a_service(settings):
        assert begun.wait(20)
        factory.drop("b.jpg")
        factory.ingest()
        until = time.monotonic() + 20
        while not factory.asset("b.jpg")["is_backed_up"] and time.monotonic() < until:
            time.sleep(0.1)
        is_copied = factory.asset("b.jpg")["is_backed_up"]
        ended.set()
    assert is_copied


def test_a_service_that_is_to_end_begins_no_other_repair(
    factory: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, *_ = a_copied_photo(factory, tmp_path / "usb")
    factory.drop("b.jpg")
    factory.ingest()
    begun, ended, repaired = threading.Event(), threading.Event(), []

    def slowly(one: findings.Open, *_: object) -> tuple[None, None]:
        begun.set()
        assert ended.wait(30)
        repaired.append(one.final_path)
        return None, None

    monkeypatch.setattr(repairing, "_repair", slowly)
    with factory.engine.begin() as connection:
        for name in ("a.jpg", "b.jpg"):
            findings.found(connection, factory.asset(name)["id"], "unreadable", "no light")
        findings.ask_repair(connection)
    with a_service(settings) as stop:
        assert begun.wait(20)
        stop.set()
        ended.set()
    assert len(repaired) == 1 and len(findings.listed(factory.engine, asked=True)) == 1
