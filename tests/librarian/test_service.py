"""The Librarian as a service: prompt with hints, complete without them, honest in its beats."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import NoResultFound

from photo_factory.librarian import file_watcher, filer
from photo_factory.librarian import service as librarian_service
from photo_factory.librarian.service import Service
from photo_factory.shared.files import exclusive_lock
from photo_factory.shared.ledger.models import Arrival
from tests.factory import Factory, photo

PATIENCE = 20.0
"""Seconds after which something counts as not happening; nothing here should take so long."""


@pytest.fixture(autouse=True)
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(librarian_service, "LONGEST_REST", 0.1)


def until(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait for something to become true; its value."""
    deadline = time.monotonic() + patience
    while True:
        try:
            value = condition()
        except (NoResultFound, ValueError):  # nothing is there yet
            value = None
        if value or time.monotonic() > deadline:
            assert value
            return value
        time.sleep(0.05)


@contextmanager
def running(factory: Factory, **changes: Any) -> Iterator[threading.Event]:
    """A service at work in a thread; its end is awaited."""
    stop = threading.Event()
    changes = {"STABILITY_DELAY": 5, "HEARTBEAT_INTERVAL": 1, **changes}
    service = Service(factory.settings(**changes), stop)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        until(factory.status)
        yield stop
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def rename_into(factory: Factory, name: str, content: bytes | None = None) -> None:
    """What Syncthing does: a hidden name with the full size first, then the final one."""
    whole = factory.drop(f"pixel-7/.syncthing.{name}.tmp", content)
    whole.rename(whole.with_name(name))


def test_it_makes_ledger_and_inbox_where_it_is_the_first_command_of_all(tmp_path: Path) -> None:
    fresh = Factory(tmp_path / "factory")
    fresh.paths.inbox.rmdir()
    assert librarian_service.run(fresh.settings(), threading.Event(), once=True)
    assert fresh.paths.inbox.is_dir()
    assert fresh.status()["service_name"] == "librarian"
    fresh.close()


def test_it_files_what_is_renamed_into_place_without_a_quiet_period(factory: Factory) -> None:
    # Events from a folder this new could be lost; the listing would find the photo, but later.
    (factory.paths.inbox / "pixel-7").mkdir()
    with running(factory, STABILITY_DELAY=60):
        started = time.monotonic()
        rename_into(factory, "IMG_1.jpg")
        until(factory.assets)
    # It takes a tenth of a second; without the rule it would take the sixty of the quiet period.
    assert time.monotonic() - started < 15
    assert factory.arrival("IMG_1.jpg")["source_device"] == "pixel-7"


def test_it_files_what_is_moved_in_from_another_folder(embedded: Factory, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photo())
    with running(embedded, STABILITY_DELAY=60):
        (tmp_path / "a.jpg").rename(embedded.paths.inbox / "a.jpg")
        until(embedded.assets)


def test_it_files_a_folder_that_is_moved_in(embedded: Factory, tmp_path: Path) -> None:
    (tmp_path / "trip" / "day 1").mkdir(parents=True)
    (tmp_path / "trip" / "a.jpg").write_bytes(photo())
    (tmp_path / "trip" / "day 1" / "b.jpg").write_bytes(photo())
    with running(embedded, STABILITY_DELAY=1):
        (tmp_path / "trip").rename(embedded.paths.inbox / "trip")
        until(lambda: len(embedded.assets()) == 2)


def test_it_never_files_a_name_syncthing_still_writes_to(embedded: Factory) -> None:
    with running(embedded, STABILITY_DELAY=0, SCAN_INTERVAL=0.2):
        embedded.drop("pixel-7/.syncthing.IMG_1.jpg.tmp")
        embedded.drop("pixel-7/~syncthing~IMG_2.jpg.tmp")
        embedded.drop("pixel-7/IMG_3.jpg")
        until(embedded.assets)
        time.sleep(0.5)
    assert [row["name"] for row in embedded.arrivals()] == ["IMG_3.jpg"]
    assert len(embedded.inbox()) == 2


def test_it_waits_for_what_is_copied_into_the_inbox(embedded: Factory) -> None:
    content = photo()
    with running(embedded, STABILITY_DELAY=1):
        path = embedded.drop("a.jpg", content[:200])
        for end in range(300, len(content), 200):
            time.sleep(0.3)
            assert embedded.assets() == []
            with path.open("ab") as file:
                file.write(content[end - 100 : end])
        path.write_bytes(content)
        until(embedded.assets)
    assert embedded.on_disk(embedded.asset("a.jpg")).read_bytes() == content


