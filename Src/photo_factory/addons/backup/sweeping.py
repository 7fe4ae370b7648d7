"""Unfinished copies that nobody goes on with: their writer's machine is gone, or has a new name."""

from __future__ import annotations

import logging
import os
import posixpath
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from photo_factory.addons.backup.targets import (
    LEFT_OVER_S,
    PARTIAL,
    Target,
    heed_end,
    is_unfinished,
)
from photo_factory.shared.errors import TryLater

if TYPE_CHECKING:
    from photo_factory.addons.backup.file_target import Store

log = logging.getLogger(__name__)

_WHERE = [("", 0), ("Ledger", 0), ("Damaged", 0), ("Originals", 2)]
"""Folders we write in, and how many levels below them; a stranger's are not looked into."""


class Running:
    """What this process is writing at one target: never left over, however long it takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: set[str] = set()

    @contextmanager
    def writing(self, path: str) -> Iterator[None]:
        """Keep an unfinished copy from being swept."""
        with self._lock:
            self._paths.add(path)
        try:
            yield
        finally:
            with self._lock:
                self._paths.discard(path)

    @contextmanager
    def asked(self, path: str) -> Iterator[bool]:
        """Whether it is being written; nobody begins to until this ends."""
        with self._lock:
            yield path in self._paths


def tidy(target: Target) -> int:
    """Sweep what is long left over; a target that forbids it keeps it, and is as good as before."""
    try:
        return target.sweep(LEFT_OVER_S)
    except TryLater as error:
        log.warning("unfinished copies are not swept: %s", error)
        return 0


def sweep(store: Store, older_than_s: float, running: Running) -> int:
    """Remove unfinished copies that were not written to for so long; how many."""
    swept, now = 0, _now(store)
    for path in _unfinished(store):
        with suppress(FileNotFoundError), running.asked(path) as is_running:
            if not is_running and now - store.modified(path) > older_than_s:
                swept += _removed(store, path)
    return swept


def _now(store: Store) -> float:
    """By the store's own clock, which may be years away from ours."""
    probe = f".clock.{os.urandom(4).hex()}{PARTIAL}"
    with store.append(probe):
        """An empty file will do."""
    try:
        return store.modified(probe)
    finally:
        store.remove(probe)


def _unfinished(store: Store) -> Iterator[str]:
    waiting = list(_WHERE)
    while waiting:
        heed_end()
        folder, levels = waiting.pop()
        for name, is_folder in _listed(store, folder):
            path = posixpath.join(folder, name)
            if is_folder and levels:
                waiting.append((path, levels - 1))
            elif not is_folder and is_unfinished(name):
                yield path


def _listed(store: Store, folder: str) -> list[tuple[str, bool]]:
    try:
        return store.listing(folder)
    except FileNotFoundError:
        return []


def _removed(store: Store, path: str) -> bool:
    try:
        store.remove(path)
    except PermissionError as error:  # a share's server keeps what another host has open
        log.warning("the unfinished copy %s stays: %s", path, error.strerror)
        return False
    log.info("removed the unfinished copy %s, which nobody went on with", path)
    return True
