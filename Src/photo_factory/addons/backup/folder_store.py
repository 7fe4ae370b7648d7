"""A folder as a target: another disk, or whatever is mounted."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from photo_factory.shared import files

_NO_LINK_HERE = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class FolderStore:
    """A Store (see file_target) in a folder."""

    lost: tuple[type[Exception], ...] = ()

    def __init__(self, root: Path) -> None:
        self._root = root

    def size(self, path: str) -> int | None:
        try:
            return os.stat(self._root / path).st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def blocks(self, path: str) -> Iterator[bytes]:
        descriptor = files.open_regular(self._root / path)
        try:
            # What the page cache remembers proves nothing about the disk.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            while block := os.read(descriptor, files.READ_SIZE):
                yield block
        finally:
            os.close(descriptor)

    @contextmanager
    def append(self, path: str) -> Iterator[BinaryIO]:
        with (self._root / path).open("ab") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def make_folder(self, folder: str) -> None:
        if not self._root.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._root))
        files.make_folder(self._root / folder)

    def reveal(self, old: str, new: str) -> None:
        source, final = self._root / old, self._root / new
        try:
            os.link(source, final, follow_symlinks=False)
            source.unlink()
        except OSError as error:
            if error.errno not in _NO_LINK_HERE:
                raise
            # FAT and exFAT have no links; nobody but us gives names in a backup.
            if os.path.lexists(final):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from None
            source.rename(final)
        files.fsync_folder(final.parent)

    def replace(self, old: str, new: str) -> None:
        (self._root / old).replace(self._root / new)
        files.fsync_folder((self._root / new).parent)

    def remove(self, path: str) -> None:
        (self._root / path).unlink()

    def modified(self, path: str) -> float:
        return os.lstat(self._root / path).st_mtime

    def listing(self, folder: str) -> list[tuple[str, bool]]:
        with os.scandir(self._root / folder) as entries:
            return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]

    def room(self) -> int | None:
        return shutil.disk_usage(self._root).free

    def forget(self) -> None:
        """There is no connection."""
