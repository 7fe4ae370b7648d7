"""Filing: bringing a file's bytes under a final name, in an order that survives power cuts.

A final name appears by `link`, which fails when the name exists, and only for bytes that were
fsynced and match their hash. The inbox entry goes last, and elsewhere.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import itertools
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from uuid import uuid4

from photo_factory.shared.errors import Failed, Held
from photo_factory.shared.files import fsync_folder, sha256_from_disk

log = logging.getLogger(__name__)

_leaving = itertools.count(time.time_ns())

PARTIAL = ".partial"
"""How unfinished names in the archive end; they begin with a dot."""

LEAVING = ".photo-factory-leaving-"
"""How an inbox entry is called while it is removed; a crash leaves a plain arrival behind."""

_FICLONE = 0x40049409  # <linux/fs.h>: share a whole file's extents
_RENAME_NOREPLACE = 1  # <linux/fs.h>
_NO_LINK_HERE = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_NO_CLONE_HERE = {errno.EXDEV, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY, errno.ENOSYS}
_COPY_BLOCK = 8 << 20

_libc = ctypes.CDLL(None, use_errno=True)

_HELD = {
    errno.ENOSPC: "the disk is full (bytes or inodes): make room, filing goes on by itself",
    errno.EDQUOT: "the quota is used up: make room, filing goes on by itself",
    errno.EROFS: "the file system is read-only: mount it writable, filing goes on by itself",
    errno.EACCES: "permission denied: give this user access, filing goes on by itself",
    errno.EPERM: "not permitted: give this user access, filing goes on by itself",
    errno.EIO: "input/output error: the disk or its connection is failing, check it",
    errno.ESTALE: "the file server went away: filing goes on when it is back",
    errno.EMFILE: "too many open files: raise the limit (ulimit -n)",
    errno.ENAMETOOLONG: "the name is too long for this file system",
}


def held(error: OSError) -> Held:
    """The reason a person understands for what the system refused."""
    reason = _HELD.get(error.errno or 0, f"{error.strerror or error}; it is tried again")
    where = os.fsdecode(error.filename) if error.filename else ""
    return Held(f"{where}: {reason}" if where else reason)


class How(Enum):
    """How the archive comes by an inbox file's bytes."""

    SHARE = "a second name for the inode; a copy where that cannot be"
    CLONE_OR_SHARE = "shared extents, else a second name, else a copy"
    COPY = "bytes of its own"


@dataclass(frozen=True, slots=True)
class Bytes:
    """An open inbox file whose bytes have this SHA-256."""

    path: str
    descriptor: int
    file_hash: str


def place(source: Bytes, final: Path, how: How, *, reserve: int) -> None:
    """Bring a file's bytes durably under a final name that must be free (FileExistsError).

    A copy leaves `reserve` bytes of the disk free. The name itself is durable once its folder is
    fsynced, which the caller does once for many.
    """
    try:
        _place(source, final, how, reserve)
    except FileNotFoundError:
        raise
    except OSError as error:
        error.filename = str(final)  # not the inbox's file: it is the archive that refuses
        raise


def _place(source: Bytes, final: Path, how: How, reserve: int) -> None:
    if how is How.SHARE and _linked(source, final):
        return
    with _partial(final) as partial:
        if how is How.CLONE_OR_SHARE:
            if _cloned(source, partial):
                reveal(partial, final)
                return
            if _linked(source, final):
                return
        # Asked only here: whether a link can be had, as between two mounts of one disk it
        # cannot, is known once it was tried.
        if not room_for(os.fstat(source.descriptor).st_size, final.parent, reserve=reserve):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        _copied(source, partial)
        reveal(partial, final)


