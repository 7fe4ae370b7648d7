"""Naming 10,000 positions offline: the look-up alone, and the whole service with its ledger."""

from __future__ import annotations

import random
import threading
import time

from sqlalchemy import insert
from tests.shared.ledger.rows import an_asset

from benchmarks.context import Context
from benchmarks.figures import Figure
from photo_factory.addons import geocode
from photo_factory.addons.geocode import offline
from photo_factory.addons.geocode.place import Spot
from photo_factory.shared.ledger.database import connect, migrate
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.settings import Settings

NAME = "geocode"
COUNT = 10_000


def run(context: Context) -> list[Figure]:
    """Seconds, each with its start: loading the list of towns is part of it."""
    count = context.scaled(COUNT, 1_000)
    spots = [(random.uniform(36, 65), random.uniform(-9, 28)) for _ in range(count)]
    start = time.perf_counter()
    for latitude, longitude in spots:
        offline.look_up(Spot(offline.PROVIDER, "", latitude, longitude))
    alone = time.perf_counter() - start
    offline._towns.cache_clear()
    whole = _service(context, spots)
    what = f"{count:,} positions"
    return [
        Figure(NAME, f"{what}, look-up alone", alone, "s", 5.0),
        Figure(NAME, f"{what}, service with SQLite", whole, "s", 5.0, note="a row of places each"),
    ]


def _service(context: Context, spots: list[tuple[float, float]]) -> float:
    with context.factory() as factory:
        settings = Settings(_env_file=None, PHOTO_FACTORY_ROOT=factory.home)  # type: ignore[call-arg]
        engine = connect(factory.url)
        migrate(engine)
        rows = [an_asset(location={"lat": lat, "lon": lon}) for lat, lon in spots]
        with engine.begin() as connection:
            connection.execute(insert(MediaAsset), rows)
        engine.dispose()
        start = time.perf_counter()
        assert geocode.run(settings, threading.Event(), once=True)
        took = time.perf_counter() - start
        assert factory.count("media_assets WHERE is_geocoded = TRUE") == len(spots)
        return took
