"""Alerts: on a change of state, once, not of what passes by itself, and never lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from photo_factory.monitor.alerts import Alerts, Subject, Way
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import Alert
from photo_factory.shared.settings import Settings

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def settings(**changes: Any) -> Settings:
    given = {"TIMEZONE": "UTC", "ALERT_AFTER": 120, **changes}
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


class Post:
    """Takes letters, or does not."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str]] = []
        self.trouble: str | None = None
        self.asked = 0

    def __call__(self, title: str, text: str) -> str | None:
        self.asked += 1
        if self.trouble is None:
            self.letters.append((title, text))
        return self.trouble


class Office:
    """An alerts desk whose clock the test turns."""

    def __init__(self, engine: Engine, book: Path, **changes: Any) -> None:
        self.engine, self.book, self.changes = engine, book, changes
        self.post, self.radio = Post(), Post()
        self.has_radio = False
        self.at = NOON
        self.restart()

    def restart(self) -> None:
        ways = [Way("1", "post", self.post), Way("2", "radio", self.radio)]
        self.alerts = Alerts(
            settings(**self.changes), self.book, self.engine, ways if self.has_radio else ways[:1]
        )

    def mend(self) -> None:
        """Somebody wrote another address in the place of the one that was set."""
        ways = [Way("2", "radio", self.radio)]
        self.alerts = Alerts(settings(**self.changes), self.book, self.engine, ways)

    def see(self, after: float = 0, **states: str) -> list[str]:
        """After so many seconds, this is how everything is; what was told."""
        self.at += timedelta(seconds=after)
        subjects = {name: Subject(state, f"{name} says so") for name, state in states.items()}
        return [f"{one.name} {one.state}" for one in self.alerts.tell(subjects, self.at)]


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    return Office(engine, tmp_path / "Monitor" / "alerts.json")


def rows(engine: Engine) -> list[Mapping[str, Any]]:
    with database.reading(engine) as connection:
        found = connection.execute(select(Alert.__table__).order_by(Alert.id))
        return [row._mapping for row in found]


def test_what_is_well_from_the_start_is_not_told(office: Office) -> None:
    assert office.see(librarian="OK") == []
    assert office.see(600, librarian="OK") == []


def test_a_new_state_is_told_once_it_has_lasted(office: Office) -> None:
    assert office.see(librarian="ERROR") == []
    assert office.see(60, librarian="ERROR") == []
    assert office.see(60, librarian="ERROR") == ["librarian ERROR"]
    assert office.see(600, librarian="ERROR") == []


def test_what_comes_and_goes_is_nobodys_business(office: Office) -> None:
    for _ in range(20):
        assert office.see(600, librarian="WARNING") == []
        assert office.see(30, librarian="OK") == []
    assert office.post.letters == []


def test_what_flaps_all_the_time_is_told_once(office: Office) -> None:
    told = [
        one
        for _ in range(40)
        for state in ("ERROR", "OK", "SILENT", "OK")
        for one in office.see(100, librarian=state)
    ]
    assert len(told) == 1
    office.see(100, librarian="OK")
    assert office.see(120, librarian="OK") == ["librarian OK"]


def test_one_ill_state_that_becomes_another_all_the_time_is_told(office: Office) -> None:
    told = [
        one
        for _ in range(40)
        for state in ("ERROR", "SILENT")
        for one in office.see(100, librarian=state)
    ]
    assert len(told) == 1


def test_an_address_that_is_dead_costs_the_others_nothing(office: Office) -> None:
    office.has_radio = True
    office.restart()
    office.radio.trouble = "radio did not take it"
    office.see(librarian="ERROR")
    assert office.see(120, librarian="ERROR") == ["librarian ERROR"]
    for _ in range(30):
        assert office.see(10, librarian="ERROR") == []
    assert len(office.post.letters) == 1
    assert office.alerts.problems == ["radio did not take it"]
    assert 3 <= office.radio.asked <= 5  # after 1, 2, 5 minutes, and not every ten seconds
    office.radio.trouble = None
    office.see(3600, librarian="ERROR")
    assert len(office.radio.letters) == 1 and office.alerts.problems == []
    assert len(rows(office.engine)) == 1


def test_recovery_is_told_too(office: Office) -> None:
    office.see(librarian="SILENT")
    office.see(120, librarian="SILENT")
    office.see(60, librarian="OK")
    assert office.see(120, librarian="OK") == ["librarian OK"]
    assert "well again (it was SILENT)" in office.post.letters[-1][1]


def test_what_happens_at_once_is_one_letter_the_worst_first(office: Office) -> None:
    states = {"backlog": "WARNING", "factory-db": "ERROR", "geocode": "SILENT"}
    office.see(**states)
    office.see(120, **states)
    ((title, text),) = office.post.letters
    assert title == "Photo Factory: factory-db is ERROR and 2 more"
    assert [line.split()[1] for line in text.splitlines()] == [
        "factory-db:",
        "geocode:",
        "backlog:",
    ]


def test_a_restart_tells_nothing_twice(office: Office) -> None:
    office.see(librarian="ERROR")
    office.see(120, librarian="ERROR")
    office.restart()
    assert office.see(600, librarian="ERROR") == []


def test_a_restart_does_not_begin_the_wait_anew(office: Office) -> None:
    office.see(librarian="ERROR")
    office.restart()
    assert office.see(120, librarian="ERROR") == ["librarian ERROR"]


