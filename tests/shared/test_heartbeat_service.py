"""Heartbeats: few writes, none lost while the database is away, and silence is noticed."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Row, select
from sqlalchemy.exc import DBAPIError

from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.heartbeat_service import (
    STOPPED,
    Beat,
    Heartbeat,
    Light,
    Status,
    lights,
    state_of,
    write_beats,
)
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import SystemStatus, SystemStatusHistory
from tests.parts import PostgreSQL

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Stopwatch:
    """A monotonic clock that stands still unless told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def heart(engine: Engine, watch: Stopwatch) -> Heartbeat:
    return Heartbeat(engine, "librarian", 10, monotonic=watch)


def _history(engine: Engine) -> list[Row[tuple[str, str]]]:
    asked = select(SystemStatusHistory.status, SystemStatusHistory.current_task)
    with database.reading(engine) as connection:
        return list(connection.execute(asked.order_by(SystemStatusHistory.id)))


def _status(engine: Engine) -> Row[tuple[object, ...]]:
    with database.reading(engine) as connection:
        return connection.execute(select(SystemStatus.__table__)).one()


def test_it_writes_the_first_beat_at_once(engine: Engine, heart: Heartbeat) -> None:
    heart.beat(task="listing the inbox")
    row = _status(engine)
    assert (row.service_name, row.status, row.current_task, row.expected_every, row.restarts) == (
        "librarian", "OK", "listing the inbox", 10, 0,
    )  # fmt: skip
    assert state_of(row, row.last_heartbeat) == "OK"


def test_it_writes_no_more_than_is_due(engine: Engine, heart: Heartbeat, watch: Stopwatch) -> None:
    for second in range(25):
        watch.seconds = second
        heart.beat(task="idle")
    assert len(_history(engine)) == 3


def test_it_tells_a_new_status_at_once(engine: Engine, heart: Heartbeat) -> None:
    heart.beat(task="idle")
    heart.beat("WARNING", "idle", "the disk is nearly full")
    heart.beat("WARNING", "idle", "the disk is nearly full")
    assert _history(engine) == [("OK", "idle"), ("WARNING", "idle")]
    assert _status(engine).message == "the disk is nearly full"


def test_it_tells_a_new_task_at_most_every_ten_seconds(engine: Engine, watch: Stopwatch) -> None:
    """A row each second of all that is worked on would be most of the ledger after a while."""
    heart = Heartbeat(engine, "librarian", 60, monotonic=watch)
    for second in range(25):
        watch.seconds = second
        heart.beat(task=f"file {second}")
    assert [task for _, task in _history(engine)] == ["file 0", "file 10", "file 20"]


def test_it_keeps_one_row_a_service(engine: Engine) -> None:
    for name in ("librarian", "thumbnail", "librarian"):
        Heartbeat(engine, name, 10, restarts=2).beat()
    with database.reading(engine) as connection:
        rows = connection.execute(select(SystemStatus.service_name, SystemStatus.restarts))
        assert sorted(rows) == [("librarian", 2), ("thumbnail", 2)]


@pytest.fixture
def cut(heart: Heartbeat) -> Iterator[list[int]]:
    """While the list says [1], the heart's database cannot be reached; attempts are appended."""
    real = heart._engine
    state = [0]

    def engine() -> Engine:
        if state[0]:
            state.append(1)
            raise LedgerAway("cut")
        return real()

    heart._engine = engine  # type: ignore[method-assign]
    yield state
    state[0] = 0


def test_it_writes_the_beats_of_an_absence_in_order(
    engine: Engine, heart: Heartbeat, watch: Stopwatch, cut: list[int]
) -> None:
    cut[0] = 1
    for turn in range(3):
        watch.seconds = turn * 10
        heart.beat(task=f"turn {turn}")
    assert heart.waiting == 3
    cut[0] = 0
    watch.seconds = 30
    heart.beat(task="back")
    assert [task for _, task in _history(engine)] == ["turn 0", "turn 1", "turn 2", "back"]
    assert (_status(engine).current_task, heart.waiting) == ("back", 0)


def test_it_asks_an_absent_database_only_once_per_expected_beat(
    heart: Heartbeat, watch: Stopwatch, cut: list[int]
) -> None:
    cut[0] = 1
    for second in range(20):
        watch.seconds = second
        heart.beat(task=f"file {second}")
    assert len(cut) - 1 == 2


def test_it_forgets_the_oldest_beats_of_a_long_absence(
    engine: Engine, heart: Heartbeat, watch: Stopwatch, cut: list[int]
) -> None:
    cut[0] = 1
    for turn in range(300):
        watch.seconds = turn * 10
        heart.beat(task=f"turn {turn}")
    cut[0] = 0
    watch.seconds = 3000
    heart.beat(task="back")
    tasks = [task for _, task in _history(engine)]
    assert (len(tasks), tasks[0], tasks[-1]) == (256, "turn 45", "back")


