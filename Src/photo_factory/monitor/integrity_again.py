"""Again: what was found wrong, and when it is worth another look.

At once where its file became another one: somebody put it back. Otherwise once a day, at the pace
of the round: a large damaged original must keep neither the round nor the disk busy.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, select

from photo_factory.monitor.integrity_looks import Original
from photo_factory.monitor.integrity_sweep import COLUMNS, is_found_wrong
from photo_factory.monitor.reading import Watch
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import Finding, MediaAsset

AT_ONCE = 1000
STALE_AFTER_S = 86400.0
"""Seconds after which even a file that did not change is looked at again: disks recover."""

Stamp = tuple[int, int, int] | None
"""A file's size in bytes, mtime in nanoseconds and inode; None where there is none."""

_assets = cast(Table, MediaAsset.__table__)
_findings = cast(Table, Finding.__table__)


class Again:
    """Goes round all open findings, some at each call; what it saw is forgotten at a restart."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._looks: dict[uuid.UUID, tuple[Stamp, float]] = {}
        self._stale: deque[uuid.UUID] = deque()
        self._after = 0

    def note(self, asset_id: uuid.UUID, stamp: Stamp) -> None:
        """It was looked at and is wrong; `stamp` is from before the look."""
        self._looks[asset_id] = stamp, time.monotonic()

    def changed(self) -> list[Original]:
        """Of the next findings, those whose file became another one since the last look."""
        columns = (*COLUMNS, _findings.c.kind, _findings.c.id.label("number"))
        query = (
            select(*columns)
            .join(_findings, _findings.c.asset_id == _assets.c.id)
            .where(_findings.c.repaired_at.is_(None), _findings.c.id > self._after)
        )
        with away(), reading(self._watch.engine) as connection:
            rows = connection.execute(query.order_by(_findings.c.id).limit(AT_ONCE)).all()
        self._after = rows[-1].number if len(rows) == AT_ONCE else 0
        return [Original(*row[:4]) for row in rows if self._is_changed(row)]

    def _is_changed(self, row: Any) -> bool:
        stamp = stamp_of(self._watch.paths.on_disk(row.final_path))
        last, looked_at = self._looks.get(row.id, (None, None))
        if stamp is None:  # thrown away, perhaps
            return row.kind != "missing" and (looked_at is None or last is not None)
        is_known = looked_at is not None or row.kind == "missing"
        # One of another size is not the right one: perhaps it is still being copied.
        if is_known and stamp != last and stamp[0] == row.size_bytes:
            return True
        if looked_at is None or time.monotonic() >= looked_at + STALE_AFTER_S:
            self.note(row.id, stamp)
            self._stale.append(row.id)
        return False

    def stale(self) -> list[Original]:
        """The next one whose last look is a day ago, or was not by this process; if any."""
        while self._stale:
            this = select(*COLUMNS).where(_assets.c.id == self._stale.popleft(), is_found_wrong)
            with away(), reading(self._watch.engine) as connection:
                rows = connection.execute(this).all()
            if rows:
                return [Original(*rows[0])]
        return []


def stamp_of(path: Path) -> Stamp:
    """What tells one file from another without reading it."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
