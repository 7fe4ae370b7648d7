"""Heartbeats: few writes, none lost while the database is away, and silence is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, Row, select
from sqlalchemy.exc import DBAPIError

from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.heartbeat_service import Heartbeat, state_of
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


def test_it_tells_a_new_task_at_most_once_a_second(
    engine: Engine, heart: Heartbeat, watch: Stopwatch
) -> None:
    for tenth in range(25):
        watch.seconds = tenth / 10
        heart.beat(task=f"file {tenth}")
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
