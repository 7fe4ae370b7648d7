"""The pace of reading originals again, and how far the reader is.

What one process knows of it is shared by the reader's thread and the probe: see Figures.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Table, func, select

from photo_factory.monitor.integrity_sweep import is_found_wrong
from photo_factory.monitor.reading import Watch
from photo_factory.shared import clock
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import MediaAsset

MIB = 1 << 20
DAY_S = 86400.0
STANDS_AFTER_S = 3600.0
"""Seconds without a step after which the reader is said to stand; a sweep's slice takes few."""

GRACE = timedelta(days=1)
"""How much later than INTEGRITY_DAYS a look may come before that is told."""

_EARLY, _LATE = 0.9, 0.95
"""Shares of INTEGRITY_DAYS: what a round takes, and from when on it is hurried."""

_assets = cast(Table, MediaAsset.__table__)


@dataclass
class Figures:
    """What this process knows; moments in seconds of the monotonic clock, None: never."""

    hashed_bytes: int = 0
    moved_at: float | None = None
    """When the reader last got on; None where none runs in this process."""

    weight: int = 0
    """Bytes of all originals."""

    weighed_at: float | None = None

    def move(self, hashed_bytes: int = 0) -> None:
        """The reader got on."""
        self.hashed_bytes += hashed_bytes
        self.moved_at = time.monotonic()

    @property
    def stands_s(self) -> float:
        """Seconds since the reader got on; 0 where none runs here."""
        return 0.0 if self.moved_at is None else time.monotonic() - self.moved_at


_figures: WeakKeyDictionary[Engine, Figures] = WeakKeyDictionary()


def figures_of(watch: Watch) -> Figures:
    """Those of the ledger that is watched."""
    return _figures.setdefault(watch.engine, Figures())


def pace(watch: Watch) -> float:
    """Bytes a second at which a round just fits its days; as fast as allowed when it is late."""
    fastest = watch.settings.integrity_rate * MIB
    days = watch.settings.integrity_days
    oldest = oldest_look(watch)
    if oldest and oldest < clock.now() - timedelta(days=_LATE * days):
        return fastest
    return min(fastest, max(1.0, _weight(watch) / (_EARLY * days * DAY_S)))


def _weight(watch: Watch) -> int:
    """Bytes of all originals, weighed once a day: that reads the whole table."""
    figures, now = figures_of(watch), time.monotonic()
    if figures.weighed_at is None or now >= figures.weighed_at + DAY_S:
        with away(), reading(watch.engine) as connection:
            weight = connection.scalar(select(func.sum(_assets.c.size_bytes)))
        figures.weight, figures.weighed_at = int(weight or 0), now
    return figures.weight


def oldest_look(watch: Watch) -> datetime | None:
    """When the original was last right whose look is oldest; its filing was a look as well.

    Those that are known to be wrong do not count. None where there is no other.
    """
    ever = select(func.min(_assets.c.verified_at))
    never = select(func.min(_assets.c.ingested_at))
    never = never.where(_assets.c.verified_at.is_(None), ~is_found_wrong)
    with away(), reading(watch.engine) as connection:
        moments = [connection.scalar(ever), connection.scalar(never)]
    return min((moment for moment in moments if moment), default=None)


def is_overdue(watch: Watch, oldest: datetime | None) -> bool:
    """Whether the oldest look should have been renewed by now."""
    days = watch.settings.integrity_days
    return bool(days and oldest and oldest < clock.now() - timedelta(days=days) - GRACE)