@contextmanager
def _partial(final: Path) -> Iterator[Path]:
    """A hidden name beside the final one, which never outlives the attempt."""
    partial = final.parent / f".{uuid4().hex}{PARTIAL}"
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _linked(source: Bytes, final: Path) -> bool:
    os.fsync(source.descriptor)
    try:
        os.link(source.path, final, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_LINK_HERE:
            return False
        raise
    if not os.path.samestat(os.lstat(final), os.fstat(source.descriptor)):
        final.unlink()  # our own name, given to a file that took the place of the one we read
        raise Held("it was replaced while it was being filed; it is tried again")
    return True


def _copied(source: Bytes, partial: Path) -> None:
    target = _new_file(partial)
    try:
        _copy_bytes(source.descriptor, target)
        _finish(source.descriptor, target)
    finally:
        os.close(target)
    _check(partial, source.file_hash)


def _cloned(source: Bytes, partial: Path) -> bool:
    target = _new_file(partial)
    try:
        fcntl.ioctl(target, _FICLONE, source.descriptor)
        _finish(source.descriptor, target)
    except OSError as error:
        if error.errno in _NO_CLONE_HERE:
            return False
        raise
    finally:
        os.close(target)
    _check(partial, source.file_hash)
    return True


def _new_file(partial: Path) -> int:
    partial.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(partial, flags, 0o644)


def _copy_bytes(descriptor: int, target: int) -> None:
    size = os.fstat(descriptor).st_size
    offset = 0
    while offset < size:
        copied = os.sendfile(target, descriptor, offset, min(_COPY_BLOCK, size - offset))
        if copied == 0:
            raise Held("it became shorter while it was copied; it is tried again")
        offset += copied


def _finish(descriptor: int, target: int) -> None:
    """Give the copy its times and make it durable."""
    found = os.fstat(descriptor)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
    os.fsync(target)


def _check(partial: Path, file_hash: str) -> None:
    if sha256_from_disk(partial) != file_hash:
        raise Failed(
            f"the copy in {partial.parent} does not hold the bytes that were read: the disk, "
            "its cable or the memory is failing. The original stays in the inbox"
        )


def reveal(partial: Path, final: Path) -> None:
    """Give a file one more, final name, which must be free; the first may stay or go."""
    try:
        os.link(partial, final, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINK_HERE:
            raise
        _rename_no_replace(partial, final)


def _rename_no_replace(partial: Path, final: Path) -> None:
    outcome = _libc.renameat2(
        -100, os.fsencode(partial), -100, os.fsencode(final), _RENAME_NOREPLACE
    )
    if outcome != 0:
        code = ctypes.get_errno()
        if code in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise Held(
                f"the file system of {final.parent} can neither link nor rename without "
                "overwriting: keep the storage on a file system that can (ext4, XFS, Btrfs, ZFS)"
            )
        raise OSError(code, os.strerror(code), str(final))


def room_for(size: int, folder: Path, *, reserve: int) -> bool:
    """Whether a copy of so many bytes leaves the reserve (bytes) free on the folder's disk."""
    return shutil.disk_usage(folder).free - size >= reserve


def unshare(source: Bytes, final: Path) -> None:
    """Give an archive name an inode of its own, with the same bytes, and make that durable.

    For the moment in which a writer asks for the inode that inbox and archive share: the kernel
    keeps the writer waiting as long as the descriptor's lease is open.
    """
    with _partial(final) as partial:
        _copied(source, partial)
        partial.replace(final)
        fsync_folder(final.parent)


def take_away(path: str, descriptor: int, unchanged: Callable[[os.stat_result], bool]) -> bool:
    """Remove an inbox entry if it still is the open file, unchanged; else leave it there.

    The name could be given to a newer file between the last look and the removal, so it is first
    renamed to a name nobody else uses and looked at again there.
    """
    extension = os.path.splitext(path)[1][:16]  # by which a leftover is recognised
    leaving = os.path.join(
        os.path.dirname(path), f"{LEAVING}{os.getpid()}-{next(_leaving)}{extension}"
    )
    os.rename(path, leaving)
    now = os.lstat(leaving)
    if os.path.samestat(now, os.fstat(descriptor)) and unchanged(now):
        os.unlink(leaving)
        return True
    try:
        _rename_no_replace(Path(leaving), Path(path))
    except FileExistsError:
        log.warning("%s was replaced twice; the older one now is %s", path, leaving)
    return False
