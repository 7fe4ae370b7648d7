"""An SFTP server as a target (draft-ietf-secsh-filexfer-02, as OpenSSH speaks it)."""

from __future__ import annotations

import errno
import posixpath
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paramiko
from paramiko.sftp import CMD_EXTENDED, SFTPError

from photo_factory.addons.backup.urls import Address
from photo_factory.shared import files
from photo_factory.shared.errors import TryLater
from photo_factory.shared.settings import Settings


class SftpStore:
    """A Store (see file_target) over SSH; each thread has a connection of its own."""

    lost: tuple[type[Exception], ...] = (paramiko.SSHException, EOFError, SFTPError)

    def __init__(self, at: Address, settings: Settings) -> None:
        self._at, self._settings = at, settings
        self._here = threading.local()

    def size(self, path: str) -> int | None:
        try:
            return int(self._sftp().stat(self._full(path)).st_size or 0)
        except FileNotFoundError:
            return None

    def blocks(self, path: str) -> Iterator[bytes]:
        with self._sftp().open(self._full(path), "rb") as file:
            file.prefetch(file.stat().st_size)  # else each block waits for a round trip
            while block := file.read(files.READ_SIZE):
                yield block

    @contextmanager
    def append(self, path: str) -> Iterator[Any]:
        with self._sftp().open(self._full(path), "ab") as file:
            file.set_pipelined(True)
            yield file
            file.flush()
            # What the server said of blocks that were sent ahead: paramiko asks only now and then,
            # and would drop an error that comes in while it waits for another answer.
            while file._reqs:
                file.sftp._read_response(file._reqs.popleft())
            self._make_durable(file)

    def make_folder(self, folder: str) -> None:
        if not folder or self._is_folder(folder):
            return
        self.make_folder(posixpath.dirname(folder))
        try:
            self._sftp().mkdir(self._full(folder))
        except OSError:
            if not self._is_folder(folder):  # else another worker was quicker
                raise

    def reveal(self, old: str, new: str) -> None:
        # The server's plain rename refuses a name that is taken, but has no word for why.
        try:
            self._sftp().rename(self._full(old), self._full(new))
        except OSError:
            if self.size(new) is not None:
                raise FileExistsError(errno.EEXIST, "it exists", new) from None
            raise

    def replace(self, old: str, new: str) -> None:
        self._sftp().posix_rename(self._full(old), self._full(new))

    def remove(self, path: str) -> None:
        self._sftp().remove(self._full(path))

    def modified(self, path: str) -> float:
        return float(self._sftp().lstat(self._full(path)).st_mtime or 0)

    def listing(self, folder: str) -> list[tuple[str, bool]]:
        entries = self._sftp().listdir_attr(self._full(folder))
        return [(one.filename, stat.S_ISDIR(one.st_mode or 0)) for one in entries]

    def room(self) -> int | None:
        """By OpenSSH's extension statvfs; None where the server does not know it."""
        try:
            _, told = self._sftp()._request(CMD_EXTENDED, "statvfs@openssh.com", self._full(""))
        except OSError:
            return None
        _block, fragment, _blocks, _free, available = (told.get_int64() for _ in range(5))
        return int(fragment * available)

    def forget(self) -> None:
        client = getattr(self._here, "client", None)
        self._here.__dict__.clear()
        if client:
            client.close()

    def _full(self, path: str) -> str:
        return posixpath.join(self._at.path or "/", path) if path else self._at.path or "/"

    def _is_folder(self, folder: str) -> bool:
        try:
            return stat.S_ISDIR(self._sftp().stat(self._full(folder)).st_mode or 0)
        except FileNotFoundError:
            return False

    def _make_durable(self, file: Any) -> None:
        """By OpenSSH's extension fsync, where the server knows it."""
        try:
            self._sftp()._request(CMD_EXTENDED, "fsync@openssh.com", file.handle)
        except OSError as error:
            if "unsupported" not in str(error).lower():
                raise

    def _sftp(self) -> Any:
        if not hasattr(self._here, "sftp"):
            self._here.client = self._connected()
            self._here.sftp = self._here.client.open_sftp()
            self._here.sftp.get_channel().settimeout(self._settings.backup_timeout)
        return self._here.sftp

    def _connected(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        known = self._settings.backup_known_hosts.expanduser()
        if known.is_file():
            client.load_host_keys(str(known))
        # paramiko's and fsspec's other policies let anybody say that they are the server.
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            client.connect(self._at.host, **self._who())
        except Exception as error:
            client.close()
            raise self._explained(error, str(known)) from error
        return client

    def _who(self) -> dict[str, Any]:
        key = self._settings.backup_key_file
        timeout = min(self._settings.backup_timeout, 30.0)
        return {
            "port": self._at.port or 22,
            "username": self._at.user,
            "password": self._at.password,
            "key_filename": str(self._settings.root / key.expanduser()) if key else None,
            "timeout": timeout,
            "banner_timeout": timeout,
            "auth_timeout": timeout,
            "allow_agent": not key,
            "look_for_keys": not key,
        }

    def _explained(self, error: Exception, known: str) -> Exception:
        name = self._at.name
        if isinstance(error, paramiko.BadHostKeyException):
            return TryLater(
                f"backup target {name}: the server's key is not the one in {known}; somebody else "
                "may answer in its place. Nothing was sent"
            )
        if isinstance(error, paramiko.AuthenticationException):
            return TryLater(f"backup target {name}: the server does not let us in")
        if isinstance(error, paramiko.SSHException) and "known_hosts" in str(error):
            return TryLater(
                f"backup target {name}: the server's key is not in {known}; fetch it with "
                "ssh-keyscan, compare its fingerprint on the server, and add it there"
            )
        return error
