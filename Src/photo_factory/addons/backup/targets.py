"""What a backup target can do, whichever kind it is; the kinds are in modules of their own.

Paths on a target are as below Storage: "Originals/2024/2024-05-01/a.jpg", "Ledger/…".
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from photo_factory.addons.backup import urls
from photo_factory.shared import executors, files
from photo_factory.shared.errors import PhotoFactoryError, TryLater, Unprocessable
from photo_factory.shared.settings import Settings

if TYPE_CHECKING:
    from photo_factory.addons.backup.file_target import Store

READ_BACK, STORE_CHECKSUM = "read back", "store checksum"

MARKER = ".photo-factory-backup"
"""What `backup init` leaves at a target: without it the disk is not mounted, or another one."""

PARTIAL = ".photo-factory-partial"
"""How unfinished names end; they begin with a dot."""

LEFT_OVER_S = 7 * 24 * 3600.0
"""When an unfinished copy is swept; a target that was away goes on with younger ones."""


class Corrupted(PhotoFactoryError):
    """What came back from a target are not the bytes that were sent."""


class Occupied(Unprocessable):
    """Other bytes have the name on a target; what it says is for a person."""


class Unreadable(PhotoFactoryError):
    """The original here cannot be read now."""


class Withheld(PhotoFactoryError):
    """A target that is well does not give one of its files.

    `by_disk`: a disk's or file system's own word, as of a bad sector; else a store's, which may
    have reasons that say nothing of the bytes, or a connection's.
    """

    def __init__(self, message: str, *, by_disk: bool) -> None:
        super().__init__(message)
        self.by_disk = by_disk


@dataclass(frozen=True)
class Proof:
    """The SHA-256 of a copy, and how it was proven: `read back` or `store checksum`."""

    sha256: str
    how: str


class Target(Protocol):
    """One place where copies are kept.

    Every method raises TryLater, naming the target and what to do, while it is away or full.
    """

    name: str
    """The URL without secrets, as the ledger keeps it."""

    def check(self) -> None:
        """Nothing when it is ready; TryLater when it is away or was never initialised."""

    def initialise(self) -> None:
        """Leave the marker there, so that a disk that is not mounted is told from one that is."""

    def size(self, path: str) -> int | None:
        """Bytes of a file, None where there is none."""

    def sha256(self, path: str) -> str:
        """The SHA-256 of all bytes as they come back; FileNotFoundError."""

    def put(self, source: Path, path: str, file_hash: str) -> Proof:
        """Copy a file there, proven by its hash before it gets its name.

        The same bytes under that name are adopted, after reading them; Unprocessable where other
        bytes are: nothing is overwritten. What a cut left half done is gone on with. Corrupted when
        other bytes came back; Unprocessable when the source does not hold `file_hash`.
        """

    def write(self, path: str, content: bytes) -> None:
        """Put a small list's whole new content under its name."""

    def read(self, path: str) -> bytes:
        """A small file; FileNotFoundError."""

    def fetch(self, path: str, into: Path) -> str:
        """Bring a file here, durable, under a name that must be free; the SHA-256 of what came."""

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, which must be free."""

    def remove(self, path: str) -> None:
        """Remove a file; nothing where there is none."""

    def sweep(self, older_than_s: float) -> int:
        """Remove our unfinished copies that nobody wrote to for so long; how many.

        What this process is writing stays, and so does what is not ours by name.
        """

    def names(self, folder: str) -> list[str]:
        """Files directly below a folder, without unfinished ones; [] where there is none."""

    def folders(self, folder: str) -> list[str]:
        """Folders directly below a folder; [] where there is none."""


Answer = TypeVar("Answer")


def insist(target: Target, ask: Callable[[], Answer]) -> Answer:
    """What a target answers of one file, asked once more when it is well all the same.

    Else one bad sector would be a target that is away, or a hiccup a bad sector. Withheld when
    that fails as well; TryLater when the target is away; what else `ask` raises.
    """
    try:
        return ask()
    except TryLater:
        expect_well(target)
    try:
        return ask()
    except TryLater as error:
        cause = error.__cause__
        reason = getattr(cause, "strerror", None) or str(cause or error)
        told = f"backup target {target.name} is there, but not this file of it: {reason}"
        raise Withheld(told, by_disk=_is_of_disk(cause)) from error


def _is_of_disk(error: BaseException | None) -> bool:
    """Whether an error is a disk's; those of connections are OSErrors as well, botocore's too."""
    is_of_system = isinstance(error, OSError) and type(error).__module__ == "builtins"
    return is_of_system and not isinstance(error, ConnectionError | TimeoutError)


def expect_well(target: Target) -> None:
    """TryLater unless the target is there, and gives back what it holds."""
    target.check()
    try:
        target.read(MARKER)  # a disk that dropped out is listed from memory for a while
    except FileNotFoundError:
        raise TryLater(f"backup target {target.name} is away: its marker is gone") from None


def open_target(url: str, settings: Settings) -> Target:
    """The target at a URL; nothing is asked of it yet. SettingsError for a bad URL."""
    at = urls.address(url, settings)
    if at.kind == "s3":
        from photo_factory.addons.backup.s3_target import S3Target

        return S3Target(at, settings)
    from photo_factory.addons.backup.file_target import FileTarget

    return FileTarget(at.name, _store(at, settings), settings)


def _store(at: urls.Address, settings: Settings) -> Store:
    if at.kind == "sftp":
        from photo_factory.addons.backup.sftp_store import SftpStore

        return SftpStore(at, settings)
    if at.kind == "smb":
        from photo_factory.addons.backup.smb_store import SmbStore

        return SmbStore(at, settings)
    from photo_factory.addons.backup.folder_store import FolderStore

    return FolderStore(Path(at.path))


def open_targets(settings: Settings) -> list[Target]:
    """Those of BACKUP_TARGETS, opened once in a process."""
    chosen = (settings.root, *(getattr(settings, name) for name in _HEEDED))
    for url in urls.urls(settings):
        if (url, chosen) not in _opened:
            _opened[url, chosen] = open_target(url, settings)
    return [_opened[url, chosen] for url in urls.urls(settings)]


_opened: dict[tuple[str, tuple[object, ...]], Target] = {}
_HEEDED = ("backup_known_hosts", "backup_key_file", "backup_timeout", "backup_bandwidth")


def blocks_of(source: Path) -> Iterator[bytes]:
    """The bytes of a local file; Unreadable, Unprocessable, or TryLater when we are to stop."""
    try:
        descriptor = files.open_regular(source)
    except FileNotFoundError:
        raise _missing(source) from None
    except OSError as error:
        raise Unreadable(f"{source} cannot be read: {error.strerror}") from error
    try:
        while block := _next(descriptor, source):
            heed_end()
            yield block
    finally:
        os.close(descriptor)


def _missing(source: Path) -> PhotoFactoryError:
    """One file that is gone is that file's; a year's folder that is gone is a disk's."""
    if not source.parent.parent.is_dir():
        return TryLater(f"the storage is away: {source.parent.parent} is not there")
    return Unprocessable(f"{source} is missing: see `photo-factory verify`")


def _next(descriptor: int, source: Path) -> bytes:
    try:
        return os.read(descriptor, files.READ_SIZE)
    except OSError as error:
        raise Unreadable(f"{source} cannot be read: {error.strerror}") from error


def heed_end() -> None:
    """Give up between two blocks when this process is to end; TryLater."""
    if executors.stopping.is_set():
        raise TryLater("stopping")


def is_unfinished(name: str) -> bool:
    """Whether a file's name is one of ours that was not finished."""
    return name.startswith(".") and name.endswith(PARTIAL)


def sha256_of(blocks: Iterator[bytes]) -> str:
    """The SHA-256 of a stream, in hexadecimal."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def damaged(source: Path) -> Unprocessable:
    """What to say of an original whose bytes are not those that were filed."""
    return Unprocessable(
        f"{source} does not hold the bytes that were filed: it is not copied over good copies; "
        "see `photo-factory verify`"
    )


def occupied(name: str, path: str) -> Occupied:
    """What to say where other bytes have the name."""
    return Occupied(
        f"backup target {name} has another file at {path}, which is left alone: look at it, move "
        "it away, then `photo-factory retry`"
    )
