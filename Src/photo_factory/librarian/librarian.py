"""The Librarian: drives arrivals from the inbox through the archive, batch by batch."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from photo_factory.librarian.arrivals import PASSING, Arrival, Outcome, arrival_row
from photo_factory.librarian.batch import Batch, Item, batches, examine, slices
from photo_factory.librarian.corrections import apply as apply_corrections
from photo_factory.librarian.filer import Filer
from photo_factory.librarian.filing import held
from photo_factory.librarian.holds import Holds
from photo_factory.librarian.metadata_extractor import MetadataExtractor
from photo_factory.librarian.recorder import Recorder
from photo_factory.librarian.records import Records
from photo_factory.librarian.recovery import recover
from photo_factory.librarian.summary import Summary
from photo_factory.shared.errors import LedgerAway, PhotoFactoryError
from photo_factory.shared.files import exclusive_lock
from photo_factory.shared.journal import Journal
from photo_factory.shared.ledger.database import connect
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.roots import Guard
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

PREFETCH = 2
"""Batches that are hashed ahead of the one being filed, so that no core waits for the disk."""

CHECKPOINT_EVERY = 16
"""Batches between two checkpoints: the journal stays small, the fsyncs few."""


class ArchiveInUse(PhotoFactoryError):
    """Another Librarian is filing into this storage just now."""


@dataclass
class Observer:
    """Who wants to know how it goes; called from the working loop, often and quickly."""

    ended: Callable[[Arrival, Outcome], None] = lambda _arrival, _outcome: None
    read: Callable[[int], None] = lambda _count: None
    tick: Callable[[], None] = lambda: None


class Stopping(PhotoFactoryError):
    """Asked to stop: what is not being filed yet stays in the inbox."""


class Librarian:
    """Files arrivals; open for as long as it is used, in one process and one thread."""

    def __init__(
        self,
        settings: Settings,
        *,
        keep: bool | None = None,
        observer: Observer | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.paths = Paths.of(settings)
        self.keep = settings.inbox_mode == "keep" if keep is None else keep
        engine = connect(database_url(settings))
        self.records = Records(engine, settings.max_tries)
        self.guard = Guard(settings, self.paths, engine, keeper=True)
        self.holds = Holds(settings, self.paths, self.records, keep=self.keep)
        self.observer = observer or Observer()
        self.may_file: Callable[[], None] = lambda: None
        """Asked before each batch; raises ArchiveInUse when another one files."""
        self.stop = stop or threading.Event()
        self.remembered: set[int] = set()
        """Fingerprints of files that stay in the inbox and need nothing more."""
        self.tried: set[int] = set()
        """Fingerprints of files that could not be filed, or not be let go, until the next try."""
        self.pending = 0
        """Rows that wait in the journal for the database."""
        self._settings = settings
        self._extractor = MetadataExtractor(settings)
        self._hashers = ThreadPoolExecutor(settings.workers, "hash")
        self._placers = ThreadPoolExecutor(settings.workers, "place")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._hashers.shutdown(cancel_futures=True)
        self._placers.shutdown()
        self._extractor.close()

    def remember(self) -> None:
        """Learn from the ledger what was filed and stays in the inbox (mode `keep`)."""
        self.remembered.update(self.records.remembered())

    def file(self, arrivals: Iterable[Arrival], summary: Summary) -> list[Arrival]:
        """Bring arrivals to their end states; returns those that turned out unsettled.

        Raises ArchiveInUse when another process files into the same storage, Halted when the
        archive must not be touched.
        """
        self.guard.check()
        with ExitStack() as stack:
            try:
                is_alone = stack.enter_context(exclusive_lock(self.paths.journal / "lock"))
                journal = Journal(self.paths.journal) if is_alone else None
            except OSError as error:  # a storage that cannot even be journaled in
                self._hold_all(arrivals, str(held(error)), summary)
                return []
            if journal is None:
                raise ArchiveInUse(
                    f"another Librarian is filing into {self.paths.storage}: this one waits"
                )
            stack.callback(journal.close)
            return self._file(arrivals, summary, self._filer(journal))

    def _filer(self, journal: Journal) -> Filer:
        return Filer(
            recorder=Recorder(self.paths, self.records, journal),
            extractor=self._extractor,
            executor=self._placers,
            keep=self.keep,
            reserve=self._settings.min_free_space << 20,
        )

    def _file(self, arrivals: Iterable[Arrival], summary: Summary, filer: Filer) -> list[Arrival]:
        recorder = filer.recorder
        self.holds.refresh()
        if not recorder.journal.is_empty:
            self._recover(recorder)
        apply_corrections(recorder)
        unsettled: list[Arrival] = []
        for number, batch in enumerate(self._begun(arrivals, filer), start=1):
            try:
                if recorder.pending and self.records.may_be_back():
                    self._recover(recorder)
                self.guard.check()  # a disk may go away while files are read
                self.may_file()  # and a lease with a restart of the database
                self.holds.hold(batch)  # a breaker may have tripped while it was read
                filer.file(batch)
                unsettled += self._account(batch, summary)
            finally:
                batch.close()
            if number % CHECKPOINT_EVERY == 0:
                recorder.checkpoint()
            self.observer.tick()
        recorder.checkpoint()
        self.pending = summary.pending_ledger = recorder.rows_waiting()
        return unsettled

    @staticmethod
    def _recover(recorder: Recorder) -> None:
        try:
            recover(recorder)
        except OSError as error:
            recorder.refuse(error)

    def _unknown(self, arrivals: Iterable[Arrival]) -> Iterator[Arrival]:
        for arrival in arrivals:
            if not self._is_done(arrival):
                yield arrival

    def _is_done(self, arrival: Arrival) -> bool:
        if not self.remembered and not self.tried:
            return False
        fingerprint = arrival.fingerprint
        return fingerprint in self.remembered or fingerprint in self.tried

    def _begun(self, arrivals: Iterable[Arrival], filer: Filer) -> Iterator[Batch]:
        """Batches whose files are being read, always one further than the one handed out."""
        before: Batch | None = None
        try:
            for batch in self._examined(self._unknown(arrivals), filer):
                filer.begin(batch)
                if before:
                    yield before
                before = batch
            if before and not self.stop.is_set():
                yield before
        finally:
            if before:
                before.close()

    def _examined(self, arrivals: Iterable[Arrival], filer: Filer) -> Iterator[Batch]:
        """Batches as they become hashed, a few being hashed ahead."""
        ahead: deque[tuple[Batch, list[Future[None]]]] = deque()
        try:
            for batch in batches(arrivals):
                ahead.append((batch, self._start(batch, filer)))
                if len(ahead) > PREFETCH:
                    yield self._awaited(*ahead.popleft())
            while ahead:
                yield self._awaited(*ahead.popleft())
        except Stopping:
            log.info("stopping: what is not filed yet stays in the inbox")
        finally:
            for batch, futures in ahead:
                wait(futures)
                batch.close()

    def _start(self, batch: Batch, filer: Filer) -> list[Future[None]]:
        if self.stop.is_set():
            raise Stopping
        shares = slices(batch.items, files=8, size=8 << 20)
        return [self._hashers.submit(self._examine_all, share, filer) for share in shares]

    def _examine_all(self, items: list[Item], filer: Filer) -> None:
        for item in items:
            if self.stop.is_set():
                return
            if filer.recorder.refusal:  # a full disk: reading what cannot be filed would be wasted
                item.end(Outcome("held", filer.recorder.refusal))
            elif reason := self.holds.reason(item.arrival):
                item.end(Outcome("held", reason))
            else:
                examine(item, self._told)

    def _told(self, count: int) -> None:
        self.observer.read(count)
        if self.stop.is_set():
            raise Stopping

    def _awaited(self, batch: Batch, futures: list[Future[None]]) -> Batch:
        waiting = set(futures)
        while waiting:
            _, waiting = wait(waiting, timeout=1)
            self.observer.tick()
        for future in futures:
            if not self.stop.is_set():
                future.result()
        if self.stop.is_set():
            batch.close()
            raise Stopping
        return batch

    def _account(self, batch: Batch, summary: Summary) -> list[Arrival]:
        """Count and tell the end states; returns the unsettled."""
        unsettled = []
        for item in batch.items:
            outcome = item.outcome or Outcome("failed", "it came to no end: please report this")
            if outcome.state == "unsettled":
                unsettled.append(item.arrival)
            if item.stays:  # else this run would meet it again and again, as a duplicate
                self.tried.add(item.arrival.fingerprint)
                summary.stays += 1
            self._end(item.arrival, outcome, summary)
        return unsettled

    def hold(self, arrival: Arrival, reason: str, summary: Summary) -> None:
        """End an arrival that could not even be looked at; once, until it is to be tried again."""
        if arrival.fingerprint in self.tried:
            return
        self._hold_all([arrival], reason, summary)

    def settle_held(self, since: datetime) -> None:
        """After a whole listing: what was held before and was not met again has left."""
        try:
            self.records.left(since)
        except LedgerAway as error:
            log.debug("%s", error)

    def _hold_all(self, arrivals: Iterable[Arrival], reason: str, summary: Summary) -> None:
        outcome = Outcome("held", reason)
        for batch in batches(self._unknown(arrivals)):
            seen = [item.arrival for item in batch.items]
            try:
                self.records.record([], [arrival_row(one, outcome, None) for one in seen])
            except LedgerAway as error:
                log.debug("%s", error)
            for arrival in seen:
                self._end(arrival, outcome, summary)

    def _end(self, arrival: Arrival, outcome: Outcome, summary: Summary) -> None:
        if outcome.state in PASSING:
            return
        if outcome.state in ("held", "failed"):
            self.tried.add(arrival.fingerprint)
        elif outcome.state == "ignored" or self.keep:
            self.remembered.add(arrival.fingerprint)
        summary.count(arrival, outcome)
        self.observer.ended(arrival, outcome)
