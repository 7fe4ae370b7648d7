"""Backup servers of the tests' own on 127.0.0.1: OpenSSH's, Samba's and an S3 store."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.parts import free_port, require_part

USER = getpass.getuser()
PASSWORD = "not-to-be-told"
BUCKET = "photos"

os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")


class Server:
    """A process that listens on a port, in a folder of its own."""

    def __init__(self, home: Path, command: list[str], port: int) -> None:
        self.home, self.port, self._command = home, port, command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it listens."""
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=self.home)
        deadline = time.monotonic() + 30
        while not listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{self._command[0]}: {(self.home / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Take it down with the connections it has."""
        if self._process:
            # sshd's and smbd's connections are served by children in sessions of their own.
            server = psutil.Process(self._process.pid)
            for one in (server, *server.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            self._process.wait(10)
            self._process = None


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def _home(prefix: str) -> Iterator[Path]:
    # Not in pytest's folder: paths of unix sockets are short, and sshd minds who owns what.
    home = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def sftp_server() -> Iterator[tuple[Server, Path]]:
    """OpenSSH; the key files `id` and `known_hosts` are in its home."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    require_part("OpenSSH's server", "openssh-server", program is not None)
    with _home("pf-ssh-") as home:
        port = free_port()
        for name in ("host", "id"):
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name))
        shutil.copy(home / "id.pub", home / "authorized_keys")
        host_key = " ".join((home / "host.pub").read_text().split()[:2])
        (home / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
        (home / "config").write_text(
            f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {home}/host\nPidFile {home}/pid\n"
            f"AuthorizedKeysFile {home}/authorized_keys\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nMaxStartups 100\nSubsystem sftp internal-sftp\n"
        )
        Path("/run/sshd").mkdir(exist_ok=True)
        server = Server(home, [str(program), "-D", "-e", "-f", str(home / "config")], port)
        with _running(server):
            yield server, home


@contextlib.contextmanager
def smb_server() -> Iterator[tuple[Server, Path]]:
    """Samba with one share, `share`, which is the folder of that name in its home."""
    program = shutil.which("smbd", path=f"{os.environ['PATH']}:/usr/sbin")
    require_part("Samba", "samba", program is not None)
    require_part("root, to run Samba", "samba", os.geteuid() == 0)
    with _home("pf-smb-") as home:
        port = free_port()
        for name in ("share", "private", "lock", "state", "cache", "pid", "ncalrpc"):
            (home / name).mkdir()
        folders = {
            "private dir": "private", "lock directory": "lock", "state directory": "state",
            "cache directory": "cache", "pid directory": "pid", "ncalrpc dir": "ncalrpc",
        }  # fmt: skip
        (home / "smb.conf").write_text(
            f"[global]\nsmb ports = {port}\ninterfaces = 127.0.0.1/8\nbind interfaces only = yes\n"
            "disable netbios = yes\nserver role = standalone server\nload printers = no\n"
            + "".join(f"{name} = {home / folder}\n" for name, folder in folders.items())
            + f"[share]\npath = {home}/share\nread only = no\n"
        )
        subprocess.run(
            ["smbpasswd", "-c", str(home / "smb.conf"), "-s", "-a", USER],
            input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, capture_output=True,
        )  # fmt: skip
        command = [str(program), "-F", "--no-process-group", "-s", str(home / "smb.conf")]
        server = Server(home, [*command, f"--log-basename={home}"], port)
        with _running(server):
            yield server, home / "share"


@contextlib.contextmanager
def s3_server() -> Iterator[Server]:
    """moto's server; it keeps checksums, but believes every signature and every sum."""
    with _home("pf-s3-") as home:
        port = free_port()
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1"]
        server = Server(home, [*command, "-p", str(port)], port)
        with _running(server):
            yield server


def s3_client(port: int) -> object:
    """A client of the test's own."""
    from botocore.session import get_session

    return get_session().create_client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key=PASSWORD,
    )


@contextlib.contextmanager
def _running(server: Server) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)
