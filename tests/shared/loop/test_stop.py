"""A service that is asked to stop ends before its supervisor kills it, whatever the ledger does."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from sqlalchemy import text

from tests.parts import PostgreSQL
from tests.shared.loop.conftest import Shop, until

SUPERVISORS_PATIENCE_S = 10


@contextmanager
def locked(shop: Shop, _postgres: PostgreSQL) -> Iterator[None]:
    """Somebody else holds all of the ledger."""
    is_sqlite = shop.engine.dialect.name == "sqlite"
    # With SQLite, beginning to write locks everything.
    lock = "SELECT 1" if is_sqlite else "LOCK TABLE media_assets, system_status_history"
    with shop.engine.begin() as connection:
        connection.execute(text(lock))
        yield


@contextmanager
def frozen(shop: Shop, postgres: PostgreSQL) -> Iterator[None]:
    """The server does not answer any more, though connections to it stay open."""
    if shop.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no server")
    postgres.pause()
    try:
        yield
    finally:
        postgres.resume()


@pytest.mark.parametrize("trouble", [locked, frozen])
def test_it_stops_in_time_though_the_ledger_does_not_answer(
    shop: Shop, postgres: PostgreSQL, trouble: type[locked]
) -> None:
    command = [sys.executable, "-m", "photo_factory", "run", "thumbnail"]
    environment = shop.factory.environment(HEARTBEAT_INTERVAL="1", POLL_INTERVAL="1")
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as service:
        try:
            until(lambda: shop._rows(text("SELECT * FROM system_status")), 30)
            shop.engine.dispose()
            with trouble(shop, postgres):
                time.sleep(3)  # by now it waits for an answer
                children = psutil.Process(service.pid).children(recursive=True)
                service.send_signal(signal.SIGTERM)
                asked = time.monotonic()
                _, errors = service.communicate(timeout=45)
                took = time.monotonic() - asked
        finally:
            service.kill()
    assert took < SUPERVISORS_PATIENCE_S
    assert service.returncode == 1, errors
    assert children
    assert psutil.wait_procs(children, timeout=2)[1] == []
