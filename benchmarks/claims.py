"""Claiming and idle polling with a million assets, of which a hundred wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, text
from sqlalchemy.dialects import postgresql as dialect

from benchmarks.context import Context, postgresql
from benchmarks.figures import Figure
from photo_factory.shared.claims import Claims
from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.runs import progress
from photo_factory.shared.settings import Settings

NAME = "claims"
STAGE, FLAG = "thumbnail", "is_thumbnailed"
WAITING, BATCH, TRIES = 100, 50, 30
PLAN = Path(__file__).with_name("claims_explain.txt")

_FILL = """
INSERT INTO media_assets (id, file_hash, original_name, original_path, final_path, size_bytes,
    media_type, captured_at, captured_at_source, captured_at_confidence, is_ingested, ingested_at,
    is_geocoded, is_thumbnailed, is_face_scanned, is_backed_up, location)
SELECT CAST(md5(CAST(i AS TEXT)) AS uuid), md5(CAST(i AS TEXT)) || md5(CAST(-i AS TEXT)),
    'IMG_' || i || '.jpg', 'pixel/IMG_' || i || '.jpg', 'Storage/Originals/' || i || '.jpg',
    4000000, 'image', TIMESTAMP '2010-01-01' + i * INTERVAL '7 minutes', 'exif', 0.95, TRUE,
    TIMESTAMPTZ '2026-01-01' + i * INTERVAL '1 second', TRUE, TRUE, TRUE, TRUE,
    '{"lat": 1.0, "lon": 2.0}'
FROM generate_series(1, :count) AS i
"""
_RUNS = """
INSERT INTO stage_runs (asset_id, stage, tries_left, claims, not_before, finished_at)
SELECT id, 'thumbnail', 4, 1, now(), now() - INTERVAL '2 hours' FROM media_assets
"""
_WAIT = f"""
UPDATE media_assets SET is_thumbnailed = FALSE WHERE id IN (
    SELECT id FROM media_assets ORDER BY ingested_at DESC OFFSET :apart LIMIT {WAITING})
"""
_GIVE_BACK = """
UPDATE stage_runs SET not_before = now(), leased_by = NULL, finished_at = now()
WHERE leased_by IS NOT NULL
"""
_FORGET = """
DELETE FROM stage_runs WHERE asset_id IN (SELECT id FROM media_assets WHERE NOT is_thumbnailed)
"""
"""What waits was never claimed then, as photos that were just filed."""


def run(context: Context) -> list[Figure]:
    """Milliseconds a claim and an idle poll take, with few and with many rows."""
    with postgresql() as server:
        if server is None:
            return [Figure(NAME, "claim of 50, PostgreSQL", None, "ms", 5.0)]
        few, many = context.scaled(10_000, 1_000), context.scaled(1_000_000, 20_000)
        measured = {}
        for count in (few, many):
            context.told(f"filling a ledger with {count:,} assets")
            engine = database.connect(server.create_database(f"claims_{count}"))
            _fill(engine, count)
            measured[count] = _measure(context, engine, keep_plan=count == 1_000_000)
            engine.dispose()
    return _figures(few, many, measured)


def _figures(few: int, many: int, measured: dict[int, dict[str, float]]) -> list[Figure]:
    more, less = measured[many], measured[few]
    what = f"with {many:,} rows"
    return [
        Figure(NAME, f"claim of {BATCH}, {what}", more["claim"], "ms", 5.0, note="median of 30"),
        Figure(NAME, f"the first claim of {BATCH}, {what}", more["first"], "ms", 5.0),
        Figure(NAME, "floor: a transaction of SELECT 1", more["floor"], "ms"),
        Figure(NAME, f"idle poll, {what}", more["idle"], "ms"),
        Figure(NAME, f"idle poll, {many:,} / {few:,} rows", more["idle"] / less["idle"], "x", 1.5),
        Figure(NAME, f"status, {what}", more["status"], "ms"),
    ]


def _fill(engine: Engine, count: int) -> None:
    database.migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        with database.on_postgresql.patience(None):
            connection.execute(text(_FILL), {"count": count})
            connection.execute(text(_RUNS))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        with database.on_postgresql.patience(None):
            connection.exec_driver_sql("VACUUM ANALYZE")


def _measure(context: Context, engine: Engine, *, keep_plan: bool) -> dict[str, float]:
    settings = Settings(_env_file=None, PHOTO_FACTORY_ROOT=context.work)  # type: ignore[call-arg]
    claims = Claims(engine, STAGE, FLAG, settings)
    found = {"idle": _milliseconds(lambda: _nothing_to_claim(claims))}
    with engine.begin() as connection:
        connection.execute(text(_WAIT), {"apart": 10})
    for name, put_back in (("claim", _GIVE_BACK), ("first", _FORGET)):
        again = partial(_execute, engine, put_back)
        again()
        found[name] = _milliseconds(lambda: claims.claim(BATCH), again)
    found["floor"] = _milliseconds(lambda: _execute(engine, "SELECT 1"))
    service = FlagService(STAGE, MediaAsset.is_thumbnailed, process=lambda *_: None)  # type: ignore[arg-type, return-value]
    found["status"] = _milliseconds(lambda: progress(engine, [service], settings), tries=3)
    if keep_plan:
        PLAN.write_text(_plan(engine, claims))
    return found


def _nothing_to_claim(claims: Claims) -> None:
    assert claims.claim(BATCH) == []


def _execute(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def _milliseconds(
    work: Callable[[], object], after: Callable[[], None] = lambda: None, tries: int = TRIES
) -> float:
    took = []
    for _ in range(tries + 3):  # the first ones warm connection and caches up
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
        after()
    return median(took[3:])


def _plan(engine: Engine, claims: Claims) -> str:
    """How PostgreSQL finds what is due."""
    with engine.begin() as connection:
        shown = claims._queue.batch.params(limit=BATCH).compile(
            dialect=dialect.dialect(), compile_kwargs={"literal_binds": True}
        )
        lines = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {shown}".replace("%", "%%"))
        return "\n".join(row[0] for row in lines) + "\n"
