"""What Syncthing's doctor forbids, the Librarian does not empty; what is mended, it files."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from photo_factory.librarian import filer, holds
from photo_factory.librarian.holds import WAITING
from photo_factory.librarian.records import Records
from photo_factory.shared import breakers, clock
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.heartbeat_service import Heartbeat
from tests.factory import Factory, photo
from tests.librarian.test_service import running, until

URL = "http://127.0.0.1:8384"
RED = "emptying it would delete the photos on pixel-7"


@pytest.fixture(autouse=True)
def asks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "_ASK_EVERY", 0.0)


def trip(engine: Engine, folder: str, reason: str = RED) -> None:
    with engine.begin() as connection:
        breakers.trip(connection, breakers.inbox_breaker(folder), reason)


def reset(engine: Engine, folder: str) -> None:
    with engine.begin() as connection:
        breakers.reset(connection, breakers.inbox_breaker(folder))


def judge(engine: Engine, mode: str = "move", ago: timedelta = timedelta(0)) -> None:
    """What the probe says when it has looked at Syncthing's folders."""
    judged = {"at": (clock.now() - ago).isoformat(), "mode": mode}
    probe = Heartbeat(engine, "syncthing", 300, is_probe=True)
    probe.beat("OK", "looked", None, {"doctor": [], "judged": judged})


