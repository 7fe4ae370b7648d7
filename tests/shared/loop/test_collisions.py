"""Transactions that lock the same rows crosswise: the one that PostgreSQL ends is done again."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from photo_factory.shared import runs
from photo_factory.shared.claims import Claims
from photo_factory.shared.facts import Facts
from tests.shared.loop.conftest import Shop, until


def _finish(shop: Shop) -> Callable[[], int]:
    claims = Claims(shop.engine, "pretend", "is_thumbnailed", shop.settings())
    taken = claims.claim(1)
    return lambda: claims.finish([(claim, Facts({"mime_type": "image/done"})) for claim in taken])


def _retry(shop: Shop) -> Callable[[], int]:
    shop.run()
    return lambda: runs.retry(shop.engine, shop.settings())


@pytest.mark.parametrize(("name", "prepare"), [("a.jpg", _finish), ("bad.jpg", _retry)])
def test_the_victim_of_a_deadlock_tries_again_at_once(
    shop: Shop, name: str, prepare: Callable[[Shop], Callable[[], int]]
) -> None:
    if shop.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    shop.add(name)
    collide = prepare(shop)
    with ThreadPoolExecutor(1) as other, shop.engine.begin() as claiming:
        claiming.execute(text("SET LOCAL deadlock_timeout = '30s'"))  # the other is the victim
        claiming.execute(text("SELECT id FROM media_assets FOR NO KEY UPDATE"))
        collided = other.submit(collide)
        until(lambda: _somebody_waits(claiming))
        claiming.execute(text("UPDATE stage_runs SET last_error = last_error"))
        time.sleep(0.1)
        claiming.commit()
        assert collided.result(20) == 1


def _somebody_waits(connection: Connection) -> bool:
    waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
    return bool(connection.scalar(text(waiting)))
