"""What the service-monitor knows by itself: readings for the ledger, and the disks' past.

It stands in one file of its own, so that it outlasts both a ledger that is away and a restart.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from photo_factory.monitor.keeping import Keeper
from photo_factory.monitor.reading import Reading
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.heartbeat_service import Beat, this_process, write_beats
from photo_factory.shared.ledger.database import away

log = logging.getLogger(__name__)

LONGEST = 10_000
"""Beats that wait at most: about three days of all probes; then the oldest are given up."""

SAMPLE_EVERY = timedelta(hours=1)
SAMPLES_FOR = timedelta(days=60)
_AT_ONCE = 500

Samples = dict[str, list[tuple[datetime, float]]]


@dataclass
class Spool:
    """The beats of the probes on their way to the ledger."""

    path: Path
    expected_every: int
    started_at: datetime
    waiting: list[Beat] = field(default_factory=list)
    samples: Samples = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._keeper = Keeper(self.path)

    @classmethod
    def open(cls, path: Path, expected_every: int, at: datetime) -> Spool:
        """As it was left; empty where there is none, or none that can be read."""
        spool = cls(path, expected_every, at)
        try:
            kept = json.loads(path.read_text())
            spool.waiting = [_beat(one) for one in kept["waiting"]]
            spool.samples = {
                name: [(datetime.fromisoformat(when), float(value)) for when, value in series]
                for name, series in kept["samples"].items()
            }
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError, OSError) as error:
            log.warning("%s cannot be read (%s): it begins anew", path, error)
        return spool

    def add(self, readings: Mapping[str, Reading], at: datetime) -> None:
        """One beat for each reading."""
        self.waiting += [self._made(name, reading, at) for name, reading in readings.items()]
        del self.waiting[:-LONGEST]

    def _made(self, name: str, reading: Reading, at: datetime) -> Beat:
        return Beat(
            service_name=name,
            beat_at=at,
            status=reading.status,
            current_task=reading.task,
            expected_every=self.expected_every,
            started_at=self.started_at,
            restarts=0,
            message=reading.message,
            instance=this_process(),
            details=reading.details,
            is_probe=True,
        )

    def deliver(self, engine: Engine) -> bool:
        """Write what waits into the ledger; False while that is away."""
        try:
            while self.waiting:
                with away(), engine.begin() as connection:
                    write_beats(connection, self.waiting[:_AT_ONCE])
                del self.waiting[:_AT_ONCE]
        except LedgerAway as error:
            log.debug("%d beats wait: %s", len(self.waiting), error)
            return False
        return True

    def sample(self, name: str, value: float, at: datetime) -> list[tuple[datetime, float]]:
        """Note a figure, one an hour; all of it that is kept, oldest first."""
        series = self.samples.setdefault(name, [])
        if not series or at - series[-1][0] >= SAMPLE_EVERY:
            series.append((at, value))
        while at - series[0][0] > SAMPLES_FOR:
            del series[0]
        return series

    def keep(self) -> None:
        """Put it where it outlasts us."""
        kept = {
            "waiting": [_told(beat) for beat in self.waiting],
            "samples": {
                name: [(when.isoformat(), value) for when, value in series]
                for name, series in self.samples.items()
            },
        }
        self._keeper.keep(json.dumps(kept).encode())


_MOMENTS = ("beat_at", "started_at")


def _told(beat: Beat) -> dict[str, Any]:
    return {**vars(beat), **{name: getattr(beat, name).isoformat() for name in _MOMENTS}}


def _beat(told: Mapping[str, Any]) -> Beat:
    return Beat(**{**told, **{name: datetime.fromisoformat(told[name]) for name in _MOMENTS}})
