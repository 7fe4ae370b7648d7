"""The probes `disk-…`: how much room is left, and until when it lasts as things go."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import linear_regression

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import clock
from photo_factory.shared.sizes import bytes_text

FORECAST_FROM = timedelta(days=1)
"""So long it must have been watched before a forecast says anything."""

FAR = timedelta(days=3650)
SOON = timedelta(days=30)


def disk_inbox(watch: Watch) -> Reading:
    """The disk that phones send to."""
    return _disk(watch, "disk-inbox", watch.paths.inbox)


def disk_storage(watch: Watch) -> Reading:
    """The disk of the archive."""
    return _disk(watch, "disk-storage", watch.paths.storage)


def disk_database(watch: Watch) -> Reading:
    """The disk of the ledger, where it can be seen from here."""
    url = watch.engine.url
    if url.get_backend_name() == "sqlite":
        return _disk(watch, "disk-database", Path(url.database or "").parent)
    if watch.settings.database_folder is None:
        how = "set DATABASE_FOLDER to the folder of its files, if this machine can see it"
        return Reading("OK", "the server's disk cannot be seen from here", how)
    return _disk(watch, "disk-database", watch.settings.database_folder)


def _disk(watch: Watch, name: str, folder: Path) -> Reading:
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return Reading("ERROR", "cannot be seen", f"{folder}: {error.strerror}")
    at = clock.now()
    full_on = forecast(watch.samples(name, float(usage.free), at), at)
    free = 100 * usage.free / max(usage.total, 1)
    details = {
        "path": str(folder),
        "free_bytes": usage.free,
        "total_bytes": usage.total,
        "full_on": full_on.isoformat() if full_on else None,
    }
    task = f"{bytes_text(usage.free)} of {bytes_text(usage.total)} free"
    least = watch.settings.min_free_space << 20
    if free < watch.settings.disk_warning / 3 or usage.free <= least:
        return Reading("ERROR", task, f"{folder} is nearly full ({free:.1f} % free)", details)
    if free < watch.settings.disk_warning:
        return Reading("WARNING", task, f"{folder} becomes full ({free:.1f} % free)", details)
    if full_on and full_on - at.date() < SOON:
        return Reading("WARNING", task, f"{folder} is full on {full_on} as things go", details)
    return Reading("OK", task, f"full on {full_on} as things go" if full_on else None, details)


def forecast(series: Sequence[tuple[datetime, float]], at: datetime) -> date | None:
    """The day nothing is left, by the line through the free bytes of the past; None: not in sight.

    The line goes through what was measured once an hour in the last 60 days.
    """
    if len(series) < 2 or series[-1][0] - series[0][0] < FORECAST_FROM:
        return None
    days = [(when - series[0][0]) / timedelta(days=1) for when, _ in series]
    slope, _ = linear_regression(days, [free for _, free in series])
    if slope >= 0:
        return None
    left = series[-1][1] / -slope
    return (at + timedelta(days=left)).date() if left < FAR.days else None
