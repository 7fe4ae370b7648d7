"""A ledger with assets in it, and a pretended add-on that works them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.ledger.models import MediaAsset, StageRun, SystemStatus
from photo_factory.shared.settings import Settings
from tests.factory import Factory
from tests.shared.ledger.rows import an_asset
from tests.shared.loop import work


@dataclass
class Shop:
    """A factory whose one add-on is pretended."""

    factory: Factory
    engine: Engine
    service: FlagService

    def settings(self, **changes: Any) -> Settings:
        return self.factory.settings(**{"RETRY_AFTER": "0.05", "POLL_INTERVAL": "5", **changes})

    def add(self, *names: str, **columns: Any) -> None:
        """Assets of these names; the later ones were filed later."""
        began = datetime(2026, 11, 21, tzinfo=UTC)
        rows = [
            an_asset(**{"original_name": name, "ingested_at": began + timedelta(seconds=i),
                        "final_path": f"Storage/Originals/{uuid.uuid4()}/{name}", **columns})
            for i, name in enumerate(names)
        ]  # fmt: skip
        with self.engine.begin() as connection:
            connection.execute(insert(MediaAsset), rows)

    def run(self, once: bool = True, told: Any = None, **changes: Any) -> bool:
        """A run that ends when nothing is due."""
        return self.service.run(self.settings(**changes), threading.Event(), once, told)

    def change(self, **fields: Any) -> Shop:
        """The same with another kind of service."""
        return replace(self, service=replace(self.service, **fields))

    def assets(self) -> dict[str, dict[str, Any]]:
        return {row["original_name"]: row for row in self._rows(select(MediaAsset.__table__))}

    def runs(self) -> dict[str, dict[str, Any]]:
        named = select(StageRun.__table__, MediaAsset.original_name).join(
            MediaAsset, MediaAsset.id == StageRun.asset_id
        )
        return {row["original_name"]: row for row in self._rows(named)}

    def status(self) -> dict[str, Any]:
        return self._rows(select(SystemStatus.__table__))[0]

    def make_due(self) -> None:
        """Let the time of every pause go by."""
        with self.engine.begin() as connection:
            connection.execute(update(StageRun).values(not_before=datetime(2000, 1, 1, tzinfo=UTC)))

    def _rows(self, query: Any) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]


@pytest.fixture
def shop(engine: Engine, ledger_url: str, tmp_path: Path) -> Shop:
    factory = Factory(tmp_path / "factory", ledger_url)
    factory.paths.originals.mkdir(parents=True)
    work.calls.clear()
    work.gate.clear()
    service = FlagService("pretend", MediaAsset.is_thumbnailed, work.process)
    return Shop(factory, engine, service)


@pytest.fixture
def running() -> Iterator[Callable[..., threading.Thread]]:
    """Runs a service in a thread until the test is over."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(shop: Shop, **changes: Any) -> threading.Thread:
        settings = shop.settings(**changes)
        thread = threading.Thread(target=shop.service.run, args=(settings, stop))
        thread.start()
        threads.append(thread)
        return thread

    yield start
    work.gate.set()
    stop.set()
    for thread in threads:
        thread.join(30)


def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until it is so; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
