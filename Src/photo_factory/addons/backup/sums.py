"""SHA256SUMS on targets: one list a day folder, for coreutils and for a restore without a ledger.

A list is always written whole, from what the ledger holds of that day. Several workers and hosts
may finish photos of one day at once: each looks again after writing, so that the last one to write
has seen every row.
"""

from __future__ import annotations

import logging
import posixpath
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import Engine, func, select

from photo_factory.addons.backup.copies import copies
from photo_factory.addons.backup.targets import Corrupted, Target
from photo_factory.shared.errors import LedgerAway, TryLater
from photo_factory.shared.facts import assets
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.paths import LEDGER_PREFIX, Paths

log = logging.getLogger(__name__)

SUMS, LEDGER_LINES = "SHA256SUMS", "ledger.jsonl"

EVERY_S = 2.0
"""A day of 10,000 photos would else have its list written 10,000 times."""

_MOST_RARELY_S = 300.0
"""What is away is asked ever more rarely: doubled from EVERY_S each time, up to this."""

_RECENT = timedelta(minutes=10)


def line(file_hash: str, name: str) -> str:
    """One line as `sha256sum` writes it: odd names are escaped and the line starts with \\."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return f"{mark}{file_hash}  {escaped}\n"


def parsed(content: bytes) -> dict[str, str]:
    """Names to SHA-256 of a list; lines that are none are passed over."""
    found = {}
    for one in content.decode("utf-8", "surrogateescape").split("\n"):
        file_hash, _, name = one.removeprefix("\\").partition("  ")
        if len(file_hash) == 64 and name:
            found[_unescaped(name) if one.startswith("\\") else name] = file_hash
    return found


def _unescaped(name: str) -> str:
    parts = name.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\r", "\r") for part in parts)


class Sums:
    """The lists of one target that this process writes."""

    def __init__(self, target: Target, engine: Engine, paths: Paths) -> None:
        self._target, self._engine, self._paths = target, engine, paths
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._due: set[str] = set()
        self._timer: threading.Timer | None = None
        self._next_s = EVERY_S

    def changed(self, path: str) -> None:
        """A copy at `path` came or went: its day's list is written within EVERY_S.

        Later where the target did not take the last lists.
        """
        self._put_off({posixpath.dirname(path)})

    def _put_off(self, folders: Iterable[str]) -> None:
        with self._lock:
            self._due.update(folders)
            if self._timer is None:
                self._timer = threading.Timer(self._next_s, self._late)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write every list that is due, now; what cannot be written stays due."""
        with self._writing:  # whoever comes while lists are written returns when they are
            self._flush()

    def close(self) -> None:
        """Write what is due; what cannot be written is left to `repair` at the next start."""
        self.flush()
        self._taken()

    def _flush(self) -> None:
        left = self._taken()
        try:
            if left:
                self._target.check()  # else it would be written below a mount point
            while left:
                self.write(left[0])
                del left[0]
            self._next_s = EVERY_S
        except (TryLater, LedgerAway, Corrupted) as error:
            log.warning("%s/%s is written later: %s", left[0], SUMS, error)
            self._next_s = min(self._next_s * 2, _MOST_RARELY_S)
            self._put_off(left)

    def _taken(self) -> list[str]:
        """The folders that are due, which nobody else writes from now on."""
        with self._lock:
            due, self._due = sorted(self._due), set()
            if self._timer:
                self._timer.cancel()
            self._timer = None
            return due

    def write(self, folder: str) -> None:
        """Bring one day's list up to date."""
        lines: str | None = None
        while lines != (now := self._lines(folder)):
            lines = now
            if now:
                self._target.write(f"{folder}/{SUMS}", now.encode("utf-8", "surrogateescape"))
            else:
                self._target.remove(f"{folder}/{SUMS}")
        self._write_ledger_lines(folder, is_empty=not lines)

    def repair(self) -> None:
        """Write the lists of the last minutes of work again: a crash may have come before them."""
        ours = copies.c.target == self._target.name
        with away(), reading(self._engine) as connection:
            last = connection.scalar(select(func.max(copies.c.copied_at)).where(ours))
            if last is None:
                return
            recent = select(copies.c.path).where(ours, copies.c.copied_at >= last - _RECENT)
            paths = connection.scalars(recent).all()
        for path in paths:
            self.changed(path)

    def _late(self) -> None:
        self.flush()

    def _lines(self, folder: str) -> str:
        held = (copies.c.asset_id == assets.c.id) & (copies.c.target == self._target.name)
        query = (
            select(assets.c.file_hash, copies.c.path)
            .join(copies, held)
            .where(
                assets.c.final_path.between(
                    f"{LEDGER_PREFIX}{folder}/", f"{LEDGER_PREFIX}{folder}/\U0010ffff"
                ),
                copies.c.verified_at.is_not(None),
            )
        )
        with away(), reading(self._engine) as connection:
            found = [
                (posixpath.basename(path), file_hash)
                for file_hash, path in connection.execute(query)
                if posixpath.dirname(path) == folder
            ]
        return "".join(line(file_hash, name) for name, file_hash in sorted(found))

    def _write_ledger_lines(self, folder: str, *, is_empty: bool) -> None:
        """What the day folder here says of its photos, for a ledger made anew from a restore."""
        if is_empty:
            self._target.remove(f"{folder}/{LEDGER_LINES}")
            return
        with suppress(FileNotFoundError):
            content = (self._paths.storage / folder / LEDGER_LINES).read_bytes()
            self._target.write(f"{folder}/{LEDGER_LINES}", content)
