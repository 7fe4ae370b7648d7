"""Targets with files and folders: how bytes get there, whatever the protocol."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from photo_factory.addons.backup import bandwidth, sweeping, writers
from photo_factory.addons.backup.targets import (
    MARKER,
    PARTIAL,
    READ_BACK,
    Corrupted,
    Proof,
    Withheld,
    blocks_of,
    damaged,
    insist,
    is_unfinished,
    occupied,
    sha256_of,
)
from photo_factory.shared import files
from photo_factory.shared.errors import TryLater, Unprocessable
from photo_factory.shared.settings import Settings

_FULL = {errno.ENOSPC, errno.EDQUOT}
_BAD_NAME = {errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ}
_ALMOST_FULL = 1 << 20


class Writer(Protocol):
    """An open file that grows at its end."""

    def write(self, block: bytes) -> object:
        """Add bytes."""


class Store(Protocol):
    """What a protocol can do; errors are OSError, or one of `lost` when the connection broke."""

    lost: tuple[type[Exception], ...]

    def size(self, path: str) -> int | None:
        """Bytes, None where there is nothing."""

    def blocks(self, path: str) -> Iterator[bytes]:
        """All bytes as the medium has them; FileNotFoundError."""

    def append(self, path: str) -> AbstractContextManager[Writer]:
        """Open for adding, made where it is not there; durable when closed without an error."""

    def make_folder(self, folder: str) -> None:
        """Make it and what is missing above, but never the target's own folder."""

    def reveal(self, old: str, new: str) -> None:
        """Rename durably; FileExistsError when the new name is taken."""

    def replace(self, old: str, new: str) -> None:
        """Rename durably over what may be there."""

    def remove(self, path: str) -> None:
        """Remove a file; FileNotFoundError."""

    def modified(self, path: str) -> float:
        """When it was last written to, in seconds by the store's own clock; FileNotFoundError."""

    def listing(self, folder: str) -> list[tuple[str, bool]]:
        """Names with whether they are folders; FileNotFoundError."""

    def room(self) -> int | None:
        """Bytes that are free, None where nobody says."""

    def forget(self) -> None:
        """Drop a connection that broke."""