def test_what_could_not_be_sent_is_sent_later(office: Office) -> None:
    office.post.trouble = "no network"
    office.see(librarian="ERROR")
    assert office.see(120, librarian="ERROR") == []
    office.restart()
    office.post.trouble = None
    assert office.see(60, librarian="ERROR") == ["librarian ERROR"]


def test_an_address_that_was_mended_gets_what_the_wrong_one_did_not_take(office: Office) -> None:
    office.post.trouble = "post did not take it"
    office.see(librarian="ERROR")
    assert office.see(120, librarian="ERROR") == []
    office.mend()
    assert office.see(60, librarian="ERROR") == ["librarian ERROR"]
    ((title, _text),) = office.radio.letters
    assert title == "Photo Factory: librarian is ERROR"
    assert office.see(60, librarian="ERROR") == []
    assert len(rows(office.engine)) == 1


def test_a_further_address_is_not_told_what_others_were_told(office: Office) -> None:
    office.see(librarian="ERROR")
    office.see(120, librarian="ERROR")
    office.has_radio = True
    office.restart()
    office.see(60, librarian="ERROR")
    assert office.radio.letters == []


def test_the_book_forgets_addresses_that_are_not_set_any_more(
    engine: Engine, tmp_path: Path
) -> None:
    office = Office(engine, tmp_path / "book", DIGEST_AT="12:00")
    office.see(librarian="OK")
    assert office.alerts.digest(lambda: "all is well", NOON)
    office.mend()
    office.see(librarian="OK")
    kept = json.loads(office.book.read_text())
    assert (list(kept["outboxes"]), kept["digests"]) == (["2"], {})


def test_quiet_hours_hold_back_what_is_not_urgent(engine: Engine, tmp_path: Path) -> None:
    office = Office(engine, tmp_path / "book", QUIET_HOURS="22:00-07:00")
    office.at = NOON.replace(hour=23)
    office.see(backlog="WARNING", librarian="ERROR")
    assert office.see(120, backlog="WARNING", librarian="ERROR") == ["librarian ERROR"]
    office.at = (NOON + DAY).replace(hour=6, minute=59)
    assert office.see(backlog="WARNING", librarian="ERROR") == []
    office.at = (NOON + DAY).replace(hour=7)
    assert office.see(backlog="WARNING", librarian="ERROR") == ["backlog WARNING"]


def test_quiet_hours_are_those_of_the_household(engine: Engine, tmp_path: Path) -> None:
    office = Office(engine, tmp_path / "b", QUIET_HOURS="12:00-14:00", TIMEZONE="Asia/Tokyo")
    office.see(backlog="WARNING")  # noon in UTC is nine in the evening there
    assert office.see(120, backlog="WARNING") == ["backlog WARNING"]


def test_the_ledger_keeps_what_was_told(office: Office) -> None:
    office.see(librarian="ERROR")
    office.see(120, librarian="ERROR")
    (row,) = rows(office.engine)
    assert (row["service_name"], row["status"], row["problem"]) == ("librarian", "ERROR", None)
    assert row["sent_at"] == NOON + timedelta(seconds=120)


def test_without_addresses_the_ledger_says_that_nobody_was_told(
    engine: Engine, tmp_path: Path
) -> None:
    alerts = Alerts(settings(ALERT_AFTER=0), tmp_path / "book", engine, [])
    alerts.tell({"librarian": Subject("ERROR", "it burns")}, NOON)
    (row,) = rows(engine)
    assert row["sent_at"] is None and "ALERT_URLS" in row["problem"]


def test_a_ledger_that_is_away_is_told_of_and_gets_its_rows_later(
    engine: Engine, tmp_path: Path
) -> None:
    nowhere = database.connect("postgresql://nobody@127.0.0.1:1/nothing")
    office = Office(nowhere, tmp_path / "book")
    office.see(**{"factory-db": "ERROR"})
    assert office.see(120, **{"factory-db": "ERROR"}) == ["factory-db ERROR"]
    office.engine = engine
    office.restart()
    office.see(10, **{"factory-db": "ERROR"})
    assert [row["service_name"] for row in rows(engine)] == ["factory-db"]


def test_a_book_that_is_damaged_is_begun_anew(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.see(librarian="OK")
    office.book.write_text("{ half")
    office.restart()
    assert "begin anew" in caplog.text
    office.see(librarian="ERROR")
    assert office.see(120, librarian="ERROR") == ["librarian ERROR"]
    assert json.loads(office.book.read_text())["subjects"]["librarian"]["told"] == "ERROR"


def test_a_digest_comes_once_a_day_at_its_time(engine: Engine, tmp_path: Path) -> None:
    office = Office(engine, tmp_path / "book", DIGEST_AT="08:00")
    sent = [
        f"{at:%d %H}"
        for hour in range(72)
        if office.alerts.digest(lambda: "all is well", at := NOON + timedelta(hours=hour))
    ]
    assert sent == ["22 08", "23 08", "24 08"]


def test_a_digest_that_was_not_sent_is_tried_again(engine: Engine, tmp_path: Path) -> None:
    office = Office(engine, tmp_path / "book", DIGEST_AT="12:00")
    office.post.trouble = "no network"
    assert not office.alerts.digest(lambda: "all is well", NOON)
    office.post.trouble = None
    assert office.alerts.digest(lambda: "all is well", NOON + timedelta(minutes=5))
