"""Pauses: what a service does while something it needs is away."""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds: doubled each time, from first to longest."""


class Pause:
    """A rest because something is away: twice as long each time, until work succeeds again."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._next_s = FIRST_PAUSE
        self._until = 0.0

    @property
    def left_s(self) -> float:
        """Seconds it still lasts."""
        return max(0.0, self._until - time.monotonic())

    def begin(self, reason: str) -> None:
        """Something is away; one report of many at once makes one pause."""
        self.reason = reason
        if not self.left_s:
            log.warning("pausing for %.0f s: %s", self._next_s, reason)
            self._until = time.monotonic() + self._next_s
            self._next_s = min(self._next_s * 2, LONGEST_PAUSE)

    def end(self) -> None:
        """It is back."""
        self.reason, self._next_s, self._until = None, FIRST_PAUSE, 0.0
