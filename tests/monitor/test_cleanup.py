"""Old history is thinned to one beat an hour, the worst one, and removed when it is older still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select

from photo_factory.monitor.cleanup import Cleaned, cleanup
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import SystemStatusHistory
from photo_factory.shared.settings import Settings

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SETTINGS = Settings(_env_file=None, HISTORY_DAYS=10, HISTORY_HOURLY_DAYS=20)  # type: ignore[call-arg]


def _fill(engine: Engine, days: int, every: timedelta, **changes: Any) -> int:
    moments = []
    at = NOW - timedelta(days=days)
    while at < NOW:
        moments.append(at)
        at += every
    rows = [
        {
            "service_name": "librarian", "beat_at": at, "status": "OK", "current_task": "",
            "expected_every": 60, "started_at": NOW, "restarts": 0, **changes,
        }
        for at in moments
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(SystemStatusHistory), rows)
    return len(rows)


def _count(engine: Engine, *conditions: Any) -> int:
    with database.reading(engine) as connection:
        query = select(func.count()).select_from(SystemStatusHistory).where(*conditions)
        return connection.scalar(query) or 0


def test_what_is_young_stays_whole(engine: Engine) -> None:
    count = _fill(engine, 9, timedelta(minutes=10))
    assert cleanup(engine, SETTINGS, NOW) == Cleaned()
    assert _count(engine) == count


def test_what_is_old_is_thinned_to_one_an_hour_of_each_service(engine: Engine) -> None:
    for name in ("librarian", "geocode"):
        _fill(engine, 15, timedelta(minutes=10), service_name=name)
    cleaned = cleanup(engine, SETTINGS, NOW)
    old = SystemStatusHistory.beat_at < NOW - timedelta(days=10)
    assert _count(engine, old) == 2 * 5 * 24
    assert cleaned.thinned == 2 * 5 * 24 * 5
    assert _count(engine, ~old) == 2 * 10 * 24 * 6


def test_no_error_is_thinned_away(engine: Engine) -> None:
    _fill(engine, 15, timedelta(minutes=10))
    moment = NOW - timedelta(days=12, minutes=35)
    _fill_one = {"status": "ERROR", "message": "it burns"}
    with engine.begin() as connection:
        row = {
            "service_name": "librarian", "beat_at": moment, "current_task": "",
            "expected_every": 60, "started_at": NOW, "restarts": 0, **_fill_one,
        }  # fmt: skip
        connection.execute(insert(SystemStatusHistory), [row])
    cleanup(engine, SETTINGS, NOW)
    assert _count(engine, SystemStatusHistory.status == "ERROR") == 1


def test_what_is_very_old_is_removed(engine: Engine) -> None:
    _fill(engine, 30, timedelta(hours=1))
    cleaned = cleanup(engine, SETTINGS, NOW)
    assert cleaned == Cleaned(thinned=0, removed=10 * 24)
    assert _count(engine) == 20 * 24


def test_a_second_time_there_is_nothing_to_do(engine: Engine) -> None:
    _fill(engine, 30, timedelta(minutes=30))
    cleanup(engine, SETTINGS, NOW)
    assert cleanup(engine, SETTINGS, NOW) == Cleaned()


def test_a_dry_run_removes_nothing_and_tells_the_same(engine: Engine) -> None:
    count = _fill(engine, 30, timedelta(minutes=30))
    told = cleanup(engine, SETTINGS, NOW, dry_run=True)
    assert _count(engine) == count
    assert cleanup(engine, SETTINGS, NOW) == told


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_it_tells_how_far_it_is(engine: Engine) -> None:
    _fill(engine, 12, timedelta(hours=1))
    told: list[tuple[int, int]] = []
    cleanup(engine, SETTINGS, NOW, told=lambda done, total: told.append((done, total)))
    assert told == [(number, 8) for number in range(1, 9)]
