"""Signs of life: a service beats from its working loop, and anyone can tell when it stopped."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, cast

from sqlalchemy import Connection, Engine, Table, func, insert, select

from photo_factory.shared import beat_file, clock
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.ledger.database import away, upsert
from photo_factory.shared.ledger.models import SystemStatus, SystemStatusHistory

log = logging.getLogger(__name__)

Status = Literal["OK", "WARNING", "ERROR"]
State = Literal["OK", "WARNING", "ERROR", "SILENT"]

STOPPED = "stopped"
"""The task of a service's last beat when it was asked to stop."""

_status = cast(Table, SystemStatus.__table__)
_history = cast(Table, SystemStatusHistory.__table__)

_WORST_FIRST: tuple[State, ...] = ("ERROR", "WARNING", "OK")
_TASK_PAUSE_S = 10.0
_WAITING_BEATS = 256
_GRACE_S = 5
_FALLEN_IS_NEWS = timedelta(hours=1)
"""For so long it is told that one of several processes fell silent."""


class SignOfLife(Protocol):
    """What `state_of` reads: a row of system_status has it."""

    @property
    def status(self) -> Any: ...
    @property
    def last_heartbeat(self) -> Any: ...
    @property
    def expected_every(self) -> Any: ...


def patience(expected_every: int) -> timedelta:
    """How old a last beat may be: two of them did not come then."""
    return timedelta(seconds=2 * expected_every + _GRACE_S)


def state_of(row: SignOfLife, at: datetime) -> State:
    """What the service says of itself, or SILENT when two of its beats did not come."""
    if at - row.last_heartbeat > patience(row.expected_every):
        return "SILENT"
    state: State = row.status
    return state


@dataclass(frozen=True)
class Light:
    """How a service is: all of its processes together, the one that is worst speaking for them."""

    name: str
    state: State
    current_task: str
    message: str | None
    last_heartbeat: datetime
    expected_every: int
    started_at: datetime
    restarts: int
    instances: int
    """How many of its processes are alive; 0 when it is silent or was stopped."""
    is_probe: bool
    details: Mapping[str, Any] = field(default_factory=dict)


def lights(connection: Connection, at: datetime) -> dict[str, Light]:
    """Every service and probe that ever beat, by name."""
    rows = connection.execute(select(_status)).all()
    found = _processes(connection, at, [row for row in rows if not row.is_probe])
    none = _Processes()
    return {row.service_name: _light(row, found.get(row.service_name, none), at) for row in rows}


@dataclass
class _Processes:
    """The last beats of the processes of one service that beat a short while ago."""

    beats: list[Any] = field(default_factory=list)

    def alive(self, at: datetime) -> list[Any]:
        working = [one for one in self.beats if one.current_task != STOPPED]
        return [one for one in working if not _is_silent(one, at)]

    def fallen(self, at: datetime) -> list[Any]:
        """Those that fell silent without being asked to stop, and that none took the place of."""
        working = [one for one in self.beats if one.current_task != STOPPED]
        silent = [one for one in working if _is_silent(one, at)]
        starts = sorted(one.started_at for one in self.beats)
        lost = []
        for one in sorted(silent, key=lambda beat: beat.beat_at):
            later = [start for start in starts if start >= one.beat_at]
            if later:
                starts.remove(later[0])
            else:
                lost.append(one)
        return lost


def _is_silent(beat: Any, at: datetime) -> bool:
    return bool(at - beat.beat_at > patience(beat.expected_every))


def _processes(connection: Connection, at: datetime, rows: list[Any]) -> dict[str, _Processes]:
    """The last beat of each process of the services, as far as it is young enough to matter."""
    longest = max((patience(row.expected_every) for row in rows), default=timedelta(0))
    # Grouped by the bare name, SQLite would go through the whole history by the index of names.
    name = _history.c.service_name.concat("")
    last = (
        select(func.max(_history.c.id))
        .where(_history.c.beat_at >= at - max(longest, _FALLEN_IS_NEWS))
        .group_by(name, _history.c.instance)
    )
    found: dict[str, _Processes] = {}
    for beat in connection.execute(select(_history).where(_history.c.id.in_(last))):
        found.setdefault(beat.service_name, _Processes()).beats.append(beat)
    return found


def _light(row: Any, processes: _Processes, at: datetime) -> Light:
    alive = processes.alive(at)
    # Of those that are equally well the newest: one that died a moment ago counts as alive still.
    newest = sorted(alive, key=lambda beat: beat.id, reverse=True)
    told = min(newest, key=lambda beat: _WORST_FIRST.index(beat.status), default=row)
    return Light(
        name=row.service_name,
        state=told.status if alive else state_of(row, at),
        current_task=told.current_task,
        message=_with_fallen(told.message, len(alive), processes.fallen(at)),
        last_heartbeat=row.last_heartbeat,
        expected_every=row.expected_every,
        started_at=told.started_at,
        restarts=told.restarts,
        instances=len(alive),
        is_probe=row.is_probe,
        details=row.details,
    )


