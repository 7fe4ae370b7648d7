"""The inbox: its listing is the truth, file system events are hints that make it quick."""

from __future__ import annotations

import heapq
import logging
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from watchdog.events import FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver

from photo_factory.librarian.arrivals import Arrival
from photo_factory.librarian.debris import is_foreign_folder, is_no_arrival
from photo_factory.librarian.filing import LEAVING
from photo_factory.librarian.stability import Stability
from photo_factory.shared.media.groups import stem_key

log = logging.getLogger(__name__)

MOST_HINTS = 5_000
"""Beyond so many hints a listing is cheaper than following each, and uses no memory for them."""


Trouble = Callable[[str, OSError], None]
"""Told of folders that cannot be listed and of files that cannot be looked at."""


def listing(
    root: str, trouble: Trouble | None = None, *, imported: bool = False
) -> Iterator[Arrival]:
    """Every file below a root (or the file itself), folder by folder, groups side by side."""
    if not os.path.isdir(root):
        yield from _looked_at(root, os.path.dirname(root), imported, trouble)
        return
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            files, inner = _names_in(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            if trouble:
                trouble(folder, error)
            continue
        folders += [os.path.join(folder, name) for name in reversed(inner)]
        for name in files:
            yield from _looked_at(os.path.join(folder, name), root, imported, trouble)


def _names_in(folder: str) -> tuple[list[str], list[str]]:
    """The names of files, groups side by side, and of folders that are entered."""
    files, folders = [], []
    with os.scandir(folder) as entries:  # only names are kept: a folder may hold 100,000 files
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                files.append(entry.name)
            elif not is_foreign_folder(entry.name):
                folders.append(entry.name)
    files.sort(key=lambda name: (stem_key(name), name))
    return files, sorted(folders)


def _looked_at(path: str, root: str, imported: bool, trouble: Trouble | None) -> Iterator[Arrival]:
    if is_no_arrival(os.path.basename(path)):
        return
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return  # it left between the listing and the look: whoever took it answers for it
    except OSError as error:  # a folder that may be listed but not entered, a path too long
        if trouble:
            trouble(path, error)
        return
    yield Arrival.of(path, root, found, imported)


@dataclass
class Inbox:
    """The settled arrivals below some roots, and the ones that still have to settle."""

    roots: tuple[str, ...]
    stability: Stability
    trouble: Trouble | None = None
    imported: bool = False
    """The roots are collections named on the command line, not the inbox."""
    waiting: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Path -> root, and the monotonic time at which to look again."""

    def sweep(self) -> Iterator[Arrival]:
        """What has settled in a whole listing."""
        for root in self.roots:
            for arrival in listing(root, self.trouble, imported=self.imported):
                if self._has_settled(arrival):
                    yield arrival

    def recheck(self) -> Iterator[Arrival]:
        """What has settled of the files that were waiting and are due."""
        now = time.monotonic()
        for path in [path for path, (_, due) in self.waiting.items() if due <= now]:
            root, _ = self.waiting.pop(path)
            for arrival in self._seen_again(path, root):
                if self._has_settled(arrival):
                    yield arrival

    def look_at(self, path: str) -> None:
        """Have a path looked at in the next recheck."""
        root = next((root for root in self.roots if path.startswith(root + "/")), None)
        if root and not self._below_foreign_folder(path, root):
            self.waiting[path] = (root, 0.0)

    def postpone(self, arrival: Arrival) -> None:
        """Have an arrival that turned out unsettled looked at again after the quiet period."""
        due = time.monotonic() + max(self.stability.delay, 0.2)
        self.waiting[arrival.path] = (arrival.root, due)

    def next_due(self) -> float | None:
        """Seconds until a waiting file may have settled; None when nothing waits."""
        if not self.waiting:
            return None
        first = heapq.nsmallest(1, (due for _, due in self.waiting.values()))[0]
        return max(0.0, first - time.monotonic())

    def _has_settled(self, arrival: Arrival) -> bool:
        wait = self.stability.wait_for(arrival) if arrival.is_regular else 0.0
        if wait > 0:
            self.waiting[arrival.path] = (arrival.root, time.monotonic() + wait)
            return False
        self.waiting.pop(arrival.path, None)
        return True

    def _seen_again(self, path: str, root: str) -> Iterator[Arrival]:
        if os.path.isdir(path) and not os.path.islink(path):
            inner = listing(path, self.trouble, imported=self.imported)
            yield from (replace(arrival, root=root) for arrival in inner)
            return
        seen = list(_looked_at(path, root, self.imported, self.trouble))
        if not seen:
            self.stability.forget(path)
        yield from seen

    @staticmethod
    def _below_foreign_folder(path: str, root: str) -> bool:
        return any(map(is_foreign_folder, os.path.relpath(path, root).split("/")[:-1]))


class Watcher(FileSystemEventHandler):
    """Turns file system events into hints; a lost event costs time, never a photo."""

    def __init__(self, root: str, how: str) -> None:
        self.wake = threading.Event()
        self._root = root
        self._lock = threading.Lock()
        self._hints: dict[str, bool] = {}
        self._overflowed = False
        self._observer = _observer(how)

    def __enter__(self) -> Self:
        if self._observer:
            try:
                self._observer.schedule(self, self._root, recursive=True)
                self._observer.start()
            except OSError as error:  # for example: the inotify watches are used up
                log.warning("no hints from the inbox (%s): its listing has to do", error)
                self._observer = None
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._observer:
            self._observer.stop()
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note the path an event speaks of, and whether it was renamed into place."""
        placed = isinstance(event, FileMovedEvent)
        path = os.fsdecode(event.dest_path if placed else event.src_path)
        if event.event_type in ("deleted", "opened", "closed_no_write") or not path:
            return
        if event.is_directory and event.event_type != "moved":
            return
        if event.is_directory:
            path = os.fsdecode(event.dest_path)
        self._hint(path, placed)

    def _hint(self, path: str, placed: bool) -> None:
        name = os.path.basename(path)
        with self._lock:
            if len(self._hints) >= MOST_HINTS:
                self._overflowed = True
            elif not is_no_arrival(name) and not name.startswith(LEAVING):
                self._hints[path] = placed or self._hints.get(path, False)
        self.wake.set()

    def pass_on(self, inbox: Inbox) -> bool:
        """Hand the hints over; True when there were too many and a listing is needed."""
        with self._lock:
            hints, self._hints = self._hints, {}
            overflowed, self._overflowed = self._overflowed, False
            self.wake.clear()
        for path, placed in hints.items():
            if placed:
                inbox.stability.renamed_into_place(path)
            inbox.look_at(path)
        return overflowed


def _observer(how: str) -> BaseObserver | None:
    if how == "off":
        return None
    if how == "polling":
        from watchdog.observers.polling import PollingObserver

        return PollingObserver(timeout=5)
    from watchdog.observers import Observer

    # It warns when a folder is made and listed in one moment; what it may miss, the listing finds.
    warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
    # Full events tell a rename into the inbox from a file that is being created there.
    return Observer(generate_full_events=True)  # type: ignore[call-arg]
