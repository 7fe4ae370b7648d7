"""Real parts for the tests: servers that are started, frozen and stopped for real."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import pytest


def require_part(name: str, package: str, present: bool) -> None:
    """Skip the test where a part is missing; fail instead where REQUIRE_REAL_PARTS=1."""
    if present:
        return
    reason = f"needs {name}: apt-get install {package}"
    if os.environ.get("REQUIRE_REAL_PARTS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgreSQL:
    """A server in a folder of its own, on 127.0.0.1 only, without passwords."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen: list[psutil.Process] = []

    @staticmethod
    def is_installed() -> bool:
        return _binaries() is not None

    @classmethod
    def create(cls, *, fsync: bool = True) -> PostgreSQL:
        """A new server, not started yet."""
        # Not below pytest's own folder: the user postgres may not enter that one, and the path
        # of a unix socket may have 107 characters only.
        home = Path(tempfile.mkdtemp(prefix="pf-pg-"))
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
        server = cls(home, free_port())
        server._run(
            "initdb", "-D", str(home / "data"), "-U", "photo", "--auth=trust", "-E", "UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip
        settings = {
            "listen_addresses": "'127.0.0.1'",
            "unix_socket_directories": f"'{home}'",
            "fsync": "on" if fsync else "off",
            "max_connections": "100",
        }
        with (home / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        return server

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://photo@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        log = (self.home / "log").open("ab")
        command = self._command("postgres", "-D", str(self.home / "data"), "-p", str(self.port))
        with log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.home)
        deadline = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start: {(self.home / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop like a service that is taken down: clients are disconnected."""
        self.resume()
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's "fast shutdown"
            self._process.wait(30)
            self._process = None

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing answers any more."""
        assert self._process is not None
        postmaster = psutil.Process(self._process.pid)
        self._frozen = [postmaster, *postmaster.children(recursive=True)]
        for process in self._frozen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def resume(self) -> None:
        """Undo `pause`."""
        for process in self._frozen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        self._frozen = []

    def destroy(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def create_database(self, name: str, template: str = "template0") -> str:
        """A new database, empty unless it is made from another `template`; its URL."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run one statement by the server's own client."""
        self._run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database))

    def _answers(self) -> bool:
        command = self._command("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))
        return subprocess.run(command, check=False, cwd=self.home).returncode == 0

    def _run(self, *command: str) -> None:
        subprocess.run(
            self._command(*command), check=True, capture_output=True, cwd=self.home, timeout=60
        )

    @staticmethod
    def _command(program: str, *arguments: str) -> list[str]:
        folder = _binaries()
        assert folder is not None
        # The server refuses to be run by root, which is who runs the tests in CI.
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        return [*(user if os.geteuid() == 0 else []), str(folder / program), *arguments]


def _binaries() -> Path | None:
    """The folder of the newest installed PostgreSQL server."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
        reverse=True,
    )
    if pg_config := shutil.which("pg_config"):
        asked = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(asked.stdout.strip()))
    return next((folder for folder in folders if (folder / "initdb").exists()), None)
