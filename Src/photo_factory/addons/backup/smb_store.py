"""A Windows or Samba share as a target."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import smbclient
from smbprotocol.exceptions import NtStatus, SMBException, SMBOSError

from photo_factory.addons.backup.urls import Address
from photo_factory.shared import files
from photo_factory.shared.settings import Settings

_FULL = {NtStatus.STATUS_DISK_FULL, 0xC0000044, 0xC0000904}  # or a quota is used up
_BAD_NAME = {0xC0000033, 0xC000003B}  # STATUS_OBJECT_NAME_INVALID, …_PATH_SYNTAX_BAD
_GONE = {NtStatus.STATUS_NO_SUCH_FILE}
_FORBIDDEN = set('<>:"|?*\\')


class SmbStore:
    """A Store (see file_target) over SMB 2 and 3."""

    # smbprotocol tells a connection that cannot be made by ValueError.
    lost: tuple[type[Exception], ...] = (SMBException, ValueError)

    def __init__(self, at: Address, settings: Settings) -> None:
        self._at, self._settings = at, settings
        self._cache: dict[str, Any] = {}
        self._connecting = threading.Lock()
        share = at.path.strip("/").replace("/", "\\")
        self._root = f"\\\\{at.host}\\{share}"

    def size(self, path: str) -> int | None:
        try:
            with _words():
                return int(smbclient.stat(self._full(path), **self._session()).st_size)
        except FileNotFoundError:
            return None

    def blocks(self, path: str) -> Iterator[bytes]:
        with _words(), self._opened(path, "rb") as file:
            while block := file.read(files.READ_SIZE):
                yield block

    @contextmanager
    def append(self, path: str) -> Iterator[Any]:
        with _words(), self._opened(path, "ab") as file:
            yield _Whole(file)
            file.flush()  # has the server write it to its disk

    def make_folder(self, folder: str) -> None:
        if not folder:
            return
        with _words():
            smbclient.makedirs(self._full(folder), exist_ok=True, **self._session())

    def reveal(self, old: str, new: str) -> None:
        with _words():
            smbclient.rename(self._full(old), self._full(new), **self._session())

    def replace(self, old: str, new: str) -> None:
        with _words():
            smbclient.replace(self._full(old), self._full(new), **self._session())

    def remove(self, path: str) -> None:
        with _words():
            smbclient.remove(self._full(path), **self._session())

    def modified(self, path: str) -> float:
        with _words():
            return float(smbclient.lstat(self._full(path), **self._session()).st_mtime)

    def listing(self, folder: str) -> list[tuple[str, bool]]:
        with _words():
            found = smbclient.scandir(self._full(folder), **self._session())
            return [(entry.name, entry.is_dir()) for entry in found]

    def room(self) -> int | None:
        with _words():
            return int(smbclient.stat_volume(self._root, **self._session()).caller_available_size)

    def forget(self) -> None:
        smbclient.reset_connection_cache(fail_on_error=False, connection_cache=self._cache)

    def _full(self, path: str) -> str:
        if set(path) & _FORBIDDEN:
            raise OSError(errno.EINVAL, "a name that shares cannot hold", path)
        return "\\".join([self._root, *path.split("/")]) if path else self._root

    def _opened(self, path: str, mode: str) -> Any:
        return smbclient.open_file(
            self._full(path), mode=mode, buffering=0, share_access="r", **self._session()
        )

    def _session(self) -> dict[str, Any]:
        port, timeout = self._at.port or 445, self._settings.backup_timeout
        with self._connecting:  # two threads would make two connections, and lose one
            session = smbclient.register_session(
                self._at.host,
                username=self._at.user.replace(";", "\\") if self._at.user else None,
                password=self._at.password,
                port=port,
                connection_timeout=int(min(timeout, 30)),
                connection_cache=self._cache,
            )
        # Without this, a server that falls silent is waited for ten minutes.
        session.connection._receive_timeout = int(timeout)
        return {"port": port, "connection_cache": self._cache}


class _Whole:
    """Writes all of a block: an unbuffered file may take a part only."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, block: bytes) -> int:
        left = memoryview(block)
        while left:
            left = left[self._file.write(left[: 1 << 20]) :]
        return len(block)


@contextmanager
def _words() -> Iterator[None]:
    """Have the errors that smbclient knows no number for carry one."""
    try:
        yield
    except SMBOSError as error:
        number = error.errno
        if error.ntstatus in _FULL:
            number = errno.ENOSPC
        elif error.ntstatus in _BAD_NAME:
            number = errno.EINVAL
        elif error.ntstatus in _GONE:
            number = errno.ENOENT
        raise OSError(number or errno.EIO, error.strerror, str(error.filename)) from error
