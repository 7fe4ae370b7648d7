"""The probe `inbox`: how much lies there, since when, and what of it is held."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import func, select

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import Arrival

MANY = 100_000
"""So many files are looked at; an inbox with more is told as `over`."""


def inbox(watch: Watch) -> Reading:
    """WARNING when something has lain there too long without being held for a reason."""
    try:
        times = sorted(_times(str(watch.paths.inbox)))
    except OSError as error:
        return Reading("ERROR", "cannot be read", f"{watch.paths.inbox}: {error.strerror}")
    with away(), reading(watch.engine) as connection:
        is_held = Arrival.state.in_(("held", "failed")), Arrival.removed_at.is_(None)
        query = select(func.count()).select_from(Arrival).where(*is_held)
        held = connection.scalar(query) or 0
    oldest = datetime.fromtimestamp(times[0], UTC) if times else None
    details = {
        "files": len(times),
        "held": held,
        "oldest_at": oldest.isoformat() if oldest else None,
    }
    over = "over " if len(times) >= MANY else ""
    task = f"{over}{len(times):,} {'file' if len(times) == 1 else 'files'}, {held:,} held"
    keeps = watch.settings.inbox_mode == "keep"
    patience = watch.settings.backlog_warning * 3600
    waited = [one for one in times if time.time() - one > patience]
    if not keeps and len(waited) > held:
        told = (
            f"{len(waited) - held:,} files have waited for over {watch.settings.backlog_warning} h"
        )
        return Reading("WARNING", task, f"{told}: is the librarian well?", details)
    return Reading("OK", task, None, details)


def _times(folder: str) -> Iterator[float]:
    """When files came to lie there (not when they were taken: a phone's mtime is that)."""
    left = MANY
    folders = [folder]
    while folders and left > 0:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.startswith((".", "~", "@")):  # Syncthing's and a NAS's own
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False) and left > 0:
                    left -= 1
                    yield entry.stat(follow_symlinks=False).st_ctime
