"""The dashboard with a million assets and sixty days of history: first paint and memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from statistics import median
from typing import TYPE_CHECKING
from urllib.request import urlopen

import psutil
from sqlalchemy import Engine, text
from tests.parts import free_port

from benchmarks.context import Context, postgresql
from benchmarks.figures import Figure
from photo_factory.dashboard.app import PAGES
from photo_factory.shared.ledger import database

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

NAME = "dashboard"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
FIRST_PAINT_S, MEMORY_MIB, SESSIONS, TRIES = 2.0, 300.0, 5, 3

_SIZE = "4000000 + i % 1000"
_FILL = (
    """
INSERT INTO places (id, provider, language, latitude, longitude, country_code, country, state,
    city, display, found_at)
SELECT CAST(md5('p' || i) AS uuid), 'offline', 'en', (i * 7) % 140 - 70, (i * 13) % 360 - 180,
    chr(65 + i % 26) || chr(65 + i % 7), 'Country ' || i % 40, 'State ' || i % 200, 'City ' || i,
    'City ' || i, now()
FROM generate_series(0, 499) AS i
""",
    f"""
INSERT INTO media_assets (id, file_hash, original_name, original_path, final_path, size_bytes,
    media_type, width, height, camera_make, camera_model, captured_at, captured_at_source,
    captured_at_confidence, is_ingested, ingested_at, verified_at, is_geocoded, is_thumbnailed,
    thumbnailed_at, is_face_scanned, is_backed_up, location, place_id, source_device)
SELECT CAST(md5(CAST(i AS TEXT)) AS uuid), md5(CAST(i AS TEXT)) || md5(CAST(-i AS TEXT)),
    'IMG_' || i || '.jpg', 'pixel/IMG_' || i || '.jpg', 'Storage/Originals/' || i || '.jpg',
    {_SIZE}, CASE WHEN i % 25 = 0 THEN 'video' ELSE 'image' END, 4000, 3000, 'Maker ' || i % 5,
    'Model ' || i % 40, TIMESTAMP '2006-01-01' + i * INTERVAL '10 minutes', 'exif',
    CASE WHEN i % 2000 = 0 THEN 0.3 ELSE 0.95 END, TRUE,
    now() - (:count - i) * INTERVAL '9 minutes', now(), i % 3 = 0, TRUE, now(), TRUE, i % 500 <> 0,
    CASE WHEN i % 3 = 0 THEN jsonb_build_object('lat', (i * 7) % 140 - 70 + 0.01 * (i % 90),
        'lon', (i * 13) % 360 - 180 + 0.01 * (i % 80)) END,
    CASE WHEN i % 3 = 0 THEN CAST(md5('p' || i % 500) AS uuid) END, 'phone-' || i % 6
FROM generate_series(1, :count) AS i
""",
    """
INSERT INTO arrivals (fingerprint, path, name, size_bytes, mtime_ns, inode, state, file_hash,
    asset_id, source_device, first_seen_at, settled_at, removed_at)
SELECT row_number() OVER (), original_path, original_name, size_bytes, 1, 1, 'filed', file_hash,
    id, source_device, ingested_at, ingested_at, ingested_at FROM media_assets
""",
    """
INSERT INTO stage_runs (asset_id, stage, tries_left, claims, not_before, finished_at)
SELECT id, 'thumbnail', 4, 1, now(), ingested_at FROM media_assets
""",
    """
INSERT INTO backup_copies (asset_id, target, path, copied_at, verified_at, verified_how)
SELECT id, 'file:///mnt/nas', final_path, ingested_at, ingested_at, 'read back' FROM media_assets
WHERE is_backed_up
""",
    """
INSERT INTO system_status_history (service_name, beat_at, status, current_task, expected_every,
    started_at, instance)
SELECT name, now() - i * INTERVAL '1 minute',
    CASE WHEN i % 9000 < 30 THEN 'WARNING' ELSE 'OK' END, 'waiting for photos', 60, now(), 'nas:1'
