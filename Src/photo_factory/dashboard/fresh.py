"""Answers shared by all sessions, renewed in the background, so that no page waits for a slow one.

What took long to find out is asked rarely: at most a small share of the time goes into asking.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from photo_factory.shared.errors import PhotoFactoryError

T = TypeVar("T")

SHARE = 0.02
"""The part of the time that is spent asking."""

PATIENCE_S = 1.5
"""Seconds a page waits for a newer answer before it shows the one there is."""

FIRST_S = 30.0
"""Seconds it waits for the first one."""


class NotYet(PhotoFactoryError):
    """The first answer is still being found."""


class Fresh(Generic[T]):
    """One question and its last answer."""

    def __init__(
        self, ask: Callable[[], T], *, least_s: float = 1.0, first_s: float = FIRST_S
    ) -> None:
        self._ask, self._least_s, self._first_s = ask, least_s, first_s
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._answers: list[T] = []
        self._error: Exception | None = None
        self._asked_at = self._took_s = 0.0

    def get(self) -> T:
        """The answer, as new as can be had quickly; what asking raised, while it still does."""
        thread = self._renewed()
        if thread:
            thread.join(PATIENCE_S if self._answers or self._error else self._first_s)
        if isinstance(self._error, PhotoFactoryError | OSError):  # as often as it is asked for
            raise type(self._error)(*self._error.args) from self._error
        if self._error:
            raise self._error
        if not self._answers:
            raise NotYet("this takes long to find out; it will be there soon")
        return self._answers[0]

    def forget(self) -> None:
        """Somebody changed what was asked about: ask again next time."""
        self._asked_at = 0.0

    def close(self) -> None:
        """Wait for a question under way."""
        if self._thread:
            self._thread.join()

    def _renewed(self) -> threading.Thread | None:
        """The thread that asks, begun now if it is time."""
        with self._lock:
            if self._thread and self._thread.is_alive():
                return self._thread
            rest_s = max(self._least_s, self._took_s / SHARE)
            if self._asked_at and time.monotonic() - self._asked_at < rest_s:
                return None
            self._thread = threading.Thread(target=self._renew, daemon=True)
            self._thread.start()
            return self._thread

    def _renew(self) -> None:
        begun = time.monotonic()
        try:
            self._answers = [self._ask()]
            self._error = None
        except Exception as error:  # noqa: BLE001 -- raised in every page that asks, see get()
            self._error = error
        self._asked_at = time.monotonic()
        # An answer that did not come may come at any time: a failure does not count as slow.
        self._took_s = 0.0 if self._error else self._asked_at - begun