@contextmanager
def ledger_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def gone(_records: Records) -> Engine:
        raise LedgerAway("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(Records, "ready", gone)
        yield


def test_it_holds_a_tripped_folder_and_files_the_others(factory: Factory, engine: Engine) -> None:
    trip(engine, "pixel-7")
    factory.drop("pixel-7/a.jpg")
    factory.drop("pixel-7/2023/b.jpg")
    factory.drop("pixel-70/c.jpg")
    factory.drop("d.jpg")
    summary = factory.ingest()
    assert (summary.held, summary.filed) == (2, 2)
    assert factory.inbox() == ["pixel-7/2023/b.jpg", "pixel-7/a.jpg"]
    assert {(row["state"], row["reason"]) for row in factory.arrivals()[:2]} == {("held", RED)}


def test_it_holds_everything_when_the_whole_inbox_is_tripped(
    factory: Factory, engine: Engine
) -> None:
    trip(engine, "")
    factory.drop("pixel-7/a.jpg")
    factory.drop("b.jpg")
    assert factory.ingest().held == 2
    assert factory.archived() == []


def test_it_files_what_was_held_when_the_breaker_is_gone(factory: Factory, engine: Engine) -> None:
    content = photo()
    trip(engine, "pixel-7")
    factory.drop("pixel-7/a.jpg", content)
    factory.ingest()
    reset(engine, "pixel-7")
    assert factory.ingest().filed == 1
    assert factory.on_disk(factory.asset("a.jpg")).read_bytes() == content
    assert [row["state"] for row in factory.arrivals()] == ["filed"]
    assert factory.account()["held"]["arrivals"] == 0


def test_it_holds_nothing_where_the_inbox_is_kept(factory: Factory, engine: Engine) -> None:
    trip(engine, "pixel-7")
    factory.drop("pixel-7/a.jpg")
    assert factory.ingest(INBOX_MODE="keep", SYNCTHING_URL=URL).filed == 1
    assert factory.inbox() == ["pixel-7/a.jpg"]


@pytest.mark.parametrize("names", ["pixel-7", "anna, pixel-7 ,", "*"])
def test_it_empties_what_a_person_overrides(factory: Factory, engine: Engine, names: str) -> None:
    trip(engine, "pixel-7")
    factory.drop("pixel-7/a.jpg")
    assert factory.ingest(SYNCTHING_OVERRIDE=names, SYNCTHING_URL=URL).filed == 1


def test_it_holds_a_tripped_folder_that_is_named_as_a_collection(
    factory: Factory, engine: Engine
) -> None:
    trip(engine, "pixel-7")
    factory.drop("pixel-7/a.jpg")
    factory.drop("anna/b.jpg")
    other = factory.home / "Pictures"
    other.mkdir()
    (other / "c.jpg").write_bytes(photo())
    link = factory.home / "link"
    link.symlink_to(factory.paths.inbox / "pixel-7")
    assert factory.ingest(factory.paths.inbox / "pixel-7").held == 1
    assert factory.ingest(link).filed == 0
    assert factory.ingest(factory.paths.inbox / "anna", other).filed == 2
    assert factory.inbox() == ["pixel-7/a.jpg"]


def test_it_holds_what_was_being_read_when_the_breaker_tripped(
    factory: Factory, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = filer.Filer.begin

    def begun(self: filer.Filer, batch: Any) -> None:
        begin(self, batch)
        trip(engine, "pixel-7")

    monkeypatch.setattr(filer.Filer, "begin", begun)
    factory.drop("pixel-7/a.jpg")
    assert factory.ingest().held == 1
    assert (factory.archived(), factory.inbox()) == ([], ["pixel-7/a.jpg"])


def test_it_remembers_the_breakers_while_the_ledger_is_away_and_after_a_restart(
    factory: Factory, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip(engine, "pixel-7")
    factory.drop("anna/a.jpg")
    factory.ingest()
    factory.drop("pixel-7/b.jpg")
    factory.drop("anna/c.jpg")
    with ledger_away(monkeypatch):
        summary = factory.ingest()
    assert (summary.held, summary.filed) == (1, 1)
    assert factory.inbox() == ["pixel-7/b.jpg"]


def test_it_waits_for_the_first_look_of_the_doctor(factory: Factory, engine: Engine) -> None:
    factory.drop("pixel-7/a.jpg")
    assert factory.ingest(SYNCTHING_URL=URL).held == 1
    assert WAITING in factory.arrival("a.jpg")["reason"]
    assert factory.ingest(SYNCTHING_URL=URL).held == 1
    judge(engine)
    assert factory.ingest(SYNCTHING_URL=URL).filed == 1


def test_it_remembers_when_the_ledger_is_made_anew(
    factory: Factory, engine: Engine, tmp_path: Path
) -> None:
    judge(engine)
    trip(engine, "pixel-7")
    factory.drop("pixel-7/a.jpg")
    assert factory.ingest(SYNCTHING_URL=URL).held == 1
    anew = {"DATABASE_URL": f"sqlite:///{tmp_path / 'anew.sqlite3'}", "SYNCTHING_URL": URL}
    assert factory.ingest(**anew).held == 1
    assert factory.inbox() == ["pixel-7/a.jpg"]


def test_it_files_at_once_when_the_folder_was_red_at_first_and_is_mended(
    factory: Factory, engine: Engine
) -> None:
    trip(engine, "pixel-7")
    factory.drop("pixel-7/a.jpg")
    assert factory.ingest(SYNCTHING_URL=URL).held == 1
    reset(engine, "pixel-7")
    judge(engine)
    assert factory.ingest(SYNCTHING_URL=URL).filed == 1


def test_it_waits_for_nobody_where_there_is_no_syncthing(embedded: Factory) -> None:
    embedded.drop("pixel-7/a.jpg")
    assert embedded.ingest().filed == 1


@pytest.mark.parametrize(
    ("mode", "ago"), [("keep", timedelta(0)), ("move", timedelta(hours=1))], ids=["mode", "age"]
)
def test_it_does_not_trust_a_look_at_another_mode_or_before_the_folder_was_met(
    factory: Factory, engine: Engine, mode: str, ago: timedelta
) -> None:
    judge(engine, mode, ago)
    factory.drop("pixel-7/a.jpg")
    assert factory.ingest(SYNCTHING_URL=URL).held == 1


def test_it_files_by_itself_when_the_doctor_has_looked(factory: Factory) -> None:
    factory.drop("pixel-7/a.jpg")
    with running(factory, STABILITY_DELAY=0, SCAN_INTERVAL=3600, SYNCTHING_URL=URL):
        until(lambda: WAITING in factory.status()["current_task"])
        until(lambda: factory.status()["status"] == "WARNING")
        judge(factory.engine)
        until(factory.assets)
        until(lambda: factory.status()["status"] == "OK")
        assert factory.status()["current_task"] == "waiting for photos"
        factory.drop("new/b.jpg")
        os.rename(factory.drop("pixel-7/.c.tmp"), factory.paths.inbox / "pixel-7" / "c.jpg")
        until(lambda: len(factory.assets()) == 2)
        until(lambda: factory.arrival("b.jpg")["state"] == "held")
        judge(factory.engine)
        until(lambda: len(factory.assets()) == 3)


def test_it_holds_and_lets_go_while_it_runs(factory: Factory) -> None:
    with running(factory, STABILITY_DELAY=0, SCAN_INTERVAL=3600) as stop:
        trip(factory.engine, "pixel-7")
        factory.drop("pixel-7/a.jpg")
        until(lambda: factory.arrival("a.jpg")["state"] == "held")
        until(lambda: RED in (factory.status()["message"] or ""))
        settled = factory.arrival("a.jpg")["settled_at"]
        stop.wait(1)
        assert factory.arrival("a.jpg")["settled_at"] == settled  # it does not try and try again
        reset(factory.engine, "pixel-7")
        until(factory.assets)
        until(lambda: factory.status()["status"] == "OK")


def test_it_knows_after_a_restart_what_the_doctor_has_looked_at(
    factory: Factory, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.drop("pixel-7/a.jpg")
    with running(factory, STABILITY_DELAY=0, SYNCTHING_URL=URL):
        until(lambda: factory.arrival("a.jpg")["state"] == "held")
        judge(engine)
        until(factory.assets)
    factory.drop("pixel-7/b.jpg")
    with ledger_away(monkeypatch):
        assert factory.ingest(SYNCTHING_URL=URL).filed == 1


def test_it_forgets_what_the_doctor_saw_when_the_inbox_is_kept(
    factory: Factory, engine: Engine
) -> None:
    memory = factory.paths.journal / "holds.json"
    trip(engine, "anna")
    factory.drop("pixel-7/a.jpg")
    factory.ingest()
    assert memory.exists()
    factory.ingest(INBOX_MODE="keep")
    assert not memory.exists()


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"tripped": 3, "judged": [], "met": {}}', b"\xff"]
)
def test_it_waits_again_when_its_memory_is_damaged(embedded: Factory, damage: bytes) -> None:
    embedded.drop("pixel-7/a.jpg")
    embedded.paths.journal.mkdir(parents=True)
    (embedded.paths.journal / "holds.json").write_bytes(damage)
    assert embedded.ingest(SYNCTHING_URL=URL).held == 1
    assert embedded.ingest().filed == 1


def test_it_loses_nothing_when_breakers_come_and_go_under_it(factory: Factory) -> None:
    photos = {f"pixel-7/{number}.jpg": photo() for number in range(150)}
    stop = threading.Event()

    def flap() -> None:
        while not stop.wait(0.02):
            trip(factory.engine, "pixel-7")
            stop.wait(0.02)
            reset(factory.engine, "pixel-7")

    with running(factory, STABILITY_DELAY=0, SCAN_INTERVAL=1):
        thread = threading.Thread(target=flap)
        thread.start()
        for name, content in photos.items():
            factory.drop(name, content)
        stop.wait(2)
        stop.set()
        thread.join()
        until(lambda: len(factory.assets()) == 150)
    assert (len(factory.archived()), factory.inbox()) == (150, [])
    assert factory.verify().all_is_well
