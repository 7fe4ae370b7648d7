"""What people are told of a service: how it is now, and what to do, in one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from photo_factory.monitor.alerts import Subject
from photo_factory.monitor.subjects import Starts, of_breakers, of_services
from photo_factory.shared.heartbeat_service import Light

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def told(**changes: Any) -> Subject:
    """What is told of a geocode whose light is so."""
    given = {
        "name": "geocode", "state": "OK", "current_task": "waiting", "message": None,
        "last_heartbeat": NOON, "expected_every": 60, "started_at": NOON, "restarts": 0,
        "instances": 1, "is_probe": False, **changes,
    }  # fmt: skip
    return of_services([Light(**given)], Starts(), NOON)["geocode"]


def test_what_fell_silent_says_nothing_any_more_of_what_it_said_last() -> None:
    silent = told(state="SILENT", instances=0, message="no room on the disk")
    assert silent.state == "SILENT"
    assert str(silent.message).startswith("no sign of life since 12:00 UTC")
    assert "docker compose up -d" in str(silent.message)
    assert "no room" not in str(silent.message)


def test_who_was_stopped_rests_and_is_not_missed() -> None:
    stopped = told(state="SILENT", instances=0, current_task="stopped")
    assert stopped.state == "STOPPED"
    assert str(stopped.message).startswith("it was stopped at 12:00 UTC and rests until somebody")
    last = told(state="SILENT", instances=0, current_task="stopped", message="no room")
    assert str(last.message).endswith("its last word: no room")


def test_who_says_good_bye_is_well_until_it_is_missed() -> None:
    assert told(current_task="stopped", instances=0).state == "OK"


def test_a_service_that_is_ill_is_told_in_its_own_words() -> None:
    assert told(state="ERROR", message="no room") == Subject("ERROR", "no room")


def test_a_probe_is_not_told_by_its_light() -> None:
    light = Light("clock", "ERROR", "", None, NOON, 60, NOON, 0, 1, is_probe=True)
    assert of_services([light], Starts(), NOON) == {}


def test_what_is_started_again_and_again_is_told() -> None:
    starts = Starts()
    for minute in range(4):
        at = NOON + timedelta(minutes=minute)
        light = Light("geocode", "OK", "", None, at, 60, at, 0, 1, is_probe=False)
        found = of_services([light], starts, at)["geocode"]
    assert found.state == "WARNING"
    assert "started 4 times within 15 minutes" in str(found.message)
    assert "docker compose logs geocode" in str(found.message)


def test_several_processes_of_one_service_were_not_started_again_and_again() -> None:
    starts = Starts()
    for second in range(40):
        at = NOON + timedelta(seconds=second)
        started = NOON - timedelta(seconds=second % 4)  # now this one speaks, now that one
        light = Light("face", "OK", "", None, at, 60, started, 0, 4, is_probe=False)
        assert of_services([light], starts, at)["face"] == Subject("OK")


def test_what_stood_still_and_goes_on_is_well_again() -> None:
    known = ["breaker archive", "librarian"]
    assert of_breakers({}, known) == {"breaker archive": Subject("OK")}
    stands = of_breakers({"archive": "not mounted"}, known)
    assert stands == {"breaker archive": Subject("ERROR", "not mounted")}
