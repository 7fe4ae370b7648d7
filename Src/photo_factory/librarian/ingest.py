"""`ingest`: file what is there and come to an end, for the inbox or a collection."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from photo_factory.librarian.arrivals import Arrival
from photo_factory.librarian.file_watcher import Inbox, listing
from photo_factory.librarian.filing import held
from photo_factory.librarian.librarian import ArchiveInUse, Librarian
from photo_factory.librarian.stability import Stability
from photo_factory.librarian.summary import Summary
from photo_factory.shared import clock
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

LOOK_AGAIN = 0.2
"""Seconds between two looks at what still has to settle, at the least."""


def _outermost(collections: Sequence[Path]) -> list[Path]:
    """The collections without those that another one contains: each file is met once."""
    apart: list[Path] = []
    for path in sorted(set(collections), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(other) for other in apart):
            apart.append(path)
    return apart


class Ingest:
    """One run over the inbox, or over collections (then `collections` names their folders)."""

    def __init__(
        self, librarian: Librarian, settings: Settings, collections: Sequence[Path] = ()
    ) -> None:
        roots = [str(path) for path in _outermost(collections)] or [str(librarian.paths.inbox)]
        stability = Stability(settings.stability_delay, trusts_ctime=settings.watcher != "polling")
        self._librarian = librarian
        self._timeout = settings.settle_timeout
        self._summary = Summary()
        self._given_up: set[str] = set()
        """Paths that never came to rest: this run waits for them no more."""
        self.inbox = Inbox(
            tuple(roots), stability, trouble=self._hold_folder, imported=bool(collections)
        )

    def run(self, *, once: bool) -> Summary:
        """File until nothing is left to settle; `once`: nothing that arrives after the start."""
        since = clock.now()
        if self._librarian.keep:
            self._librarian.remember()
        while not self._librarian.stop.is_set():
            seen_before = self._summary.seen
            self._sweep()
            if once or self._summary.seen == seen_before:
                break
        if not self.inbox.imported and not self._librarian.stop.is_set():
            self._librarian.settle_held(since)
        return self._summary

    def _sweep(self) -> None:
        self._file(self.inbox.sweep())
        for path in self._given_up:
            self.inbox.waiting.pop(path, None)
        waited = 0.0
        while self.inbox.waiting and not self._librarian.stop.is_set():
            if waited > self._timeout:
                self._hold_the_restless()
                return
            pause = max(self.inbox.next_due() or 0.0, LOOK_AGAIN)
            waited += self._wait(pause)
            seen_before = self._summary.seen
            self._file(self.inbox.recheck())
            if self._summary.seen > seen_before:
                waited = 0.0

    def _wait(self, seconds: float) -> float:
        self._librarian.stop.wait(min(seconds, 1.0))
        self._librarian.observer.tick()
        return min(seconds, 1.0)

    def _file(self, arrivals: Iterator[Arrival]) -> None:
        while not self._librarian.stop.is_set():
            try:
                for arrival in self._librarian.file(arrivals, self._summary):
                    self.inbox.postpone(arrival)
                return
            except ArchiveInUse as error:
                log.info("%s", error)
                self._wait(1.0)

    def _hold_the_restless(self) -> None:
        for path, (root, _) in self.inbox.waiting.items():
            for arrival in listing(path, imported=self.inbox.imported):
                reason = f"it keeps changing: given up after {self._timeout:.0f} s"
                self._librarian.hold(replace(arrival, root=root), reason, self._summary)
        self._given_up.update(self.inbox.waiting)
        self.inbox.waiting.clear()

    def _hold_folder(self, folder: str, error: OSError) -> None:
        root = next((r for r in self.inbox.roots if folder.startswith(r)), folder)
        arrival = Arrival.out_of_reach(folder, root, self.inbox.imported)
        self._librarian.hold(arrival, str(held(error)), self._summary)