def _with_fallen(message: str | None, alive: int, fallen: list[Any]) -> str | None:
    if not alive or not fallen:
        return message
    last = max(one.beat_at for one in fallen)
    told = f"{len(fallen)} of {alive + len(fallen)} processes fell silent at {last:%H:%M} UTC"
    return f"{told}; {message}" if message else told


@dataclass(frozen=True)
class Beat:
    """One sign of life, as system_status and its history keep it."""

    service_name: str
    beat_at: datetime
    status: Status
    current_task: str
    expected_every: int
    started_at: datetime
    restarts: int
    message: str | None
    instance: str
    details: Mapping[str, Any] = field(default_factory=dict)
    is_probe: bool = False


def this_process() -> str:
    """Who beats, as `instance` tells it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def write_beats(connection: Connection, beats: Sequence[Beat]) -> None:
    """Write beats, oldest first: all into the history, the last of each name as its status."""
    history = [{**vars(beat)} for beat in beats]
    for row in history:
        del row["details"], row["is_probe"]  # it keeps what was said, not all that was measured
    connection.execute(insert(_history), history)
    for row in {beat.service_name: {**vars(beat)} for beat in beats}.values():
        row["last_heartbeat"] = row.pop("beat_at")
        changing = [name for name in row if name != "service_name"]
        connection.execute(upsert(_status, ["service_name"], changing), row)


def _leave_beside(beat: Beat) -> None:
    try:
        beat_file.leave(
            beat.service_name, beat.status, beat.current_task, beat.message, beat.expected_every
        )
    except OSError as error:  # the health check then finds it silent, which is worth a look
        log.warning("the beat cannot be left for the health check: %s", error)


class Heartbeat:
    """The beats of one service. Beats that find the database away are written when it is back."""

    def __init__(
        self,
        ledger: Engine | Callable[[], Engine],
        service_name: str,
        expected_every: int,
        restarts: int = 0,
        *,
        is_probe: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._service_name = service_name
        self._expected_every = expected_every
        self._restarts = restarts
        self._is_probe = is_probe
        self._instance = this_process()
        self._monotonic = monotonic
        self._started_at = clock.now()
        self._last: Beat | None = None
        self._beaten = float("-inf")
        self._try_from = float("-inf")
        self._waiting: deque[Beat] = deque(maxlen=_WAITING_BEATS)

    @property
    def waiting(self) -> int:
        """How many beats the ledger has not got yet."""
        return len(self._waiting)

    def beat(
        self,
        status: Status = "OK",
        task: str = "",
        message: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Call as often as you like: only what is news, or due, is written.

        `details` is what a probe measured; it goes with the beat, and is no news by itself.
        """
        tick = self._monotonic()
        if self._is_news(status, task, message, tick):
            self._last = self._made(status, task, message, details or {})
            self._beaten = tick
            self._waiting.append(self._last)
            _leave_beside(self._last)
        if self._waiting and tick >= self._try_from:
            self._write()

    def last_beat(
        self,
        status: Status,
        task: str,
        message: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Beat for the last time: it is written however short a while ago the one before was."""
        self._beaten = self._try_from = float("-inf")
        self.beat(status, task, message, details)

    def _is_news(self, status: Status, task: str, message: str | None, tick: float) -> bool:
        since = tick - self._beaten
        if self._last is None or since >= self._expected_every or status != self._last.status:
            return True
        told = (self._last.current_task, self._last.message)
        return (task, message) != told and since >= _TASK_PAUSE_S

    def _made(
        self, status: Status, task: str, message: str | None, details: Mapping[str, Any]
    ) -> Beat:
        return Beat(
            service_name=self._service_name,
            beat_at=clock.now(),
            status=status,
            current_task=task,
            expected_every=self._expected_every,
            started_at=self._started_at,
            restarts=self._restarts,
            message=message,
            instance=self._instance,
            details=details,
            is_probe=self._is_probe,
        )

    def _write(self) -> None:
        try:
            with away(), self._engine().begin() as connection:
                write_beats(connection, list(self._waiting))
        except LedgerAway:
            # A database that is away answers slowly or not at all: the working loop pays for
            # that once per expected beat, counted from the end of the failure.
            self._try_from = self._monotonic() + self._expected_every
            return
        self._waiting.clear()

    def _engine(self) -> Engine:
        return self._ledger if isinstance(self._ledger, Engine) else self._ledger()
