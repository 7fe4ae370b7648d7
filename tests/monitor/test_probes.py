"""The probes: each tells the truth of its one thing, in both ledgers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text, update

from photo_factory.monitor.probes import PROBES
from photo_factory.monitor.probes.devices import Devices
from photo_factory.monitor.probes.disks import forecast
from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import clock
from photo_factory.shared.heartbeat_service import Heartbeat
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import (
    Arrival,
    BackupCopy,
    MediaAsset,
    RestoreDrill,
    StageRun,
)
from tests.factory import Factory

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class House:
    """A factory that is watched."""

    def __init__(self, home: Path, engine: Engine) -> None:
        self.factory = Factory(home, engine.url.render_as_string(hide_password=False))
        self.engine = engine
        self.factory.paths.monitor.mkdir(parents=True)

    def watch(self, **changes: Any) -> Watch:
        return Watch(self.factory.settings(**changes), self.factory.paths, self.engine)

    def read(self, probe: str, **changes: Any) -> Reading:
        return PROBES[probe](self.watch(**changes))

    def file(self, *names: str) -> None:
        for name in names:
            self.factory.drop(name)
        self.factory.ingest()

    def change(self, statement: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(statement)

    def age(self, **by: float) -> None:
        """Everything was filed so long ago."""
        moment = clock.now() - timedelta(**by)
        self.change(update(MediaAsset).values(ingested_at=moment))
        self.change(update(Arrival).values(first_seen_at=moment))

    def beat(self, service: str, flag: str) -> None:
        Heartbeat(self.engine, service, 60).beat("OK", "working", None, {"flag": flag})


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path / "home", engine)
    yield one
    one.factory.close()


@pytest.mark.parametrize("name", sorted(PROBES))
def test_a_new_house_is_well(house: House, name: str) -> None:
    found = house.read(name)
    assert (found.status, name) == ("OK", name), found.message


def test_the_database_tells_its_size_and_how_quickly_it_answers(house: House) -> None:
    details = house.read("factory-db").details
    assert details["size_bytes"] > 10_000
    assert 0 < details["round_trip_ms"] < 60_000


def test_a_database_that_is_away_is_an_error_with_its_reason(house: House) -> None:
    away = database.connect("postgresql://nobody@127.0.0.1:1/nothing")
    found = PROBES["factory-db"](Watch(house.factory.settings(), house.factory.paths, away))
    assert found.status == "ERROR" and "refused" in str(found.message)


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
def test_a_transaction_that_never_ends_is_seen(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from photo_factory.monitor.probes import database as probe

    monkeypatch.setattr(probe, "_LONG", probe._LONG.replace("5 minutes", "0 minutes"))
    with house.engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        found = house.read("factory-db")
    assert found.status == "WARNING" and "have been open" in str(found.message)


def test_a_disk_that_becomes_full_is_told_in_two_steps(house: House) -> None:
    usage = os.statvfs(house.factory.paths.storage.parent)
    free = 100 * usage.f_bavail / usage.f_blocks
    if free > 99 or free < 1:
        pytest.skip("this disk is as good as empty or full")
    assert house.read("disk-storage", DISK_WARNING=str(free + 0.9)).status == "WARNING"
    assert house.read("disk-storage", DISK_WARNING="100").status == (
        "ERROR" if free < 33 else "WARNING"
    )


def test_a_folder_that_is_gone_is_an_error(house: House) -> None:
    house.factory.paths.inbox.rmdir()
    assert house.read("disk-inbox").status == "ERROR"


@pytest.mark.parametrize(
    ("first", "daily", "days", "expected"),
    [(200, -10, 5, 15), (150, -1, 50, 100), (150, 0, 5, None), (150, 3, 5, None),
     (150, -0.01, 5, None)],
)  # fmt: skip
def test_the_forecast_follows_the_line(
    first: float, daily: float, days: int, expected: int | None
) -> None:
    began = NOON - timedelta(days=days)
    series = [(began + timedelta(hours=h), first + daily * h / 24) for h in range(days * 24 + 1)]
    day = None if expected is None else (NOON + timedelta(days=expected)).date()
    assert forecast(series, NOON) == day


def test_no_forecast_is_made_of_an_hour() -> None:
    series = [(NOON, 100.0), (NOON + timedelta(hours=1), 50.0)]
    assert forecast(series, NOON) is None


def test_the_inbox_counts_photos_and_not_what_is_debris(house: House) -> None:
    for name in ("pixel-7/IMG_1.jpg", "pixel-7/.syncthing.IMG_2.jpg.tmp", "pixel-7/.stfolder/x"):
        house.factory.drop(name)
    found = house.read("inbox")
    assert found.details["files"] == 1 and found.details["oldest_at"]


def test_a_file_that_nobody_takes_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.factory.drop("pixel-7/IMG_1.jpg")
    later = clock.now().timestamp() + 25 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert house.read("inbox").status == "WARNING"
    assert house.read("inbox", INBOX_MODE="keep").status == "OK"


def test_a_queue_that_stands_still_is_told(house: House) -> None:
    house.file("a.jpg", "b.jpg")
    house.beat("thumbnail", "is_thumbnailed")
    assert house.read("backlog").details["is_thumbnailed"]["waiting"] == 2
    assert house.read("backlog").status == "OK"
    house.age(hours=25)
    found = house.read("backlog")
    assert found.status == "WARNING" and "is_thumbnailed waits since" in str(found.message)


def test_a_long_queue_that_is_worked_off_is_no_trouble(house: House) -> None:
    house.file("a.jpg", "b.jpg")
    house.beat("thumbnail", "is_thumbnailed")
    house.age(hours=25)
    done = {
        "asset_id": house.factory.assets()[0]["id"], "stage": "thumbnail", "tries_left": 4,
        "claims": 1, "not_before": clock.now(), "finished_at": clock.now(),
    }  # fmt: skip
    house.change(insert(StageRun).values(done))
    assert house.read("backlog").status == "OK"


def test_what_is_parked_does_not_wait(house: House) -> None:
    house.file("a.jpg")
    house.beat("thumbnail", "is_thumbnailed")
    house.age(hours=25)
    parked = {
        "asset_id": house.factory.assets()[0]["id"], "stage": "thumbnail", "tries_left": 0,
        "claims": 1, "not_before": clock.now(), "parked_at": clock.now(), "last_error": "bad",
    }  # fmt: skip
    house.change(insert(StageRun).values(parked))
    assert house.read("backlog").details["is_thumbnailed"]["waiting"] == 0


def test_nobody_waits_for_a_service_that_never_ran(house: House) -> None:
    house.file("a.jpg")
    house.age(days=9)
    assert house.read("backlog").status == "OK"


def _copy(house: House, **changes: Any) -> None:
    row = {
        "asset_id": house.factory.assets()[0]["id"], "target": "/mnt/nas", "path": "x",
        "copied_at": clock.now(), "verified_at": clock.now(), "verified_how": "read back",
    }  # fmt: skip
    house.change(insert(BackupCopy).values({**row, **changes}))


def _drill(house: House, days_ago: float, failed: int = 0) -> None:
    moment = clock.now() - timedelta(days=days_ago)
    row = {"target": "/mnt/nas", "started_at": moment, "finished_at": moment, "failed": failed}
    house.change(insert(RestoreDrill).values(row))


@pytest.mark.parametrize(
    ("days_ago", "failed", "state"), [(1, 0, "OK"), (8, 0, "WARNING"), (1, 2, "WARNING")]
)
def test_a_drill_that_failed_or_is_long_ago_is_told(
    house: House, days_ago: float, failed: int, state: str
) -> None:
    house.file("a.jpg")
    _copy(house)
    _drill(house, days_ago, failed)
    found = house.read("backup-targets", BACKUP_TARGETS="/mnt/nas")
    assert found.status == state
    assert found.details["targets"][0]["verified"] == 1


def test_a_copy_found_wrong_is_an_error(house: House) -> None:
    house.file("a.jpg")
    _copy(house, problem="it differs")
    assert house.read("backup-targets", BACKUP_TARGETS="/mnt/nas").status == "ERROR"


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("seconds", "state"), [(3, "OK"), (30, "WARNING"), (300, "ERROR")])
def test_clocks_that_disagree_are_told(
    house: House, monkeypatch: pytest.MonkeyPatch, seconds: float, state: str
) -> None:
    ours = clock.now

    monkeypatch.setattr(
        "photo_factory.monitor.probes.clocks.clocks.now",
        lambda: ours() + timedelta(seconds=seconds),
    )
    assert house.read("clock").status == state


def test_a_phone_that_sends_nothing_is_named(house: House) -> None:
    house.file("pixel-7/a.jpg", "iphone/b.jpg")
    house.change(
        update(Arrival)
        .where(Arrival.source_device == "pixel-7")
        .values(first_seen_at=clock.now() - timedelta(days=9, hours=1))
    )
    found = Devices()(house.watch())
    assert found.status == "WARNING"
    assert found.message == "pixel-7 has sent nothing for 9 days"
    assert found.details["iphone"]["days"] == 0
    assert Devices()(house.watch(SILENT_PHONE_DAYS="0")).status == "OK"


def test_a_phone_that_was_taken_away_is_not_missed(house: House) -> None:
    house.file("old-phone/a.jpg")
    house.age(days=400)
    (house.factory.paths.inbox / "old-phone").rmdir()
    assert Devices()(house.watch()).status == "OK"
