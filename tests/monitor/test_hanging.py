"""A storage that hangs: everything else goes on, people hear of it, and the end comes in time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from photo_factory.monitor import keeping, service_monitor
from photo_factory.monitor.alerts import Way
from photo_factory.monitor.in_time import InTime
from photo_factory.monitor.probes import PROBES
from photo_factory.monitor.reading import Reading, Watch
from photo_factory.monitor.rounds import Rounds
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import SystemStatusHistory
from photo_factory.shared.roots import MARKER
from tests.factory import Factory


@pytest.fixture
def hung() -> Iterator[threading.Event]:
    """Until it is set, the storage does not answer."""
    back = threading.Event()
    yield back
    back.set()


def _until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


def test_people_hear_of_a_storage_that_hangs(
    tmp_path: Path, hung: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_storage(_watch: Watch) -> Reading:
        hung.wait()
        return Reading("OK", "back")

    def write(_path: Path, _content: bytes) -> None:
        hung.wait()

    titles: list[str] = []

    def send(title: str, _text: str) -> None:
        titles.append(title)

    monkeypatch.setattr(keeping, "replace_durably", write)
    monkeypatch.setattr(service_monitor, "ways", lambda _settings: [Way("1", "post", send)])
    factory = Factory(tmp_path / "home", f"sqlite:///{tmp_path}/ledger.sqlite3")
    quick = {"PROBE_INTERVAL": "1", "HEARTBEAT_INTERVAL": "1", "ALERT_AFTER": "0"}
    stop = threading.Event()
    service = service_monitor.Service(factory.settings(**quick), stop)
    service._rounds = Rounds({**PROBES, "disk-storage": disk_storage}, patience=1)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        _until(lambda: any("disk-storage is ERROR" in title for title in titles))
        beats = _beats(factory, "service-monitor"), _beats(factory, "factory-db")
        _until(lambda: _beats(factory, "service-monitor") >= beats[0] + 3)
        _until(lambda: _beats(factory, "factory-db") >= beats[1] + 2)
    finally:
        began = time.monotonic()
        stop.set()
        thread.join(30)
        assert time.monotonic() - began < 10
        factory.close()


def test_people_hear_of_an_archive_that_hangs_together_with_the_ledger_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []

    def send(title: str, _text: str) -> None:
        titles.append(title)

    monkeypatch.setattr(service_monitor, "ways", lambda _settings: [Way("1", "post", send)])
    factory = Factory(tmp_path / "home")
    factory.drop("a.jpg")
    factory.ingest()
    quick = {"PROBE_INTERVAL": "1", "HEARTBEAT_INTERVAL": "1", "ALERT_AFTER": "0"}
    stop = threading.Event()
    service = service_monitor.Service(factory.settings(**quick), stop)
    service._rounds = Rounds(PROBES, patience=1)
    marker = factory.paths.originals / MARKER
    content = marker.read_bytes()
    marker.unlink()
    os.mkfifo(marker)  # who opens it waits, as at a disk that hangs
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        _until(lambda: any("factory-db is ERROR" in title for title in titles))
        ended = service._round_ended
        _until(lambda: service._round_ended > ended)
    finally:
        began = time.monotonic()
        stop.set()
        thread.join(30)
        took = time.monotonic() - began
        _let_go(marker, content)
        factory.close()
    assert took < 10


def _let_go(fifo: Path, content: bytes) -> None:
    """Give all who wait what they wait for."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            descriptor = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody waits any more
            return
        os.write(descriptor, content)
        os.close(descriptor)
        time.sleep(0.2)


def test_what_does_not_answer_in_time_is_a_no_and_is_not_asked_again(
    hung: threading.Event,
) -> None:
    asked: list[int] = []

    def ask() -> bool:
        asked.append(1)
        return hung.wait(30)

    in_time = InTime(ask, patience_s=0.05)
    assert [in_time(), in_time(), len(asked)] == [False, False, 1]
    hung.set()
    _until(in_time)
    assert InTime(lambda: False)() is False


def _beats(factory: Factory, name: str) -> int:
    query = select(SystemStatusHistory.id).where(SystemStatusHistory.service_name == name)
    with database.reading(factory.engine) as connection:
        return len(connection.execute(query).all())
