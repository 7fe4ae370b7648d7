"""The service-monitor as it runs: a process of its own, a ledger that goes, people who are told."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from photo_factory.monitor import service_monitor
from photo_factory.monitor.probes import PROBES
from photo_factory.monitor.reading import Reading, Watch
from photo_factory.monitor.rounds import Rounds
from photo_factory.monitor.service_monitor import Service
from photo_factory.monitor.subjects import Starts, of_readings
from photo_factory.shared import breakers, clock
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.heartbeat_service import lights
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import SystemStatusHistory
from tests.factory import Factory
from tests.monitor.test_sending import Mailbox, _serving
from tests.parts import PostgreSQL


def _until(condition: Callable[[], Any], patience: float = 40) -> Any:
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return value


class Monitor:
    """A service-monitor in a process of its own."""

    def __init__(self, factory: Factory, **changes: str) -> None:
        quick = {"PROBE_INTERVAL": "1", "HEARTBEAT_INTERVAL": "1", "ALERT_AFTER": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "photo_factory", "run", "service-monitor"],
            env=factory.environment(**quick, **changes),
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> float:
        """Ask it to end; how long that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)
        return time.monotonic() - began


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with _serving() as box:
        yield box


@pytest.fixture
def factory(tmp_path: Path, ledger_url: str) -> Iterator[Factory]:
    one = Factory(tmp_path / "home", ledger_url)
    yield one
    one.close()


def _lights(factory: Factory) -> dict[str, Any]:
    with database.reading(factory.engine) as connection:
        return dict(lights(connection, clock.now()))


def test_every_probe_and_it_itself_have_a_light(factory: Factory) -> None:
    monitor = Monitor(factory)
    try:
        known = _until(lambda: len(found := _lights(factory)) > len(PROBES) and found)
        assert set(known) == {*PROBES, "service-monitor"}
        assert all(known[name].is_probe for name in PROBES)
        assert not known["service-monitor"].is_probe
    finally:
        assert monitor.stop() < 10


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_people_are_told_of_a_service_that_fell_silent(factory: Factory, mailbox: Mailbox) -> None:
    from photo_factory.shared.heartbeat_service import Heartbeat

    Heartbeat(factory.engine, "thumbnail", 1).beat("OK", "waiting for photos")
    monitor = Monitor(factory, ALERT_URLS=f"json://{mailbox.address}")
    try:
        _until(lambda: any("thumbnail is SILENT" in one["title"] for one in mailbox.letters))
    finally:
        monitor.stop()


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_what_stands_still_is_an_alarm(factory: Factory, mailbox: Mailbox) -> None:
    with factory.engine.begin() as connection:
        breakers.trip(connection, breakers.ARCHIVE, "the storage is not mounted")
    monitor = Monitor(factory, ALERT_URLS=f"json://{mailbox.address}")
    try:
        _until(lambda: any("breaker archive" in one["message"] for one in mailbox.letters))
    finally:
        monitor.stop()


def test_the_loss_of_the_database_is_told_while_it_lasts_and_delivered_after(
    tmp_path: Path, mailbox: Mailbox
) -> None:
    server = PostgreSQL.create()
    server.start()
    try:
        factory = Factory(tmp_path / "home", server.create_database("ledger"))
        assert factory.engine
        monitor = Monitor(factory, ALERT_URLS=f"json://{mailbox.address}")
        _until(lambda: "factory-db" in _lights(factory))
        factory.close()
        server.stop()
        _until(lambda: any("factory-db is ERROR" in one["title"] for one in mailbox.letters))
        monitor.process.kill()  # what it knows outlasts it
        monitor.process.communicate()
        server.start()
        monitor = Monitor(factory, ALERT_URLS=f"json://{mailbox.address}")
        _until(lambda: any("well again" in one["message"] for one in mailbox.letters))
        query = select(SystemStatusHistory.status).where(
            SystemStatusHistory.service_name == "factory-db"
        )
        with database.reading(factory.engine) as connection:
            assert "ERROR" in {row.status for row in connection.execute(query)}
        assert monitor.stop() < 10
        factory.close()
    finally:
        server.destroy()


def test_a_ledger_that_comes_and_goes_between_two_rounds_is_one_alarm_and_one_all_clear(
    tmp_path: Path, mailbox: Mailbox
) -> None:
    server = PostgreSQL.create()
    server.start()
    try:
        factory = Factory(tmp_path / "home", server.create_database("ledger"))
        address = f"json://{mailbox.address}"
        settings = factory.settings(ALERT_URLS=address, ALERT_AFTER="0")
        service = Service(settings, threading.Event())
        service._round()
        server.stop()
        service._glance()
        service._tell()
        server.start()
        service._glance()
        service._tell()
        service._engine.dispose()
        told = [line.split()[:2] for one in mailbox.letters for line in one["message"].split("\n")]
        assert told == [["ERROR", "factory-db:"], ["OK", "factory-db:"]]
        query = select(SystemStatusHistory.status).where(
            SystemStatusHistory.service_name == "factory-db"
        )
        with database.reading(factory.engine) as connection:
            assert list(connection.scalars(query)) == ["OK", "ERROR", "OK"]
        factory.close()
    finally:
        server.destroy()


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_probe_that_lost_the_ledger_while_it_looked_has_seen_nothing(factory: Factory) -> None:
    def away(_watch: Watch) -> Reading:
        raise LedgerAway("gone")

    service = Service(factory.settings(), threading.Event())
    service._rounds = Rounds({"backlog": away, "disk-inbox": away})
    assert set(service._asked({"backlog", "disk-inbox"})) == {"disk-inbox"}


