"""The loop that all add-ons share: claim, work, write what came of it, rest, and say how it is."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from photo_factory.shared import executors, pauses
from photo_factory.shared.claims import Claim, Claims
from photo_factory.shared.errors import LedgerAway, TryLater
from photo_factory.shared.facts import Facts
from photo_factory.shared.heartbeat_service import Heartbeat, Status
from photo_factory.shared.ledger.database import connect, listener, migrate
from photo_factory.shared.ledger.extensions import extend
from photo_factory.shared.ledger.waits import heeding
from photo_factory.shared.outcomes import Outcomes
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.roots import Guard
from photo_factory.shared.settings import Settings

if TYPE_CHECKING:
    from photo_factory.shared.flag_service import FlagService

log = logging.getLogger(__name__)

Told = Callable[[int, int], None]

FIRST_REST = 0.05
"""Seconds the first rest lasts when nothing is due; it grows to POLL_INTERVAL."""

PATIENCE = 5.0
"""Seconds for what is in hand when we are asked to stop; a supervisor kills after ten, and the
ledger wants to be told as well."""

_TOO_MANY = 10
"""Failures of different photos, with no success between, that are hardly the photos' fault."""

_TURN_S = 0.5
_LONG_S = 600.0
_COMPLAINT_S = 15.0


