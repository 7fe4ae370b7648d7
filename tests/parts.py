"""Real parts for the tests: servers that are started, frozen and stopped for real."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

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
        postmaster.suspend()  # first: from then on it makes no more children
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

    def schema(self, url: str) -> str:
        """The shape of a database, as its own pg_dump tells it."""
        options = ("--schema-only", "--no-owner", "--no-privileges")
        return self._run("pg_dump", *options, url)

    def _answers(self) -> bool:
        command = self._command("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))
        return subprocess.run(command, check=False, cwd=self.home).returncode == 0

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            self._command(*command), check=True, capture_output=True, cwd=self.home, timeout=60
        )
        return done.stdout.decode()

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


class Syncthing:
    """A Syncthing in a folder of its own that speaks to 127.0.0.1 only: no discovery, no relays."""

    def __init__(self, home: Path, name: str) -> None:
        self.home = home
        self.name = name
        self.key = f"key-of-{name}"
        self.port = free_port()
        self.listens = free_port()
        self.device = ""
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_installed() -> bool:
        return shutil.which("syncthing") is not None

    @property
    def url(self) -> str:
        """Where its REST API answers."""
        return f"http://127.0.0.1:{self.port}"

    def create(self) -> None:
        """Make its keys and a configuration that stays on this machine."""
        self._run("generate", "--skip-port-probing", "--no-default-folder")
        path = self.home / "config.xml"
        tree = ElementTree.parse(path)
        root = tree.getroot()
        for name, value in self._settings().items():
            element = root.find(name)
            assert element is not None, name
            element.text = value
        tree.write(path)
        device = root.find("device")
        assert device is not None
        self.device = device.attrib["id"]

    def _settings(self) -> dict[str, str]:
        off = ("globalAnnounceEnabled", "localAnnounceEnabled", "relaysEnabled", "natEnabled")
        return {
            "gui/address": f"127.0.0.1:{self.port}",
            "gui/apikey": self.key,
            "options/listenAddress": f"tcp://127.0.0.1:{self.listens}",
            "options/urAccepted": "-1",
            "options/autoUpgradeIntervalH": "0",
            "options/reconnectionIntervalS": "2",
            "options/startBrowser": "false",
            "options/crashReportingEnabled": "false",
            **{f"options/{name}": "false" for name in off},
        }

    def start(self) -> None:
        """Start, and wait until it answers."""
        arguments = ("serve", f"--home={self.home}", "--no-browser", "--no-restart")
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["syncthing", *arguments], stdout=log, stderr=log, env=self._environment()
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Syncthing did not start: {(self.home / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it and the worker it forked."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(self._process.pid).children(recursive=True)
            self._process.terminate()
            _, alive = psutil.wait_procs(family, timeout=20)
            for process in alive:
                process.kill()
        self._process.wait(20)
        self._process = None

    def ask(self, path: str, body: object = None, method: str = "GET") -> Any:
        """One call of its REST API; the answer's JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/rest/{path}", data, method=method)
        request.add_header("X-API-Key", self.key)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def knows(self, other: Syncthing) -> None:
        """Have it connect to another one."""
        device = {
            "deviceID": other.device,
            "name": other.name,
            "addresses": [f"tcp://127.0.0.1:{other.listens}"],
        }
        self.ask(f"config/devices/{other.device}", device, "PUT")

    def shares(self, folder: str, path: Path, kind: str, *others: Syncthing, **more: Any) -> None:
        """Have it share a folder of a type with others; `more` is set in the configuration."""
        given = {
            "id": folder,
            "label": folder,
            "path": str(path),
            "type": kind,
            "devices": [{"deviceID": one.device} for one in (self, *others)],
            "fsWatcherEnabled": True,
            "fsWatcherDelayS": 1,
            **more,
        }
        path.mkdir(parents=True, exist_ok=True)
        self.ask(f"config/folders/{folder}", given, "PUT")

    def change(self, folder: str, **changes: Any) -> None:
        """Change some settings of a folder."""
        self.ask(f"config/folders/{folder}", changes, "PATCH")

    def rescan(self, folder: str) -> None:
        """Have it look at a whole folder now."""
        self.ask(f"db/scan?folder={folder}", {}, "POST")

    def state(self, folder: str) -> dict[str, Any]:
        """What it says of a folder."""
        found: dict[str, Any] = self.ask(f"db/status?folder={folder}")
        return found

    def is_connected_to(self, other: Syncthing) -> bool:
        connections = self.ask("system/connections")["connections"]
        return bool(connections.get(other.device, {}).get("connected"))

    def _answers(self) -> bool:
        try:
            self.ask("system/ping")
        except (OSError, ValueError):
            return False
        return True

    def _run(self, verb: str, *arguments: str) -> None:
        command = ["syncthing", verb, f"--home={self.home}", *arguments]
        subprocess.run(
            command, check=True, capture_output=True, timeout=60, env=self._environment()
        )

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HOME": str(self.home),
            "STNODEFAULTFOLDER": "1",
            "STNOUPGRADE": "1",
        }
