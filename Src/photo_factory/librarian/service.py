"""The Librarian as a service: listens for hints, lists the inbox, and gives signs of life."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy import Engine

from photo_factory.librarian.arrivals import Arrival, Outcome
from photo_factory.librarian.file_watcher import Inbox, Watcher
from photo_factory.librarian.filing import held
from photo_factory.librarian.holds import WAITING
from photo_factory.librarian.lease import Lease
from photo_factory.librarian.librarian import ArchiveInUse, Librarian, Observer
from photo_factory.librarian.stability import Stability
from photo_factory.librarian.summary import Summary
from photo_factory.shared import clock
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.files import make_folder
from photo_factory.shared.heartbeat_service import Heartbeat, Status
from photo_factory.shared.roots import Halted
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

NAME = "librarian"
RETRY_STORAGE = 5.0
"""Seconds before a storage that refused everything is tried again."""

ASK_EVERY = 2.0
"""Seconds between two questions whether somebody wants what is held to be tried at once."""

LONGEST_REST = 1.0
"""Seconds the loop sleeps at most, so that it beats and hears of its end in time."""


class Service:
    """The working loop; everything it decides it decides from what is in the inbox."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        observer = Observer(ended=self._ended, tick=self._beat)
        self._librarian = Librarian(settings, observer=observer, stop=stop)
        self._lease = Lease(self._librarian.records)
        self._librarian.may_file = self._lease.check
        self._heart = Heartbeat(
            self._ledger,
            NAME,
            settings.heartbeat_interval,
            restarts=int(os.environ.get("PHOTO_FACTORY_RESTARTS", "0")),
        )
        self._inbox = Inbox(
            (str(self._librarian.paths.inbox),),
            Stability(settings.stability_delay, trusts_ctime=settings.watcher != "polling"),
            trouble=self._hold_folder,
        )
        self._task = "starting"
        self._trouble: str | None = None
        self._halted: str | None = None
        self._last_reason = ""
        self._total: Counter[str] = Counter()
        self._recent = Summary()
        """What became of the arrivals since the last listing began."""
        self._before = Summary()
        """The same until then: what was held stays told until a whole listing found it gone."""
        self._next_sweep = 0.0
        self._ask_from = self._ask_corrections_from = 0.0
        self._remembers = False

    def run(self, *, once: bool = False) -> bool:
        """Work until asked to stop (`once`: one listing); False when something was held."""
        root = str(self._librarian.paths.inbox)
        with suppress(OSError):  # else each turn says why there is no inbox
            make_folder(self._librarian.paths.inbox)
        with self._librarian, Watcher(root, self._settings.watcher) as watcher:
            log.info("watching %s, filing into %s", root, self._librarian.paths.originals)
            try:
                self._turns(watcher, once=once)
            except Exception as error:
                # Started again it would look well until it dies once more: the last word stays.
                crash = f"{type(error).__name__}: {error}".partition("\n")[0]
                self._heart.last_beat("ERROR", self._task, crash)
                raise
            finally:
                self._lease.end()
            self._heart.last_beat(self._status, "stopped", self._message)
        return self._status == "OK"

    def _turns(self, watcher: Watcher, *, once: bool) -> None:
        while not self._stop.is_set():
            self._turn(watcher)
            if once:
                return

    def _turn(self, watcher: Watcher) -> None:
        try:
            self._librarian.guard.check()
            self._halted = None
            os.stat(self._librarian.paths.inbox)
            self._lease.check()
            if self._can_tell_old_from_new():
                self._work(watcher)
                self._trouble = None
            self._task = WAITING if self._librarian.holds.waits else "waiting for photos"
        except ArchiveInUse as error:
            self._task = str(error)
            self._next_sweep = 0.0  # the listing it refused is still to be done
            self._remembers = False  # nor is known what another one files
            self._stop.wait(LONGEST_REST)
        except Halted as error:
            self._halted, self._task = str(error), "standing still: the archive must not be touched"
            self._next_sweep = 0.0  # what waits is listed when it may be filed again
        except OSError as error:  # the inbox or the storage itself is away
            self._trouble = str(held(error))
            self._next_sweep = time.monotonic() + RETRY_STORAGE
        self._beat()
        self._rest(watcher)

    def _work(self, watcher: Watcher) -> None:
        overflowed = watcher.pass_on(self._inbox)
        is_due = overflowed or time.monotonic() >= self._next_sweep
        if is_due or self._librarian.holds.lifted() or self._is_asked_again():
            self._sweep()
        elif self._inbox.next_due() == 0:
            self._file(self._inbox.recheck())
        elif self._is_corrected() or self._can_catch_up():
            self._file(())

    def _ledger(self) -> Engine:
        """The ledger, migrated: this may be the first command of all."""
        if self._halted and not self._librarian.guard.has_ledger:
            raise LedgerAway(self._halted)
        return self._librarian.records.ready()

    def _can_catch_up(self) -> bool:
        return bool(self._librarian.pending) and self._librarian.records.may_be_back()

    def _is_corrected(self) -> bool:
        """Whether somebody corrected a date or a place."""
        if time.monotonic() < self._ask_corrections_from:
            return False
        self._ask_corrections_from = time.monotonic() + ASK_EVERY
        try:
            return self._librarian.records.is_corrected()
        except LedgerAway as error:
            log.debug("%s", error)
            return False

    def _is_asked_again(self) -> bool:
        if not self._stuck or time.monotonic() < self._ask_from:
            return False
        self._ask_from = time.monotonic() + ASK_EVERY
        try:
            return self._librarian.records.asked_again()
        except LedgerAway as error:
            log.debug("%s", error)
            return False

    def _sweep(self) -> None:
        """List the whole inbox, trying again what was held."""
        self._task = "listing the inbox"
        self._beat()
        self._librarian.tried.clear()
        self._before, self._recent = self._recent, Summary()
        # Set before the work: files that arrive during a long sweep have hints of their own.
        self._next_sweep = time.monotonic() + self._settings.scan_interval
        since = clock.now()
        self._file(self._inbox.sweep())
        self._before = Summary()
        if not self._inbox.waiting and not self._stop.is_set():
            self._librarian.settle_held(since)

    def _file(self, arrivals: Iterable[Arrival]) -> None:
        for arrival in self._librarian.file(arrivals, self._recent):
            self._inbox.postpone(arrival)

    def _can_tell_old_from_new(self) -> bool:
        """In mode `keep` only the ledger says what was filed before: without it, wait."""
        if self._librarian.keep and not self._remembers:
            try:
                self._librarian.remember()
                self._remembers = True
            except LedgerAway as error:
                self._trouble = f"waiting for the ledger, which knows what was filed: {error}"
                return False
        return True

    def _hold_folder(self, folder: str, error: OSError) -> None:
        arrival = Arrival.out_of_reach(folder, str(self._librarian.paths.inbox))
        self._librarian.hold(arrival, str(held(error)), self._recent)

    def _ended(self, arrival: Arrival, outcome: Outcome) -> None:
        self._total[outcome.state] += 1
        self._task = f"{outcome.state} {arrival.shown_path}"
        if outcome.state in ("held", "failed"):
            self._last_reason = outcome.reason or ""
            log.warning("%s %s: %s", outcome.state, arrival.shown_path, outcome.reason)
        else:
            log.debug("%s %s %s", outcome.state, arrival.shown_path, outcome.reason or "")

    def _beat(self) -> None:
        self._heart.beat(self._status, self._task, self._message)

    @property
    def _status(self) -> Status:
        if self._halted:
            return "ERROR"
        waits = self._lease.waits_for
        needs_eyes = waits or self._trouble or self._stuck or self._librarian.pending
        return "WARNING" if needs_eyes else "OK"

    @property
    def _stuck(self) -> int:
        """How many files are held in the inbox, as far as the listings have got."""
        return max(one.held + one.failed for one in (self._recent, self._before))

    @property
    def _message(self) -> str:
        if told := self._halted or self._lease.waits_for:
            return told
        parts = [self._trouble] if self._trouble else []
        if self._stuck:
            parts.append(
                f"{self._stuck} files are held in the inbox, the last: {self._last_reason}"
            )
        if self._librarian.pending:
            parts.append(f"{self._librarian.pending} rows wait for the database")
        counts = ", ".join(f"{state} {count}" for state, count in sorted(self._total.items()))
        return "; ".join(parts) or f"since the start: {counts or 'nothing yet'}"

    def _rest(self, watcher: Watcher) -> None:
        due = self._inbox.next_due()
        rest = LONGEST_REST if due is None else min(due, LONGEST_REST)
        if not self._stop.is_set():
            watcher.wake.wait(max(rest, 0.01))


def run(settings: Settings, stop: threading.Event, once: bool) -> bool:
    """What `photo-factory run librarian` does."""
    return Service(settings, stop).run(once=once)