class FlagLoop:
    """One process's work on one flag."""

    def __init__(
        self,
        service: FlagService,
        settings: Settings,
        stop: threading.Event,
        told: Told | None = None,
    ) -> None:
        self._service, self._settings, self._stop, self._told = service, settings, stop, told
        self._engine = connect(database_url(settings), application=service.name)
        self._claims = Claims(self._engine, service.name, service.flag_name, settings)
        self._listener = listener(self._engine)
        self._heart = Heartbeat(
            self._ledger,
            service.name,
            settings.heartbeat_interval,
            restarts=int(os.environ.get("PHOTO_FACTORY_RESTARTS", "0")),
        )
        self._workplace: executors.Workplace | None = None
        self._in_hand: dict[Future[Facts], tuple[Claim, float]] = {}
        self._outcomes = Outcomes(Paths.of(settings).originals)
        self._pause = pauses.Pause()
        self._is_prepared = False
        self._idle: str | None = None
        self._away: str | None = None
        self._guard = Guard(settings, Paths.of(settings), self._engine)
        self._halted: str | None = None
        self._crash: str | None = None
        self._complaint: str | None = None
        self._asked_complaint = self._renewed = float("-inf")
        self._rest_s = FIRST_REST
        self._total = 0

    def run(self, *, once: bool = False) -> bool:
        """Work until asked to stop; `once`: until nothing is due. False: not all went well."""
        executors.stopping.clear()
        with heeding(self._stop):
            try:
                self._work(once)
            except Exception as error:
                self._crash = f"{type(error).__name__}: {error}"
                raise
            finally:
                self._end()
        told = self._outcomes
        is_held_up = self._pause.reason or self._away or self._halted
        return not (told.failed or told.parked or is_held_up)

    def _work(self, once: bool) -> None:
        while not self._stop.is_set():
            is_busy = self._turn_or_wait(once)
            if self._stop.is_set():
                return
            self._beat()
            if not is_busy:
                if once and self._is_done():
                    return
                self._rest()

    def _is_done(self) -> bool:
        """Whether a run `once` may end: a claim is empty also while others have rows locked."""
        is_held_up = self._pause.left_s or self._halted or self._idle
        return bool(is_held_up) or not self._claims.due()

    def _ledger(self) -> Engine:
        if self._halted and not self._guard.has_ledger:
            raise LedgerAway(self._halted)  # it is not made anew where a disk is missing
        if not self._is_prepared:
            migrate(self._engine)  # not a word into a ledger that is newer than this program
        return self._engine

    def _turn_or_wait(self, once: bool) -> bool:
        try:
            is_busy = self._turn()
        except LedgerAway as error:
            self._away = str(error)
            if once:
                raise
            self._stop.wait(pauses.FIRST_PAUSE)
            return False
        self._away = None
        return is_busy

    def _turn(self) -> bool:
        """One step of work; False when there was nothing to do."""
        self._halted = self._guard.trouble()
        if self._halted:
            self._stand_still()
            return False
        self._prepare()
        self._idle = self._service.idle(self._settings) if self._service.idle else None
        if self._idle:
            return False
        self._ask_for_complaints()
        self._write()
        self._renew()
        self._claim()
        was_busy = bool(self._in_hand)
        self._collect()
        self._write()
        return was_busy

    def _stand_still(self) -> None:
        """The archive must not be touched: nothing is begun, and nobody is blamed."""
        self._drop_what_is_not_begun()
        self._collect()
        if self._is_prepared and self._guard.has_ledger:
            self._write()

    def _prepare(self) -> None:
        if self._is_prepared:
            return
        migrate(self._engine)
        extend(self._engine)
        if self._service.prepare:
            self._service.prepare(self._settings, self._engine)
        self._is_prepared = True
        if self._told:
            self._total = self._claims.due()
            self._told(0, self._total)

    def _claim(self) -> None:
        """Take more when less than half of what we like to hold is in hand."""
        if self._pause.left_s:
            return
        try:
            workplace = self._workplace or self._opened()
            appetite = self._appetite(workplace.slots)
        except TryLater as error:
            self._close_workplace()  # what is in hand there is lost; it is opened anew later
            self._pause_for(str(error))
            return
        if len(self._in_hand) <= appetite // 2:
            for claim in self._claims.claim(appetite - len(self._in_hand)):
                self._in_hand[workplace.submit(claim.asset)] = (claim, time.monotonic())

    def _opened(self) -> executors.Workplace:
        self._workplace = executors.open_workplace(
            self._service.job(self._settings), self._service.at_once
        )
        return self._workplace

    def _close_workplace(self) -> None:
        if self._workplace:
            self._workplace.close()
            self._workplace = None

    def _appetite(self, slots: int) -> int:
        """About a second's worth of work: a photo that comes in now should not queue for long."""
        if self._pause.reason:  # a single photo finds out whether what was away is back
            return 1
        return min(max(2 * slots, int(self._outcomes.per_second)), self._settings.batch_size)

    def _collect(self) -> None:
        if not self._in_hand:
            return
        ended, _ = wait(self._in_hand, timeout=_TURN_S, return_when=FIRST_COMPLETED)
        # All at once: what is put off below looks through what is still in hand.
        for claim, future in [(self._in_hand.pop(future)[0], future) for future in ended]:
            if self._is_the_archives_fault(future):
                self._outcomes.give_back(claim)
                continue
            away = self._outcomes.note(claim, future)
            if away is not None:
                self._put_off(claim, away)
            elif self._outcomes.failed_in_a_row >= _TOO_MANY:
                self._pause_for(f"nothing but failures: {self._outcomes.last_failure}")
            else:
                self._pause.end()

    def _is_the_archives_fault(self, future: Future[Facts]) -> bool:
        """Whether it failed because the archive went away while it was in hand."""
        if future.cancelled() or future.exception() is None:
            return False
        self._halted = self._halted or self._guard.trouble(at_once=True)
        return self._halted is not None

    def _put_off(self, claim: Claim, reason: str) -> None:
        if self._stop.is_set():
            self._outcomes.give_back(claim)
            return
        self._pause_for(reason)
        # Later than the pause ends: else the next probe would be this very photo again, which may
        # be the only one that does not fit.
        self._outcomes.give_back(claim, 2 * self._pause.left_s + pauses.FIRST_PAUSE, reason)

    def _pause_for(self, reason: str) -> None:
        """Something is away: the service rests, and what is not begun goes back."""
        self._pause.begin(reason)
        self._drop_what_is_not_begun()

    def _drop_what_is_not_begun(self) -> None:
        if self._workplace and not self._workplace.is_ours:
            return  # all of it may have begun: given back, it would be worked twice
        for future in [one for one in self._in_hand if one.cancel()]:
            self._outcomes.give_back(self._in_hand.pop(future)[0])

    def _write(self) -> None:
        self._outcomes.write(self._claims)
        if self._told:
            ended = self._outcomes.ended
            self._told(ended, max(self._total, ended + len(self._in_hand)))

    def _renew(self) -> None:
        if self._in_hand and time.monotonic() - self._renewed > self._settings.lease / 3:
            self._claims.renew()
            self._renewed = time.monotonic()

    def _ask_for_complaints(self) -> None:
        ask = self._service.complaint
        if ask and time.monotonic() - self._asked_complaint > _COMPLAINT_S:
            self._asked_complaint = time.monotonic()
            self._complaint = ask(self._settings, self._engine)

    def _beat(self) -> None:
        status, message = self._state()
        self._heart.beat(status, self._task(), message, self._details())

    def _state(self) -> tuple[Status, str]:
        if self._crash or self._halted or self._complaint:
            return "ERROR", self._crash or self._halted or self._complaint or ""
        trouble = self._away or self._pause.reason or self._what_takes_long()
        if trouble:
            return "WARNING", trouble
        told = self._outcomes
        return "OK", (
            f"since the start: {told.finished} done, {told.failed} failed, {told.parked} parked"
        )

    def _details(self) -> dict[str, str | None]:
        """Which flag it raises, and why that applies to nothing, for who shows its progress."""
        return {"flag": self._service.flag_name, "idle": self._idle}

    def _what_takes_long(self) -> str | None:
        """What has been in hand for suspiciously long: a queue that hangs should be seen."""
        held = [(since, claim) for claim, since in self._in_hand.values()]
        since, claim = min(held, key=lambda one: one[0], default=(0.0, None))
        took = time.monotonic() - since
        if claim is None or took < _LONG_S:
            return None
        return f"{claim.asset.final_path} has been in hand for {took / 60:.0f} minutes"

    def _task(self) -> str:
        if self._halted:
            return "standing still: the archive must not be touched"
        if self._idle:
            return self._idle
        if self._pause.left_s:
            return "pausing"
        return f"{len(self._in_hand)} in hand" if self._in_hand else "waiting for photos"

    def _rest(self) -> None:
        longest = min(self._settings.poll_interval, self._settings.heartbeat_interval / 2)
        if self._listener.wait(min(self._rest_s, longest), self._stop):
            self._rest_s = FIRST_REST
        else:
            # A claim may find nothing only because another one has rows locked: ask again soon.
            self._rest_s = min(self._rest_s * 2, longest)

    def _end(self) -> None:
        """Finish what is in hand if that goes quickly, give the rest back."""
        executors.stopping.set()
        is_heard = True
        try:
            self._finish_in_hand()
        except LedgerAway as error:  # the leases run out by themselves
            is_heard = False
            log.warning("stopped while the ledger is away: %s", error)
        finally:
            self._close_workplace()
            self._listener.close()
            if is_heard:  # else it would only cost another wait
                status, message = self._state()
                self._heart.last_beat(status, "stopped", message, self._details())
            self._engine.dispose()

    def _finish_in_hand(self) -> None:
        self._drop_what_is_not_begun()
        # What a ledger is not there to be told of need not be waited for.
        deadline = time.monotonic() + (_TURN_S if self._away else PATIENCE)
        while self._in_hand and time.monotonic() < deadline:
            self._collect()
        goes_on = bool(self._workplace and not self._workplace.is_ours)
        for claim, _ in self._in_hand.values():
            self._outcomes.give_back(claim, self._settings.lease if goes_on else 0)
        self._in_hand.clear()
        self._write()