def test_it_lives_through_a_restart_of_the_server(postgres: PostgreSQL) -> None:
    url = postgres.create_database("restarted")
    engine = database.connect(url)
    database.migrate(engine)
    heart = Heartbeat(engine, "librarian", 0)
    heart.beat(task="before")
    postgres.stop()
    try:
        heart.beat(task="while it is down")
        assert heart.waiting == 1
    finally:
        postgres.start()
    heart.beat(task="after")
    assert [task for _, task in _history(engine)] == ["before", "while it is down", "after"]
    engine.dispose()


def test_it_does_not_hide_a_ledger_that_was_never_made(ledger_url: str) -> None:
    engine = database.connect(ledger_url)
    with pytest.raises(DBAPIError):
        Heartbeat(engine, "librarian", 10).beat()
    engine.dispose()


@dataclass
class Sign:
    status: str = "OK"
    last_heartbeat: datetime = NOON
    expected_every: int = 10


@pytest.mark.parametrize("status", ["OK", "WARNING", "ERROR"])
def test_it_believes_a_service_that_beats(status: str) -> None:
    assert state_of(Sign(status=status), NOON + timedelta(seconds=25)) == status


@pytest.mark.parametrize("status", ["OK", "WARNING", "ERROR"])
def test_it_calls_a_service_silent_after_two_missed_beats(status: str) -> None:
    assert state_of(Sign(status=status), NOON + timedelta(seconds=25, milliseconds=1)) == "SILENT"


def test_it_writes_the_last_beat_however_soon_it_comes(engine: Engine, heart: Heartbeat) -> None:
    heart.beat(task="listing the inbox")
    heart.last_beat("OK", "stopped")
    assert _status(engine).current_task == "stopped"


def a_beat(process: str, after: float = 0, status: Status = "OK", **more: Any) -> Beat:
    """A beat of one of the thumbnail's processes, so many seconds after noon."""
    given: dict[str, Any] = {
        "service_name": "thumbnail",
        "beat_at": NOON + timedelta(seconds=after),
        "status": status,
        "current_task": f"{process} works",
        "expected_every": 60,
        "started_at": NOON - timedelta(hours=2),
        "restarts": 0,
        "message": None,
        "instance": process,
    }
    return Beat(**{**given, **more})


def seen(engine: Engine, after: float, *beats: Beat) -> Mapping[str, Light]:
    """The lights so many seconds after noon, when these beats were written."""
    with engine.begin() as connection:
        write_beats(connection, beats)
    with database.reading(engine) as connection:
        return lights(connection, NOON + timedelta(seconds=after))


def test_the_worst_of_several_processes_speaks_for_them(engine: Engine) -> None:
    light = seen(
        engine, 30,
        a_beat("one", 0), a_beat("two", 5, "ERROR", message="no room"), a_beat("three", 10),
    )["thumbnail"]  # fmt: skip
    assert (light.state, light.message, light.instances) == ("ERROR", "no room", 3)
    assert light.current_task == "two works"


def test_a_process_is_as_its_own_last_beat_says(engine: Engine) -> None:
    light = seen(engine, 30, a_beat("one", 0, "ERROR"), a_beat("two", 5), a_beat("one", 10))
    assert (light["thumbnail"].state, light["thumbnail"].instances) == ("OK", 2)


def test_a_process_that_was_stopped_does_not_count(engine: Engine) -> None:
    stopped = a_beat("two", 5, "ERROR", current_task=STOPPED)
    light = seen(engine, 300, a_beat("one", 0), stopped, a_beat("one", 290))["thumbnail"]
    assert (light.state, light.instances, light.message) == ("OK", 1, None)


def test_it_tells_that_one_of_several_processes_fell_silent(engine: Engine) -> None:
    told = seen(engine, 300, a_beat("one", 0), a_beat("two", 5), a_beat("one", 290))["thumbnail"]
    assert (told.state, told.instances) == ("OK", 1)
    assert told.message == "1 of 2 processes fell silent at 12:00 UTC"


def test_it_tells_of_the_fallen_beside_what_the_others_say(engine: Engine) -> None:
    later = a_beat("one", 290, "WARNING", message="the provider rests")
    told = seen(engine, 300, a_beat("two", 61), a_beat("three", 0), later)["thumbnail"]
    assert told.state == "WARNING"
    assert told.message == "2 of 3 processes fell silent at 12:01 UTC; the provider rests"


def test_it_forgets_the_fallen_after_an_hour(engine: Engine) -> None:
    hour = 3600
    told = seen(engine, hour + 10, a_beat("two", 5), a_beat("one", hour))["thumbnail"]
    assert (told.state, told.message) == ("OK", None)


