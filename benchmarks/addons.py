"""The loop around the add-ons: from row to flag, and what a Dask cluster brings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from sqlalchemy import text
from tests.dask_cluster import dask_cluster

from benchmarks import photos
from benchmarks.context import Context, postgresql
from benchmarks.figures import Figure, spread
from benchmarks.ours import Factory

LATENCY, CLUSTER = "addon_latency", "executors"
TRIES = 9
SERVICES = ("thumbnail", "geocode")


def run_latency(context: Context) -> list[Figure]:
    """Seconds from the row of one photo to its flag, on PostgreSQL, services at their defaults."""
    with postgresql() as server:
        if server is None:
            return [Figure(LATENCY, "row to flag", None, "s", 1.0)]
        with context.factory(url=server.create_database("addons")) as factory:
            factory.command("migrate")
            with _services(factory):
                measured = _arrive_one_by_one(context, factory)
    return [
        Figure(LATENCY, f"row to flag, {name}", median(took), "s", 1.0, note=spread(took))
        for name, took in measured.items()
    ]


@contextmanager
def _services(factory: Factory) -> Iterator[None]:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "photo_factory", "run", name],
            env=factory.environment(),
            stderr=subprocess.DEVNULL,
        )
        for name in SERVICES
    ]
    try:
        yield
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(30)


def _arrive_one_by_one(context: Context, factory: Factory) -> dict[str, list[float]]:
    """Photos that become rows while the services rest; the first ones only warm everything up."""
    source = min(photos.phone_photos(context.cache, context.scaled(400, 60)).iterdir())
    measured: dict[str, list[float]] = {name: [] for name in SERVICES}
    for number in range(TRIES + 2):
        time.sleep(2.3)  # they have come to rest
        took = _one(factory, source.read_bytes(), number)
        if number >= 2:
            for name, seconds in took.items():
                measured[name].append(seconds)
    return measured


def _one(factory: Factory, picture: bytes, number: int) -> dict[str, float]:
    path = factory.originals / f"{number}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture + b"%d" % number)
    with factory._engine.begin() as connection:
        connection.execute(text(_ROW), {"number": number, "hash": f"{number:064x}"})
        connection.exec_driver_sql("NOTIFY photo_factory")  # as the Librarian does with the row
    began = time.perf_counter()
    took: dict[str, float] = {}
    flags = {"thumbnail": "is_thumbnailed", "geocode": "is_geocoded"}
    while len(took) < len(flags):
        for name in flags.keys() - took.keys():
            if factory.count(f"media_assets WHERE original_name = '{number}' AND {flags[name]}"):
                took[name] = time.perf_counter() - began
        assert time.perf_counter() - began < 60, "a flag was not raised"
        time.sleep(0.01)
    return took


_ROW = """
INSERT INTO media_assets (id, file_hash, original_name, original_path, final_path, size_bytes,
    media_type, mime_type, captured_at, captured_at_source, captured_at_confidence, is_ingested,
    ingested_at, location)
VALUES (gen_random_uuid(), :hash, CAST(:number AS TEXT), 'x', 'Storage/Originals/' || :number ||
    '.jpg', 1, 'image', 'image/jpeg', now(), 'exif', 1, TRUE, now(), '{"lat": 52.5, "lon": 13.4}')
"""


def run_cluster(context: Context) -> list[Figure]:
    """Photos a second that get thumbnails: in threads here, and on Dask clusters."""
    count = context.scaled(120, 16)
    pictures = photos.phone_photos(context.cache, context.scaled(400, 60))
    rates: dict[str, float] = {}
    with context.factory() as factory:
        folder = factory.inbox / "phone"
        folder.mkdir()
        for source in sorted(pictures.iterdir())[:count]:
            os.link(source, folder / source.name)
        factory.command("ingest", INBOX_MODE="keep", STABILITY_DELAY="0")
        for workers in (1, 2):
            rates[f"{workers} threads"] = _rate(factory, count, WORKERS=str(workers))
            with dask_cluster(workers, context.work / f"dask-{workers}") as address:
                name = f"Dask, {workers} workers"
                rates[name] = _rate(factory, count, EXECUTOR=address, WORKERS="1")
    one = rates["Dask, 1 workers"]
    return [
        *(Figure(CLUSTER, what, rate, "photos/s") for what, rate in rates.items()),
        Figure(CLUSTER, "Dask, 2 workers / 1", rates["Dask, 2 workers"] / one, "x"),
    ]


def _rate(factory: Factory, count: int, **settings: str) -> float:
    factory.command("redo", "thumbnail")
    start = time.perf_counter()
    factory.command("run", "thumbnail", "--once", **settings)
    took = time.perf_counter() - start
    assert factory.count("media_assets WHERE is_thumbnailed = TRUE") == count
    return count / took
