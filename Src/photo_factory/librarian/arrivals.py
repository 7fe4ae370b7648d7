"""An arrival: one file seen in the inbox, and what became of it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal
from uuid import UUID

from photo_factory.shared import clock
from photo_factory.shared.rows import Row

State = Literal["filed", "duplicate", "ignored", "held", "failed", "gone", "unsettled"]
"""The end states of the ledger, and two that are none: it left, or it is not finished yet."""

STUCK: frozenset[State] = frozenset({"held", "failed"})
"""States of what is still in the inbox and is tried again."""

PASSING: frozenset[State] = frozenset({"gone", "unsettled"})
"""States that are neither counted nor written: the arrival has not come to an end here."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A name in the inbox as it stood when it was listed; sizes in bytes, times in ns."""

    path: str
    root: str
    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    links: int
    imported: bool = False
    """From a collection named on the command line, whose folders are no devices."""

    @classmethod
    def of(cls, path: str, root: str, found: os.stat_result, imported: bool = False) -> Arrival:
        """The arrival at a path from its lstat."""
        return cls(
            path,
            root,
            found.st_mode,
            found.st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
            found.st_ino,
            found.st_dev,
            found.st_nlink,
            imported,
        )

    @classmethod
    def out_of_reach(cls, path: str, root: str, imported: bool = False) -> Arrival:
        """The arrival at a path that cannot be looked at: told by what stands above it."""
        above = path
        while True:
            try:
                return cls.of(path, root, os.lstat(above), imported)
            except OSError:
                if above == os.path.dirname(above):
                    raise
                above = os.path.dirname(above)

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return os.path.basename(self.path)

    @property
    def folder(self) -> str:
        """The folder the file stands in."""
        return os.path.dirname(self.path)

    @property
    def is_regular(self) -> bool:
        """Whether it is a plain file: no link, no FIFO, no device."""
        return stat.S_ISREG(self.mode)

    @property
    def shown_path(self) -> str:
        """The path below the inbox (whole, when imported), printable for the ledger."""
        return printable(self.path if self.imported else self._below_root)

    @property
    def _below_root(self) -> str:
        if self.path.startswith(self.root + "/"):  # what a listing gives; relpath is slow
            return self.path[len(self.root) + 1 :]
        return os.path.relpath(self.path, self.root)

    @property
    def source_device(self) -> str | None:
        """The first folder below the inbox, which Syncthing names after the phone."""
        if self.imported:
            return None
        first, slash, _ = self._below_root.partition("/")
        return printable(first) if slash else None

    @property
    def fingerprint(self) -> int:
        """64 bits, signed, of path, size, mtime and inode: the same file, unchanged, or not."""
        return _bits(f"{self.size}/{self.mtime_ns}/{self.inode}/".encode() + os.fsencode(self.path))

    def unchanged(self, found: os.stat_result) -> bool:
        """Whether a later stat still shows the same file with the same bytes."""
        return (self.size, self.mtime_ns, self.inode, self.device) == (
            found.st_size,
            found.st_mtime_ns,
            found.st_ino,
            found.st_dev,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end state of an arrival; `asset_id` is the asset it became or is a duplicate of."""

    state: State
    reason: str | None = None
    asset_id: UUID | None = None


def printable(name: str) -> str:
    """A name as text every database takes: bytes that are no UTF-8 are shown as \\xNN."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def place_of(shown_path: str) -> int:
    """64 bits, signed, of a path alone: what is held there may still change."""
    return _bits(f"/{shown_path}".encode())


def _bits(named: bytes) -> int:
    return int.from_bytes(blake2b(named, digest_size=8).digest(), "big", signed=True)


def arrival_row(seen: Arrival, outcome: Outcome, file_hash: str | None) -> Row:
    """The row of `arrivals` for a file and its end state."""
    now = clock.now()
    path = seen.shown_path
    return {
        "fingerprint": place_of(path) if outcome.state in STUCK else seen.fingerprint,
        "path": path,
        "name": path.rpartition("/")[2],
        "size_bytes": seen.size,
        "mtime_ns": seen.mtime_ns,
        "inode": seen.inode,
        "state": outcome.state,
        "reason": outcome.reason,
        "file_hash": file_hash or None,
        "asset_id": outcome.asset_id,
        "source_device": seen.source_device,
        "first_seen_at": now,
        "settled_at": now,
        "removed_at": None,
    }
