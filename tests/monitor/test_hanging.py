"""A storage that hangs: everything else goes on, people hear of it, and the end comes in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from photo_factory.monitor import keeping, service_monitor
from photo_factory.monitor.alerts import Way
from photo_factory.monitor.probes import PROBES
from photo_factory.monitor.reading import Reading, Watch
from photo_factory.monitor.rounds import Rounds
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import SystemStatusHistory
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


def _beats(factory: Factory, name: str) -> int:
    query = select(SystemStatusHistory.id).where(SystemStatusHistory.service_name == name)
    with database.reading(factory.engine) as connection:
        return len(connection.execute(query).all())