def test_it_ends_in_time_though_the_database_is_frozen(tmp_path: Path) -> None:
    server = PostgreSQL.create()
    server.start()
    try:
        factory = Factory(tmp_path / "home", server.create_database("ledger"))
        assert factory.engine
        monitor = Monitor(factory)
        _until(lambda: "factory-db" in _lights(factory))
        factory.close()
        server.pause()
        time.sleep(3)
        took = monitor.stop()
        server.resume()
        assert took < 10
    finally:
        server.resume()
        server.destroy()


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_once_is_one_round_and_says_whether_all_is_well(factory: Factory) -> None:
    settings = factory.settings()
    assert service_monitor.run(settings, threading.Event(), True)
    factory.paths.inbox.rmdir()
    assert not service_monitor.run(settings, threading.Event(), True)


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_rounds_that_do_not_end_make_it_ill(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(factory.settings(), threading.Event())
    assert service._state()[0] == "OK"
    later = time.monotonic() + timedelta(hours=1).total_seconds()
    monkeypatch.setattr(service_monitor.time, "monotonic", lambda: later)
    status, message = service._state()
    assert status == "ERROR" and "no round has ended" in str(message)


def test_each_phone_is_told_by_its_name() -> None:
    phones = {"pixel-7": {"days": 9}, "iphone": {"days": 0}}
    subjects = of_readings({"devices": Reading("WARNING", "2 devices", "…", phones)}, 9)
    assert subjects["phone pixel-7"].message == "this phone has sent nothing for 9 days"
    assert subjects["phone iphone"].state == "OK"
    assert "devices" not in subjects


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_folder_it_cannot_use_is_told_in_its_own_beats(factory: Factory) -> None:
    settings = factory.settings(PROBE_INTERVAL="1", HEARTBEAT_INTERVAL="1")
    factory.paths.monitor.parent.mkdir(parents=True, exist_ok=True)
    factory.paths.monitor.write_text("a file where the folder should be")
    stop = threading.Event()
    thread = threading.Thread(target=service_monitor.run, args=(settings, stop, False))
    thread.start()
    try:
        light = _until(
            lambda: (
                (one := _lights(factory).get("service-monitor")) and one.state == "ERROR" and one
            )
        )
        assert "Monitor" in str(light.message)
    finally:
        stop.set()
        thread.join(20)


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_disk_that_takes_nothing_keeps_nobody_from_looking_and_telling(
    factory: Factory, mailbox: Mailbox
) -> None:
    settings = factory.settings(ALERT_URLS=f"json://{mailbox.address}", ALERT_AFTER="0")
    service = Service(settings, threading.Event())
    service._round()
    shutil.rmtree(factory.paths.monitor)
    factory.paths.monitor.write_text("a file where the folder should be")
    factory.paths.inbox.rmdir()
    service._round()
    with contextlib.suppress(OSError):
        service._tell()
    assert service._last["disk-inbox"].status == "ERROR"
    assert service._state()[0] == "ERROR"
    (letter,) = mailbox.letters
    assert "disk-inbox" in letter["message"] and "service-monitor" in letter["message"]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_an_address_that_takes_nothing_is_told_with_the_next_step(
    factory: Factory, mailbox: Mailbox
) -> None:
    mailbox.status = 500
    settings = factory.settings(ALERT_URLS=f"json://{mailbox.address}", ALERT_AFTER="0")
    service = Service(settings, threading.Event())
    factory.paths.inbox.rmdir()
    service._round()
    service._tell()
    status, message = service._state()
    assert status == "WARNING" and "did not take it; it is tried again." in str(message)
    assert "photo-factory alerts test" in str(message)


def test_what_dies_and_comes_back_all_the_time_is_told() -> None:
    starts, at = Starts(), clock.now()
    noted = [
        starts.note("geocode", at + timedelta(minutes=number), at + timedelta(minutes=number))
        for number in range(6)
    ]
    assert noted == [0, 0, 0, 4, 5, 6]
    assert starts.note("geocode", at + timedelta(minutes=5), at + timedelta(hours=1)) == 0


def test_a_probe_of_phones_that_could_not_look_is_told_itself() -> None:
    subjects = of_readings({"devices": Reading("ERROR", "failed", "the probe failed")}, 9)
    assert subjects["devices"].state == "ERROR"


def test_a_ledger_that_went_away_with_its_disk_is_an_error_and_not_made_anew(
    tmp_path: Path,
) -> None:
    """The embedded one: an empty mount point must not become a new archive."""
    factory = Factory(tmp_path / "home")
    factory.drop("pixel-7/IMG_1.jpg")
    factory.ingest()
    service_monitor.run(factory.settings(), threading.Event(), True)
    factory.close()
    away = factory.paths.storage.with_name("unplugged")
    factory.paths.storage.rename(away)
    factory.paths.originals.mkdir(parents=True)
    service = Service(factory.settings(), threading.Event())
    service._round()
    assert service._last["factory-db"].status == "ERROR"
    assert not factory.paths.embedded_ledger.exists()


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_job_that_fails_in_a_way_nobody_thought_of_is_told_and_goes_on(factory: Factory) -> None:
    service = Service(factory.settings(), threading.Event())
    ways: list[Exception | None] = [KeyError("hash\nmore"), None]

    def work() -> None:
        if error := ways.pop(0):
            raise error

    job = service._job("integrity", work)
    job()
    status, message = service._state()
    assert status == "ERROR" and message == "integrity failed: KeyError: 'hash\\nmore'"
    job()
    assert service._state()[0] == "OK"
