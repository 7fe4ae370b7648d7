"""The probe `clock`: do this machine, the database server and the storage agree on the time?"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import clock as clocks
from photo_factory.shared.ledger.database import away, reading

WARNING_S, ERROR_S = 5.0, 60.0


def clock(watch: Watch) -> Reading:
    """Leases, beats and drills are compared across machines: their clocks should agree."""
    skews = {"the storage's": _of_storage(watch.paths.monitor)}
    if watch.engine.dialect.name == "postgresql":
        skews["the database's"] = _of_postgresql(watch)
    whose, worst = max(skews.items(), key=lambda one: abs(one[1]))
    details = {"skew_s": round(worst, 2)}
    task = f"{abs(worst):.1f} s apart"
    if abs(worst) < WARNING_S:
        return Reading("OK", task, None, details)
    told = f"{whose} clock is {abs(worst):.0f} s {'ahead' if worst > 0 else 'behind'}: set up NTP"
    return Reading("ERROR" if abs(worst) >= ERROR_S else "WARNING", task, told, details)


def _of_postgresql(watch: Watch) -> float:
    with away(), reading(watch.engine) as connection:
        connection.execute(text("SELECT 1"))  # the way there is paid for before it is measured
        began = clocks.now()
        theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return _apart(theirs, began, clocks.now())


def _of_storage(folder: Path) -> float:
    """By the time the storage's file system gives a new file."""
    with tempfile.TemporaryFile(dir=folder) as file:
        began = clocks.now()
        file.write(b"what time is it?")
        file.flush()
        theirs = datetime.fromtimestamp(Path(f"/proc/self/fd/{file.fileno()}").stat().st_mtime, UTC)
        return _apart(theirs, began, clocks.now())


def _apart(theirs: datetime, began: datetime, ended: datetime) -> float:
    """Seconds outside of the time the question took."""
    if began - timedelta(seconds=1) <= theirs <= ended + timedelta(seconds=1):
        return 0.0
    return (theirs - (began + (ended - began) / 2)).total_seconds()