FROM generate_series(0, :minutes) AS i, unnest(ARRAY['librarian', 'geocode', 'thumbnail', 'face',
    'backup', 'service-monitor', 'dashboard']) AS name
""",
    """
INSERT INTO system_status (service_name, status, current_task, last_heartbeat, expected_every,
    started_at, instance)
SELECT DISTINCT ON (service_name) service_name, status, current_task, beat_at, 3600, started_at,
    instance FROM system_status_history ORDER BY service_name, beat_at DESC
""",
)


def run(context: Context) -> list[Figure]:
    """Seconds to each page's first paint, and MiB with five sessions open."""
    count = context.scaled(1_000_000, 20_000)
    what = f"{count:,} assets"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return [Figure(NAME, f"first paint, {what}", None, "s", FIRST_PAINT_S)]
    with postgresql() as server, sync_playwright() as playwright:
        if server is None:
            return [Figure(NAME, f"first paint, {what}", None, "s", FIRST_PAINT_S)]
        context.told(f"filling a ledger with {what}")
        url = server.create_database("dashboard")
        _fill(database.connect(url), count, context.scaled(60, 2) * 1440)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with context.factory(url=url) as factory, _dashboard(factory) as (process, address):
            window = browser.new_context()
            _opened(window, f"{address}/settings")  # Streamlit itself and its scripts
            first = PAGES[0][0]  # it has no name of its own in an address
            paints = {
                name: _paints(context, window, address, "" if name == first else name)
                for name, _, _ in PAGES
            }
            pages = [_opened(browser.new_context(), address)[0] for _ in range(SESSIONS)]
            memory = _mib(process)
            del pages
        browser.close()
    figures = [
        Figure(NAME, f"{name}, first paint, {what}", first, "s", FIRST_PAINT_S,
               note=f"all of it {whole:.1f} s, the very first time {cold:.1f} s")
        for name, (first, whole, cold) in paints.items()
    ]  # fmt: skip
    note = f"{SESSIONS} sessions open"
    return [*figures, Figure(NAME, f"memory, {what}", memory, "MiB", MEMORY_MIB, note=note)]


def _fill(engine: Engine, count: int, minutes: int) -> None:
    database.migrate(engine)
    with database.on_postgresql.patience(None):
        for statement in _FILL:
            with engine.begin() as connection:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                given = {"count": count, "minutes": minutes}
                used = {name: value for name, value in given.items() if f":{name}" in statement}
                connection.execute(text(statement), used)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()


@contextmanager
def _dashboard(factory: object) -> Iterator[tuple[psutil.Process, str]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "photo_factory", "dashboard"],
        env=factory.environment(DASHBOARD_PORT=str(port)),  # type: ignore[attr-defined]
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield psutil.Process(process.pid), f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    raise TimeoutError(f"{url} does not answer")


def _paints(
    context: Context, window: BrowserContext, address: str, name: str
) -> tuple[float, float, float]:
    """First paint and whole page (medians), and the first paint of the very first visit."""
    times = []
    for _ in range(TRIES + 1):
        page, first, whole = _opened(window, f"{address}/{name}")
        page.close()
        times.append((first, whole))
    told = ", ".join(f"{first:.2f}/{whole:.2f}" for first, whole in times)
    context.told(f"{name or PAGES[0][0]}: {told}")
    warm = times[1:]
    return median(one[0] for one in warm), median(one[1] for one in warm), times[0][0]


def _opened(window: BrowserContext, url: str) -> tuple[Page, float, float]:
    """The page, the seconds until its heading stood there, and until all of it did."""
    page = window.new_page()
    page.set_default_timeout(120_000)
    began = time.monotonic()
    page.goto(url, wait_until="commit")
    page.locator("h1").first.wait_for()
    first = time.monotonic() - began
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    return page, first, time.monotonic() - began


def _mib(process: psutil.Process) -> float:
    """The memory of the service and Streamlit, shared pages counted once."""
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_full_info().pss for one in family) / 2**20
