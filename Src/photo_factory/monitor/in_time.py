"""A question to a disk that may hang, asked so that whoever asks goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

PATIENCE_S = 5.0
"""Seconds the beating loop may wait: an end asked for meanwhile still comes in time."""


@dataclass
class _Answer:
    """What is on its way."""

    came: threading.Event = field(default_factory=threading.Event)
    is_yes: bool = False


class InTime:
    """Asks in a thread of its own; no answer in time is a no. It is not asked again meanwhile."""

    def __init__(self, ask: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        self._ask, self._patience_s = ask, patience_s
        self._lock = threading.Lock()
        self._answer: _Answer | None = None

    def __call__(self) -> bool:
        """What it answers; False where it does not in time, or fails."""
        with self._lock:
            if self._answer is None or self._answer.came.is_set():
                self._answer = _Answer()
                # A daemon: what hangs in the kernel must not keep the program from ending.
                asking = threading.Thread(target=self._work, args=(self._answer,), daemon=True)
                asking.start()
            answer = self._answer
        return answer.came.wait(self._patience_s) and answer.is_yes

    def _work(self, answer: _Answer) -> None:
        try:
            answer.is_yes = self._ask()
        finally:
            answer.came.set()
