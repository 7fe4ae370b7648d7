"""How fast bytes may flow to and from all targets together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache


class Bandwidth:
    """A token bucket that threads share; it holds a second's worth of bytes at most."""

    def __init__(
        self,
        bytes_per_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = bytes_per_s
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._level, self._since = bytes_per_s, clock()

    def take(self, count: int) -> None:
        """Wait until so many bytes may flow; more than the bucket holds are paid for afterwards."""
        if not self._rate:
            return
        with self._lock:
            now = self._clock()
            filled = self._level + (now - self._since) * self._rate
            self._level, self._since = min(filled, self._rate) - count, now
            debt = -self._level
        if debt > 0:
            self._sleep(debt / self._rate)


@cache
def shared(mib_per_s: float) -> Bandwidth:
    """The one bucket of this process; 0 is no limit."""
    return Bandwidth(mib_per_s * (1 << 20))
