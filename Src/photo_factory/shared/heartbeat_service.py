"""Signs of life: a service beats from its working loop, and anyone can tell when it stopped."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from sqlalchemy import Engine, insert

from photo_factory.shared import clock
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.ledger.database import away, upsert
from photo_factory.shared.ledger.models import SystemStatus, SystemStatusHistory

Status = Literal["OK", "WARNING", "ERROR"]
State = Literal["OK", "WARNING", "ERROR", "SILENT"]

_TASK_PAUSE_S = 1.0
_WAITING_BEATS = 256
_GRACE_S = 5


class SignOfLife(Protocol):
    """What `state_of` reads: a row of system_status has it."""

    @property
    def status(self) -> Any: ...
    @property
    def last_heartbeat(self) -> Any: ...
    @property
    def expected_every(self) -> Any: ...


def state_of(row: SignOfLife, at: datetime) -> State:
    """What the service says of itself, or SILENT when two of its beats did not come."""
    patience = timedelta(seconds=2 * row.expected_every + _GRACE_S)
    if at - row.last_heartbeat > patience:
        return "SILENT"
    state: State = row.status
    return state


@dataclass(frozen=True)
class _Beat:
    service_name: str
    beat_at: datetime
    status: Status
    current_task: str
    expected_every: int
    started_at: datetime
    restarts: int
    message: str | None


class Heartbeat:
    """The beats of one service. Beats that find the database away are written when it is back."""

    def __init__(
        self,
        ledger: Engine | Callable[[], Engine],
        service_name: str,
        expected_every: int,
        restarts: int = 0,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._service_name = service_name
        self._expected_every = expected_every
        self._restarts = restarts
        self._monotonic = monotonic
        self._started_at = clock.now()
        self._last: _Beat | None = None
        self._beaten = float("-inf")
        self._try_from = float("-inf")
        self._waiting: deque[_Beat] = deque(maxlen=_WAITING_BEATS)

    @property
    def waiting(self) -> int:
        """How many beats the ledger has not got yet."""
        return len(self._waiting)

    def beat(self, status: Status = "OK", task: str = "", message: str | None = None) -> None:
        """Call as often as you like: only what is news, or due, is written."""
        tick = self._monotonic()
        if self._is_news(status, task, message, tick):
            self._last = self._made(status, task, message)
            self._beaten = tick
            self._waiting.append(self._last)
        if self._waiting and tick >= self._try_from:
            self._write()

    def last_beat(self, status: Status, task: str, message: str | None = None) -> None:
        """Beat for the last time: it is written however short a while ago the one before was."""
        self._beaten = self._try_from = float("-inf")
        self.beat(status, task, message)

    def _is_news(self, status: Status, task: str, message: str | None, tick: float) -> bool:
        since = tick - self._beaten
        if self._last is None or since >= self._expected_every or status != self._last.status:
            return True
        told = (self._last.current_task, self._last.message)
        return (task, message) != told and since >= _TASK_PAUSE_S

    def _made(self, status: Status, task: str, message: str | None) -> _Beat:
        return _Beat(
            service_name=self._service_name,
            beat_at=clock.now(),
            status=status,
            current_task=task,
            expected_every=self._expected_every,
            started_at=self._started_at,
            restarts=self._restarts,
            message=message,
        )

    def _write(self) -> None:
        beats = [asdict(beat) for beat in self._waiting]
        newest = dict(beats[-1])
        newest["last_heartbeat"] = newest.pop("beat_at")
        changing = [name for name in newest if name != "service_name"]
        try:
            with away(), self._engine().begin() as connection:
                connection.execute(insert(SystemStatusHistory), beats)
                connection.execute(
                    upsert(SystemStatus.__table__, ["service_name"], changing), newest
                )
        except LedgerAway:
            # A database that is away answers slowly or not at all: the working loop pays for
            # that once per expected beat, counted from the end of the failure.
            self._try_from = self._monotonic() + self._expected_every
            return
        self._waiting.clear()

    def _engine(self) -> Engine:
        return self._ledger if isinstance(self._ledger, Engine) else self._ledger()