class FileTarget:
    """A Target (see there) over any Store."""

    def __init__(self, name: str, store: Store, settings: Settings) -> None:
        self.name = name
        self._store = store
        self._settings = settings
        self._bandwidth = bandwidth.shared(settings.backup_bandwidth)
        self._running = sweeping.Running()

    def check(self) -> None:
        with self._speaking():
            if self._store.size(MARKER) is None:
                raise TryLater(
                    f"backup target {self.name} is not mounted, or was never initialised: mount "
                    "it, or once say `photo-factory backup init` with its URL"
                )

    def initialise(self) -> None:
        with self._speaking():
            try:
                self._store.listing("")
            except FileNotFoundError:
                raise TryLater(
                    f"backup target {self.name}: there is no such folder: mount its disk, or make "
                    "the folder, and say it again"
                ) from None
            if self._store.size(MARKER) is None:
                self._write(MARKER, b"A backup of Photo Factory; see docs/BACKUP.md\n")

    def size(self, path: str) -> int | None:
        with self._speaking():
            return self._store.size(path)

    def sha256(self, path: str) -> str:
        with self._speaking():
            return sha256_of(self._blocks(path))

    def put(self, source: Path, path: str, file_hash: str) -> Proof:
        unfinished = f".{file_hash}.{writers.name(self._settings)}{PARTIAL}"
        with self._speaking(path):
            size = self._store.size(path)
            if size is not None:
                return self._adopted(path, file_hash)
            self._store.make_folder(posixpath.dirname(path))
            partial = posixpath.join(posixpath.dirname(path), unfinished)
            with self._running.writing(partial):
                self._send_whole(source, partial, file_hash)
                return self._revealed(partial, path, file_hash)

    def write(self, path: str, content: bytes) -> None:
        with self._speaking(path):
            self._store.make_folder(posixpath.dirname(path))
            self._write(path, content)

    def read(self, path: str) -> bytes:
        with self._speaking():
            return b"".join(self._blocks(path))

    def fetch(self, path: str, into: Path) -> str:
        return received(self._heard(path), into)

    def rename(self, old: str, new: str) -> None:
        with self._speaking(new):
            self._store.make_folder(posixpath.dirname(new))
            self._store.reveal(old, new)

    def remove(self, path: str) -> None:
        with self._speaking():
            try:
                self._store.remove(path)
            except FileNotFoundError:
                return

    def sweep(self, older_than_s: float) -> int:
        with self._speaking():
            return sweeping.sweep(self._store, older_than_s, self._running)

    def names(self, folder: str) -> list[str]:
        return [n for n, is_folder in self._listing(folder) if not is_folder and not hidden(n)]

    def folders(self, folder: str) -> list[str]:
        return [name for name, is_folder in self._listing(folder) if is_folder]

    def _listing(self, folder: str) -> list[tuple[str, bool]]:
        with self._speaking():
            try:
                return sorted(self._store.listing(folder))
            except FileNotFoundError:
                return []

    def _revealed(self, partial: str, path: str, file_hash: str) -> Proof:
        try:
            self._store.reveal(partial, path)
        except FileExistsError:  # another worker was quicker, or a stranger
            self._store.remove(partial)
            return self._adopted(path, file_hash)
        return Proof(file_hash, READ_BACK)

    def _adopted(self, path: str, file_hash: str) -> Proof:
        try:
            found = insist(self, lambda: self.sha256(path))
        except Withheld as error:
            if not error.by_disk:
                raise TryLater(str(error)) from error
            found = None  # a bad sector: it may be anything
        if found != file_hash:
            raise occupied(self.name, path)
        return Proof(file_hash, READ_BACK)

    def _send_whole(self, source: Path, partial: str, file_hash: str) -> None:
        """Send what is missing of a file, and read all of it back."""
        there = self._store.size(partial) or 0
        self._send(source, partial, file_hash, there)
        if sha256_of(self._blocks(partial)) == file_hash:
            return
        self._store.remove(partial)
        if there:  # what an earlier try left was not the beginning of it
            self._send_whole(source, partial, file_hash)
            return
        raise Corrupted(
            f"backup target {self.name} gave back other bytes than it got for {source.name}: its "
            "disk, memory or cable is failing; nothing was kept there"
        )

    def _send(self, source: Path, partial: str, file_hash: str, there: int) -> None:
        digest, done = hashlib.sha256(), 0
        with self._store.append(partial) as writer:
            for block in blocks_of(source):
                digest.update(block)
                missing = block[max(0, there - done) :]
                done += len(block)
                if missing:
                    self._bandwidth.take(len(missing))
                    writer.write(missing)
        if digest.hexdigest() != file_hash:
            self._store.remove(partial)
            raise damaged(source)

    def _write(self, path: str, content: bytes) -> None:
        # Of this process alone: two that write one list at once must not share a name.
        folder, name = posixpath.split(path)
        partial = posixpath.join(folder, f".{name}.{os.urandom(4).hex()}{PARTIAL}")
        try:
            with self._store.append(partial) as writer:
                writer.write(content)
            if b"".join(self._blocks(partial)) != content:
                raise Corrupted(f"backup target {self.name} gave back another {path} than it got")
            self._store.replace(partial, path)
        except (OSError, Corrupted):
            with suppress(OSError, *self._store.lost):  # the first error is the one to tell
                self._store.remove(partial)
            raise

    def _blocks(self, path: str) -> Iterator[bytes]:
        for block in self._store.blocks(path):
            self._bandwidth.take(len(block))
            yield block

    def _heard(self, path: str) -> Iterator[bytes]:
        """Blocks whose receiver's own errors are not taken for the target's."""
        with self._speaking():
            yield from self._blocks(path)

    @contextmanager
    def _speaking(self, wanted: str | None = None) -> Iterator[None]:
        """Tell what the target refuses as nobody's fault; `wanted` is a path that is to be made."""
        try:
            yield
        except UnicodeEncodeError:
            raise Unprocessable(f"backup target {self.name} cannot hold this name") from None
        except OSError as error:
            if wanted is None and isinstance(error, FileNotFoundError):
                raise
            raise self._refusal(error, wanted) from error
        except self._store.lost as error:
            raise self._refusal(error, wanted) from error

    def _refusal(self, error: Exception, wanted: str | None) -> Exception:
        number = getattr(error, "errno", None)
        is_full = number in _FULL or bool(wanted and self._is_full())
        self._store.forget()  # answers to what was sent ahead may still be on their way
        if is_full:
            return TryLater(
                f"backup target {self.name} is full: make room there, it goes on by itself"
            )
        if wanted and number in _BAD_NAME:
            return Unprocessable(f"backup target {self.name} cannot hold the name {wanted}")
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return TryLater(f"backup target {self.name} is away: {reason}")

    def _is_full(self) -> bool:
        """Asked where a protocol has no word for it."""
        room = None
        with suppress(OSError, *self._store.lost):
            room = self._store.room()
        return room is not None and room < _ALMOST_FULL


def hidden(name: str) -> bool:
    """Whether a name is unfinished or the marker: no copy."""
    return name == MARKER or is_unfinished(name)


def received(blocks: Iterator[bytes], into: Path) -> str:
    """Write a stream durably to a new local file; its SHA-256. The caller tells local errors."""
    first = next(blocks, b"")  # before there is a file: FileNotFoundError leaves none
    digest = hashlib.sha256(first)
    with files.naming(into), into.open("xb") as file:
        file.write(first)
        for block in blocks:
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
