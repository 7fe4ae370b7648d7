"""When a file has settled: unchanged for the quiet period, or renamed into place."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from photo_factory.librarian.arrivals import Arrival

_Seen = tuple[int, int, int, int]


@dataclass
class Stability:
    """Decides per arrival; times in seconds.

    `trusts_ctime`: a local kernel stamps every change with its own clock, so the age of the
    last change proves the quiet period without having watched it. A file server's clock may be
    off; there only what was observed here counts.
    """

    delay: float
    trusts_ctime: bool = True
    _observed: dict[str, tuple[_Seen, float]] = field(default_factory=dict)
    _placed: set[str] = field(default_factory=set)

    def renamed_into_place(self, path: str) -> None:
        """A rename shows a finished file: it counts as settled when it is next asked about."""
        self._placed.add(path)

    def wait_for(self, arrival: Arrival) -> float:
        """Seconds until the file may have settled; 0 when it has."""
        if arrival.path in self._placed:
            self._placed.discard(arrival.path)
            self._observed.pop(arrival.path, None)
            return 0.0
        remaining = self.delay - self._quiet_for(arrival)
        if remaining <= 0:
            self._observed.pop(arrival.path, None)
            return 0.0
        return remaining

    def forget(self, path: str) -> None:
        """The file is gone."""
        self._observed.pop(path, None)
        self._placed.discard(path)

    def _quiet_for(self, arrival: Arrival) -> float:
        changed = max(arrival.ctime_ns, arrival.mtime_ns) / 1e9
        age = time.time() - changed
        if self.trusts_ctime and age >= 0:
            return age
        return self._observed_for(arrival)

    def _observed_for(self, arrival: Arrival) -> float:
        now = time.monotonic()
        seen = (arrival.size, arrival.mtime_ns, arrival.ctime_ns, arrival.inode)
        before, since = self._observed.get(arrival.path, (None, now))
        if before != seen:
            since = now
        self._observed[arrival.path] = (seen, since)
        return now - since
