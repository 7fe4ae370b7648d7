"""How long a wait for the ledger may last: only a moment more once somebody wants us to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SLICE_S = 0.25
"""Waits are cut into slices, for nobody is heard in the midst of one."""

LAST_WORD_S = 1.5
"""What a ledger may take to answer somebody who is to stop.

A last word may cost two waits, the second for a new connection; a supervisor kills after ten
seconds. What the ledger is not told by then is no loss: leases run out by themselves.
"""

_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


@contextmanager
def heeding(stop: threading.Event) -> Iterator[None]:
    """In here, and in this thread, a stop cuts every wait for the ledger short."""
    token = _stop.set(stop)
    try:
        yield
    finally:
        _stop.reset(token)


class Wait:
    """One wait that begins now, of at most `limit_s` seconds; None is for ever."""

    def __init__(self, limit_s: float | None) -> None:
        self._ends = float("inf") if limit_s is None else time.monotonic() + limit_s
        self._is_cut = False

    def is_over(self) -> bool:
        """Whether to give up; ask after every slice."""
        stop = _stop.get()
        if stop is not None and stop.is_set() and not self._is_cut:
            self._is_cut = True
            self._ends = min(self._ends, time.monotonic() + LAST_WORD_S)
        return time.monotonic() >= self._ends