@pytest.mark.parametrize("how", ["off", "polling"])
def test_it_needs_no_native_events(embedded: Factory, how: str) -> None:
    scan = 0.5 if how == "off" else 3600
    with running(embedded, STABILITY_DELAY=0.5, WATCHER=how, SCAN_INTERVAL=scan):
        embedded.drop("pixel-7/a.jpg")
        until(embedded.assets)


def test_it_finds_what_no_hint_spoke_of(embedded: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_watcher.Watcher, "on_any_event", lambda *_: None)
    with running(embedded, STABILITY_DELAY=0, SCAN_INTERVAL=0.5):
        embedded.drop("a.jpg")
        until(embedded.assets)


def test_it_lists_the_inbox_when_there_are_too_many_hints(
    embedded: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watcher, "MOST_HINTS", 3)
    with running(embedded, STABILITY_DELAY=0.2, SCAN_INTERVAL=3600):
        for number in range(30):
            embedded.drop(f"{number}.jpg")
        until(lambda: len(embedded.assets()) == 30)


def test_it_warns_while_something_is_held_and_is_well_when_it_is_gone(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True
    room_for = filer.filing.room_for
    monkeypatch.setattr(filer.filing, "room_for", lambda *a, **k: not full and room_for(*a, **k))
    monkeypatch.setattr(filer.Filer, "_how", lambda *_: filer.How.COPY)
    with running(factory, STABILITY_DELAY=0, SCAN_INTERVAL=0.4):
        rename_into(factory, "a.jpg")
        until(lambda: factory.status()["status"] == "WARNING")
        assert "the disk is full" in factory.status()["message"]
        assert factory.arrival("a.jpg")["state"] == "held"
        full = False
        until(lambda: factory.status()["status"] == "OK")
    assert factory.arrival("a.jpg")["state"] == "filed"


def test_it_warns_while_there_is_no_inbox(embedded: Factory) -> None:
    with running(embedded, STABILITY_DELAY=0):
        embedded.paths.inbox.rename(embedded.home / "unmounted")
        until(lambda: embedded.status()["status"] == "WARNING")
        assert "Photos_Inbox" in embedded.status()["message"]
        (embedded.home / "unmounted").rename(embedded.paths.inbox)
        until(lambda: embedded.status()["status"] == "OK")


def test_it_says_that_it_waits_for_another_librarian_and_goes_on_after_it(
    embedded: Factory,
) -> None:
    with running(embedded, STABILITY_DELAY=0):
        with ExitStack() as stack:
            lock = embedded.paths.journal / "lock"
            until(lambda: stack.enter_context(exclusive_lock(lock)))
            embedded.drop("a.jpg")
            until(lambda: "another Librarian" in embedded.status()["current_task"])
        until(embedded.assets)


def test_it_says_that_it_stopped(factory: Factory) -> None:
    with running(factory):
        pass
    assert (factory.status()["status"], factory.status()["current_task"]) == ("OK", "stopped")


def test_it_does_one_round_when_asked_for_one(embedded: Factory) -> None:
    embedded.drop("a.jpg")
    stop = threading.Event()
    assert librarian_service.run(embedded.settings(), stop, once=True)
    assert len(embedded.assets()) == 1


def test_it_remembers_a_kept_inbox_across_restarts(factory: Factory) -> None:
    factory.drop("a.jpg")
    for _ in range(2):
        stop = threading.Event()
        settings = factory.settings(INBOX_MODE="keep")
        assert librarian_service.run(settings, stop, once=True)
    assert [row["state"] for row in factory.arrivals()] == ["filed"]
    assert factory.inbox() == ["a.jpg"]


def test_it_tries_what_is_held_at_once_when_somebody_asks(factory: Factory) -> None:
    path = factory.drop("pixel-7/a.jpg")
    os.truncate(path, 2 << 30)  # claims 2 GiB and holds none: an unfinished download
    with running(factory, SCAN_INTERVAL=3600, WATCHER="off", STABILITY_DELAY=0):
        until(lambda: factory.arrival("a.jpg")["state"] == "held")
        path.write_bytes(photo())
        held = Arrival.name == "a.jpg"
        with factory.engine.begin() as connection:
            connection.execute(update(Arrival).where(held).values(settled_at=None))
        until(lambda: factory.arrival("a.jpg")["state"] == "filed")


def test_what_has_left_and_is_asked_for_again_comes_to_its_end(factory: Factory) -> None:
    path = factory.drop("pixel-7/a.jpg")
    os.truncate(path, 2 << 30)
    with running(factory, SCAN_INTERVAL=3600, WATCHER="off", STABILITY_DELAY=0):
        until(lambda: factory.arrival("a.jpg")["state"] == "held")
        path.unlink()
        with factory.engine.begin() as connection:
            connection.execute(update(Arrival).values(settled_at=None))
        until(lambda: factory.arrival("a.jpg")["state"] == "ignored")
