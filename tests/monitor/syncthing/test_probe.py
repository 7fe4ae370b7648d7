"""The probe: what is red, what is yellow, and what is no fault; breakers that come and go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.monitor.syncthing import examination
from photo_factory.monitor.syncthing.probe import Probe
from photo_factory.shared import breakers
from photo_factory.shared.ledger import database
from photo_factory.shared.paths import Paths
from tests.factory import Factory
from tests.monitor.syncthing.pretender import KEY, Pretender, configured_folder, folder_status

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PIXEL = "inbox/pixel-7"


class Rounds:
    """A probe that looks at a pretender, round after round."""

    def __init__(self, factory: Factory, engine: Engine, pretender: Pretender) -> None:
        self.factory = factory
        self.engine = engine
        self.pretender = pretender
        self.probe = Probe()

    def look(self, **changes: Any) -> Reading:
        """One round, with these settings."""
        given = {
            "SYNCTHING_URL": self.pretender.url,
            "SYNCTHING_API_KEY": KEY,
            "SYNCTHING_INBOX": "/inbox",
            **changes,
        }
        settings = self.factory.settings(**given)
        return self.probe(Watch(settings, Paths.of(settings), self.engine))

    def tripped(self) -> dict[str, str]:
        return breakers.tripped(self.engine)


@pytest.fixture
def rounds(factory: Factory, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    monkeypatch.setattr(examination.clock, "now", lambda: NOW)
    with Pretender().running() as pretender:
        yield Rounds(factory, engine, pretender)


@pytest.fixture
def quick(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    """The same where the kind of database has no part in it."""
    monkeypatch.setattr(examination.clock, "now", lambda: NOW)
    with Pretender().running() as pretender:
        yield Rounds(factory, factory.engine, pretender)


def test_it_is_well_with_a_right_set_up_and_its_traces(quick: Rounds) -> None:
    found = quick.look()
    assert (found.status, found.message) == ("OK", None)
    assert found.task == "Syncthing v1.19.2, folders: 1, devices: 1"
    assert set(found.details) == {"version", "folders", "devices", "doctor", "judged"}
    assert found.details["judged"] == {"at": NOW.isoformat(), "mode": "move"}
    assert found.details["doctor"][0]["verdict"] == "OK"


def test_it_says_how_to_set_it_up(quick: Rounds) -> None:
    found = quick.look(SYNCTHING_URL="")
    assert (found.status, found.task) == ("OK", "not set up")
    assert "SYNCTHING_URL" in (found.message or "")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"SYNCTHING_API_KEY": None}, "SYNCTHING_API_KEY is not set"),
        ({"SYNCTHING_API_KEY": "wrong"}, "refuses SYNCTHING_API_KEY"),
        ({"SYNCTHING_URL": "http://127.0.0.1:1"}, "does not answer"),
    ],
)
def test_it_is_red_when_it_cannot_ask(quick: Rounds, changes: Any, text: str) -> None:
    found = quick.look(**changes)
    assert (found.status, found.details["judged"]) == ("ERROR", None)
    assert text in (found.message or "")
    assert KEY not in (found.message or "")


@pytest.mark.parametrize(
    ("status", "errors", "word", "text"),
    [
        ({"state": "error", "error": "folder marker missing"}, [], "ERROR", "marker missing"),
        ({"state": "idle", "errors": 3, "pullErrors": 3}, ["no space left on device"], "ERROR",
         "3 files fail (a.jpg: no space left on device)"),
        ({"pullErrors": 1}, ["peers who had this file went away"], "WARNING", "1 files fail"),
        ({"pullErrors": 1}, [], "WARNING", "does not say why"),
        ({"state": "syncing", "needFiles": 9}, [], "OK", ""),
        ({"receiveOnlyChangedDeletes": 5000, "localDeleted": 5000}, [], "OK", ""),
    ],
    ids=["stopped", "full", "failing", "silent", "syncing", "emptied"],
)  # fmt: skip
def test_it_reads_errors_and_not_the_state(
    quick: Rounds, status: Any, errors: list[str], word: str, text: str
) -> None:
    quick.pretender.said["db/status"] = folder_status("v1.29.5", **status)
    listed = [{"path": "a.jpg", "error": error} for error in errors]
    quick.pretender.said["folder/errors"] = {"errors": listed or None}
    found = quick.look()
    assert found.status == word
    assert text in (found.message or "")


def test_it_warns_of_files_that_are_missing_for_long(
    quick: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later(hours: float) -> Reading:
        monkeypatch.setattr(examination.clock, "now", lambda: NOW + timedelta(hours=hours))
        return quick.look(BACKLOG_WARNING=24, SILENT_PHONE_DAYS=0)

    quick.pretender.said["db/status"] = folder_status("v1.29.5", needFiles=9)
    assert [later(hours).status for hours in (0, 23.9, 24)] == ["OK", "OK", "WARNING"]
    assert "waited for 9 files since 2026-11-21 10:00" in (later(25).message or "")
    quick.pretender.said["db/status"] = folder_status("v1.29.5")
    assert later(26).status == "OK"
    quick.pretender.said["db/status"] = folder_status("v1.29.5", needFiles=1)
    assert later(27).status == "OK"


@pytest.mark.parametrize(
    ("days", "connected", "limit", "word"),
    [(10, False, 9, "WARNING"), (8, False, 9, "OK"), (10, True, 9, "OK"), (10, False, 0, "OK")],
)
def test_it_warns_of_a_phone_that_was_away_for_long(
    quick: Rounds, days: int, connected: bool, limit: int, word: str
) -> None:
    phone = quick.pretender.said["config/devices"][1]["deviceID"]
    seen = (NOW - timedelta(days=days, hours=1)).isoformat()
    quick.pretender.said["stats/device"] = {phone: {"lastSeen": seen}}
    quick.pretender.said["system/connections"] = {"connections": {phone: {"connected": connected}}}
    found = quick.look(SILENT_PHONE_DAYS=limit)
    assert found.status == word
    assert ("p7 was last connected 10 days ago" in (found.message or "")) == (word == "WARNING")


def test_it_trips_and_resets_the_breaker_of_the_folder(rounds: Rounds) -> None:
    rounds.pretender.folder["type"] = "sendreceive"
    found = rounds.look()
    assert (found.status, set(rounds.tripped())) == ("ERROR", {PIXEL})
    assert "Receive Only" in rounds.tripped()[PIXEL]
    assert "SYNCTHING_OVERRIDE=pixel-7" in rounds.tripped()[PIXEL]
    rounds.look()
    rounds.pretender.folder["type"] = "receiveonly"
    assert rounds.look().status == "OK"
    assert rounds.tripped() == {}


def test_it_trips_the_whole_inbox_for_a_folder_that_holds_it(quick: Rounds) -> None:
    quick.pretender.folder.update(type="sendreceive", path="/inbox")
    quick.look()
    assert set(quick.tripped()) == {"inbox/"}
    assert "SYNCTHING_OVERRIDE=*" in quick.tripped()["inbox/"]


def test_it_keeps_the_breaker_while_one_of_two_folders_is_dangerous(quick: Rounds) -> None:
    other = configured_folder("v1.29.5", "/inbox/pixel-7/b", id="b", label="b", type="sendreceive")
    quick.pretender.said["config/folders"].append(other)
    quick.look()
    assert "'b' is Send & Receive" in quick.tripped()[PIXEL]


@pytest.mark.parametrize("changes", [{"INBOX_MODE": "keep"}, {"SYNCTHING_OVERRIDE": "pixel-7"},
                                     {"SYNCTHING_OVERRIDE": "*"}])  # fmt: skip
def test_it_resets_what_does_not_matter_any_more(quick: Rounds, changes: Any) -> None:
    quick.pretender.folder["type"] = "sendreceive"
    quick.look()
    found = quick.look(**changes)
    assert quick.tripped() == {}
    assert found.status == ("OK" if "INBOX_MODE" in changes else "WARNING")
    assert found.details["judged"]["mode"] == changes.get("INBOX_MODE", "move")


def test_it_tells_the_newest_reason(quick: Rounds) -> None:
    quick.pretender.folder["type"] = "sendreceive"
    quick.look()
    quick.pretender.folder["type"] = "sendonly"
    quick.look()
    assert "nothing arrives" in quick.tripped()[PIXEL]


def test_it_leaves_other_breakers_alone(quick: Rounds) -> None:
    with quick.engine.begin() as connection:
        breakers.trip(connection, breakers.ARCHIVE, "the archive is empty")
        breakers.trip(connection, "inbox/anna", "a person said so")
        breakers.trip(connection, PIXEL, "a person said so, too")
    quick.pretender.folder["type"] = "sendreceive"
    quick.look()
    quick.pretender.folder["type"] = "receiveonly"
    quick.look()
    assert set(quick.tripped()) == {breakers.ARCHIVE, "inbox/anna", PIXEL}


@pytest.mark.parametrize("how", ["away", "lost"])
def test_it_resets_nothing_while_it_cannot_see(quick: Rounds, how: str) -> None:
    quick.pretender.folder["type"] = "sendreceive"
    quick.look()
    if how == "away":
        found = quick.look(SYNCTHING_URL="http://127.0.0.1:1")
    else:
        quick.pretender.folder["path"] = "/elsewhere"
        found = quick.look()
        assert (found.status, "SYNCTHING_INBOX" in (found.message or "")) == ("WARNING", True)
    assert set(quick.tripped()) == {PIXEL}
    assert found.details["judged"] is None


def test_it_says_that_the_librarian_could_not_be_told(quick: Rounds) -> None:
    quick.pretender.folder["type"] = "sendreceive"
    quick.engine = database.connect("postgresql://photo@127.0.0.1:1/none")
    found = quick.look()
    assert (found.status, found.details["judged"]) == ("ERROR", None)
    assert "the Librarian could not be told" in (found.message or "")
    assert found.details["doctor"][0]["verdict"] == "ERROR"


def test_a_ledger_that_is_away_makes_no_alarm_of_a_syncthing_that_is_well(quick: Rounds) -> None:
    quick.engine = database.connect("postgresql://photo@127.0.0.1:1/none")
    found = quick.look()
    assert (found.status, found.details["judged"]) == ("OK", None)
    assert "the Librarian could not be told" in (found.message or "")
