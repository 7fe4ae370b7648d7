"""One look at one original: its bytes as the disk has them, read no faster than is allowed."""

from __future__ import annotations

import errno
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.files import (
    DISK_AWAY,
    LACKING,
    naming,
    open_regular,
    sha256_of_descriptor,
)
from photo_factory.shared.findings import Kind

_GONE = {errno.ENOENT, errno.ENOTDIR}


class Interrupted(PhotoFactoryError):
    """The look was cut short: we are to stop, or the disk went away. Nothing is known."""


@dataclass(frozen=True)
class Original:
    """What should be there."""

    id: uuid.UUID
    final_path: str
    file_hash: str
    size_bytes: int


@dataclass(frozen=True)
class Wrong:
    """What is there instead."""

    original: Original
    kind: Kind
    message: str


@dataclass
class Looked:
    """What a round by hand came to; paths as the ledger has them."""

    assets: int = 0
    hashed: int = 0
    bytes: int = 0
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def all_is_well(self) -> bool:
        """Whether every original that was looked at is right."""
        return not (self.changed or self.missing or self.unreadable)

    def as_json(self) -> dict[str, Any]:
        """As `integrity --json` gives it."""
        return {"ok": self.all_is_well, **asdict(self)}


class Brake:
    """Holds a reader back to so many bytes a second; Interrupted when it is to stop."""

    def __init__(self, bytes_per_s: float, stop: threading.Event) -> None:
        self._rate, self._stop = bytes_per_s, stop
        self._free_at = time.monotonic()

    def __call__(self, count: int) -> None:
        """So much was read."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + count / self._rate
        if self._stop.wait(max(0.0, self._free_at - now)):
            raise Interrupted("stopping")


def look(original: Original, path: Path, told: Callable[[int], None]) -> Wrong | None:
    """What is wrong with an original, None when it is right; `told` hears of each block read."""
    try:
        found = _sha256(path, told)
    except OSError as error:
        if error.errno in DISK_AWAY | LACKING:
            raise Interrupted(f"{path}: {error.strerror}") from error
        if error.errno in _GONE:
            return Wrong(original, "missing", f"{original.final_path} is not there")
        why = f"{original.final_path} cannot be read: {error.strerror or error}"
        return Wrong(original, "unreadable", why)
    if found == original.file_hash:
        return None
    return Wrong(
        original, "changed", f"{original.final_path} holds other bytes than those that were filed"
    )


def _sha256(path: Path, told: Callable[[int], None]) -> str:
    descriptor = open_regular(path)
    try:
        with naming(path):
            # What the page cache remembers is dropped: the disk is asked.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            found = sha256_of_descriptor(descriptor, told)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            return found
    finally:
        os.close(descriptor)