def test_a_process_that_was_started_again_is_not_missed(engine: Engine) -> None:
    successor = a_beat("two", 290, started_at=NOON + timedelta(seconds=10))
    told = seen(engine, 300, a_beat("one", 5), successor)["thumbnail"]
    assert (told.state, told.instances, told.message) == ("OK", 1, None)


def test_one_successor_takes_the_place_of_one_only(engine: Engine) -> None:
    successor = a_beat("three", 290, started_at=NOON + timedelta(seconds=10))
    told = seen(engine, 300, a_beat("one", 4), a_beat("two", 5), successor)["thumbnail"]
    assert told.message == "1 of 2 processes fell silent at 12:00 UTC"


def test_a_service_is_silent_when_all_its_processes_are(engine: Engine) -> None:
    told = seen(engine, 126, a_beat("one", 0), a_beat("two", 0))["thumbnail"]
    assert (told.state, told.instances) == ("SILENT", 0)


def test_every_light_is_told_by_its_name(engine: Engine) -> None:
    probe = a_beat("monitor", service_name="clock", is_probe=True, details={"skew_s": 0.2})
    told = seen(engine, 10, a_beat("one"), probe, a_beat("other", service_name="face"))
    assert {name: light.is_probe for name, light in told.items()} == {
        "thumbnail": False, "clock": True, "face": False,
    }  # fmt: skip
    assert told["clock"].details == {"skew_s": 0.2}


def test_it_keeps_what_a_probe_measured_with_its_last_beat_only(
    engine: Engine, watch: Stopwatch
) -> None:
    probe = Heartbeat(engine, "clock", 10, is_probe=True, monotonic=watch)
    probe.beat(task="0.1 s apart", details={"skew_s": 0.1})
    probe.beat(task="0.1 s apart", details={"skew_s": 0.3})
    assert len(_history(engine)) == 1  # a figure alone is no news
    watch.seconds = 10
    probe.beat(task="0.1 s apart", details={"skew_s": 0.4})
    with database.reading(engine) as connection:
        row = connection.execute(select(SystemStatus.is_probe, SystemStatus.details)).one()
    assert row == (True, {"skew_s": 0.4})


def test_a_service_is_no_probe(engine: Engine, heart: Heartbeat) -> None:
    heart.beat()
    with database.reading(engine) as connection:
        assert connection.scalar(select(SystemStatus.is_probe)) is False


def test_it_says_which_process_beats(engine: Engine, heart: Heartbeat) -> None:
    heart.beat()
    mine = f"{socket.gethostname()}:{os.getpid()}"
    with database.reading(engine) as connection:
        assert connection.scalar(select(SystemStatus.instance)) == mine
        assert connection.scalar(select(SystemStatusHistory.instance)) == mine


def test_the_gap_of_a_long_absence_is_seen_in_the_history(
    engine: Engine, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [NOON]
    monkeypatch.setattr("photo_factory.shared.clock.now", lambda: moment[0])
    ledger: list[Engine] = [engine]

    def reached() -> Engine:
        if not ledger:
            raise LedgerAway("cut")
        return ledger[0]

    heart = Heartbeat(reached, "librarian", 10, monotonic=watch)
    heart.beat()
    ledger.clear()
    for turn in range(1, 400):  # more than an hour: most of it is kept, not all
        watch.seconds, moment[0] = turn * 10, NOON + timedelta(seconds=turn * 10)
        heart.beat()
    ledger.append(engine)
    watch.seconds, moment[0] = 4010, NOON + timedelta(seconds=4010)
    heart.beat()
    query = select(SystemStatusHistory.beat_at).order_by(SystemStatusHistory.beat_at)
    with database.reading(engine) as connection:
        beats = connection.scalars(query).all()
    gaps = [(later - one).total_seconds() for one, later in itertools.pairwise(beats)]
    assert (len(beats), gaps[0], set(gaps[1:-1])) == (257, 1450, {10})


def test_of_two_that_are_equally_well_the_newest_speaks(engine: Engine) -> None:
    """One that died a moment ago counts as alive until its beat is due."""
    for number, instance in enumerate(("nas:1", "nas:2")):
        beat = Beat(
            service_name="librarian", beat_at=NOON + timedelta(seconds=number), status="OK",
            current_task=f"as {instance}", expected_every=60, started_at=NOON, restarts=number,
            message=None, instance=instance,
        )  # fmt: skip
        with engine.begin() as connection:
            write_beats(connection, [beat])
    with database.reading(engine) as connection:
        found = lights(connection, NOON + timedelta(seconds=2))["librarian"]
    assert (found.current_task, found.restarts) == ("as nas:2", 1)
