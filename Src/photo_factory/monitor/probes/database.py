"""The probe `factory-db`: does the ledger answer, how quickly, how large has it become?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared.errors import LedgerAway, LedgerError
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.roots import Guard
from photo_factory.shared.sizes import bytes_text

AWAY_WITH_DISK = "the ledger is away together with the archive: is its disk mounted?"
"""What answers there would be a new ledger in an empty mount point."""

SLOW_MS = 1000
LONG_MINUTES = 5
LARGE_WAL = 256 << 20
MANY_DEAD = 100_000

_LONG = f"""
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND xact_start < now() - interval '{LONG_MINUTES} minutes'
"""
_ROWS = (
    "SELECT COALESCE(sum(n_dead_tup), 0) AS dead, sum(n_live_tup) AS live FROM pg_stat_user_tables"
)


def factory_db(watch: Watch) -> Reading:
    """ERROR when it cannot be reached or is damaged, WARNING when it is slow or neglected."""
    if not Guard(watch.settings, watch.paths, watch.engine).has_ledger:
        watch.engine.dispose()
        return Reading("ERROR", "is away", AWAY_WITH_DISK)
    began = time.monotonic()
    try:
        with away(), reading(watch.engine) as connection:
            connection.execute(text("SELECT 1"))
            round_trip_ms = (time.monotonic() - began) * 1000
            of_kind = _of_sqlite if watch.engine.dialect.name == "sqlite" else _of_postgresql
            details, troubles = of_kind(connection)
    except (LedgerAway, LedgerError) as error:  # away, too slow to answer, or damaged
        return Reading("ERROR", "does not answer", str(error))
    details["round_trip_ms"] = round(round_trip_ms, 1)
    if round_trip_ms > SLOW_MS:
        troubles.append(f"a question takes {round_trip_ms / 1000:.1f} s")
    size = f"{bytes_text(details['size_bytes'])}, answers in {round_trip_ms:.0f} ms"
    return Reading("WARNING" if troubles else "OK", size, "; ".join(troubles) or None, details)


def _of_postgresql(connection: Connection) -> tuple[dict[str, Any], list[str]]:
    size = connection.scalar(text("SELECT pg_database_size(current_database())"))
    long = connection.scalar(text(_LONG)) or 0
    rows = connection.execute(text(_ROWS)).one()
    troubles = []
    if long:
        troubles.append(f"{long} transactions have been open for over {LONG_MINUTES} minutes")
    if rows.dead > max(MANY_DEAD, (rows.live or 0) / 2):
        troubles.append(f"{rows.dead:,} dead rows: autovacuum does not keep up (VACUUM ANALYZE)")
    details = {
        "size_bytes": int(size or 0), "long_transactions": long, "dead_rows": int(rows.dead),
    }  # fmt: skip
    return details, troubles


def _of_sqlite(connection: Connection) -> tuple[dict[str, Any], list[str]]:
    path = Path(connection.engine.url.database or "")
    log = path.with_name(f"{path.name}-wal")
    log_bytes = log.stat().st_size if log.exists() else 0
    troubles = []
    if log_bytes > LARGE_WAL:
        troubles.append(
            f"{log} has grown to {bytes_text(log_bytes)}: somebody reads the ledger without an end"
        )
    size = path.stat().st_size + log_bytes
    return {"size_bytes": size, "long_transactions": 0, "dead_rows": 0}, troubles
