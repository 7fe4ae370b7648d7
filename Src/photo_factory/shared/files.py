"""Bytes on disk: hashing, making durable, and holding a file still while it is read."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import signal
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from uuid import uuid4

LONGEST_NAME = 255
"""Bytes in a file name: the limit of every file system in use here."""

DISK_AWAY = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.ESTALE})
"""What is said of a disk or a file server that dropped out: no file's fault."""

DISK_FAILS = DISK_AWAY | {errno.EIO}
"""The same, and what one bad sector says as well."""

LACKING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
)
"""What is said where there is no room or no leave to write, or the system lacks something."""

READ_SIZE = 1 << 20
_WHOLE_FILE = 256 * 1024
_F_SETSIG = 10  # <fcntl.h>; the fcntl module does not name it
_NO_LEASES_HERE = {errno.EACCES, errno.EINVAL, errno.ENOLCK, errno.EPERM, errno.EOPNOTSUPP}


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Have errors say which file they are about; those of calls on descriptors do not."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def open_regular(path: str | Path) -> int:
    """A read-only descriptor of a regular file; never follows a link, never waits on a FIFO."""
    descriptor = _open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


def _open(path: str | Path, flags: int) -> int:
    # Noting that a file was read would dirty its inode, and each fsync would wait for that.
    try:
        return os.open(path, flags | os.O_NOATIME)
    except PermissionError:  # another owner's file: the note cannot be had otherwise
        return os.open(path, flags)


def sha256_of_descriptor(descriptor: int, told: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of all bytes behind an open file, streamed; `told` hears of each block's size."""
    size = os.fstat(descriptor).st_size
    if size <= _WHOLE_FILE:  # one read: the streaming set-up costs more than so few bytes
        block = _read_whole(descriptor)
        if told:
            told(len(block))
        return hashlib.sha256(block).hexdigest()
    return _sha256_streamed(descriptor, told)


def _read_whole(descriptor: int) -> bytes:
    blocks = []
    offset = 0
    while block := os.pread(descriptor, READ_SIZE, offset):
        blocks.append(block)
        offset += len(block)
    return b"".join(blocks)


def _sha256_streamed(descriptor: int, told: Callable[[int], None] | None) -> str:
    digest = hashlib.sha256()
    buffer = bytearray(READ_SIZE)
    view = memoryview(buffer)
    offset = 0
    while count := os.preadv(descriptor, [buffer], offset):
        digest.update(view[:count])
        offset += count
        if told:
            told(count)
    return digest.hexdigest()


def sha256_of(path: str | Path) -> str:
    """The SHA-256 of a regular file, in hexadecimal."""
    descriptor = open_regular(path)
    try:
        with naming(path):
            return sha256_of_descriptor(descriptor)
    finally:
        os.close(descriptor)


def sha256_from_disk(path: str | Path) -> str:
    """The SHA-256 of what the disk holds: what the page cache remembers is dropped first."""
    descriptor = open_regular(path)
    try:
        with naming(path):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            return sha256_of_descriptor(descriptor)
    finally:
        os.close(descriptor)


def fsync_file(path: str | Path) -> None:
    """Make a file's bytes durable."""
    descriptor = open_regular(path)
    try:
        with naming(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_folder(folder: str | Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with naming(folder):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and what is missing above it, each name durable in its parent."""
    make_folders([folder])


def make_folders(folders: Iterable[Path]) -> None:
    """Make folders as `make_folder` does; those with one parent share its fsync."""
    grown: set[Path] = set()
    for folder in folders:
        _make_missing(folder, grown)
    for parent in grown:
        fsync_folder(parent)


def _make_missing(folder: Path, grown: set[Path]) -> None:
    if not folder.is_dir():
        _make_missing(folder.parent, grown)
        folder.mkdir(exist_ok=True)
        grown.add(folder.parent)


def replace_durably(path: Path, content: bytes) -> None:
    """Put a whole new content under a name: readers see the old one or the new one."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with naming(path), partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def set_aside(path: Path, quarantine: Path) -> Path | None:
    """Move a damaged copy out of the archive, never deleting it; None when nothing was there."""
    if not os.path.lexists(path):
        return None
    make_folder(quarantine)
    named = path.name.encode()[: LONGEST_NAME - 13].decode("utf-8", "ignore")
    aside = quarantine / f"{uuid4().hex[:12]}_{named}"
    path.rename(aside)
    fsync_folder(quarantine)
    fsync_folder(path.parent)
    return aside


class Stillness(Enum):
    """What is known about writers of an open file."""

    LEASED = "nobody writes, and the kernel keeps writers waiting while the descriptor is open"
    WRITTEN = "somebody has it open for writing"
    UNKNOWN = "leases do not exist here (another owner's file, NFS, SMB)"


def hold_still(descriptor: int) -> Stillness:
    """Ask the kernel for a read lease, which ends with the descriptor."""
    try:
        # A broken lease is told by SIGIO, which ends a process by default; SIGURG is ignored.
        fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        if error.errno in _NO_LEASES_HERE:
            return Stillness.UNKNOWN
        if error.errno in (errno.EAGAIN, errno.EBUSY):
            return Stillness.WRITTEN
        raise
    return Stillness.LEASED


def lease_holds(descriptor: int) -> bool:
    """False as soon as somebody waits to write to a file leased by `hold_still`."""
    return fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK


@contextmanager
def exclusive_lock(path: Path) -> Iterator[bool]:
    """Whether this process alone holds the lock file; the lock ends with the process."""
    make_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield True
    finally:
        os.close(descriptor)
