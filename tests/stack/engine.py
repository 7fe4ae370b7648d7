"""A Docker Engine of the tests' own, and the stack in it: the project's files run unchanged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from photo_factory.commands import init

PROJECT = Path(__file__).resolve().parents[2]
IMAGES = Path(__file__).parent / "images"
USER = 1000
"""Whose the photos are; not root, as on a NAS."""

PATIENCE = 180.0
"""Seconds until something that must come counts as not coming, on a slow machine."""

DISK = "1g"
"""The size of the disk that the photos are on, so that it can be filled."""

Question = tuple[str, str]
"""Method and path of what the proxy is asked."""

_ASK = """
import http.client, json, sys
answers = []
for method, path in json.loads(sys.argv[1]):
    proxy = http.client.HTTPConnection('docker-proxy', 2375, timeout=30)
    proxy.request(method, path, headers={'Content-Length': '0'})
    answers.append((method, path, proxy.getresponse().status))
    proxy.close()
print(json.dumps(answers))
"""

NEEDED = ("dockerd", "docker", "debootstrap")


def missing() -> list[str]:
    """What this machine lacks for running a stack."""
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if not lacking:
        asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        lacking += ["docker compose"] if asked.returncode else []
    return lacking + ([] if os.geteuid() == 0 else ["root"])


def until(condition: Callable[[], Any], patience: float = PATIENCE, every: float = 0.5) -> Any:
    """Wait for something to become true; its value."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(every)
    return value


class Engine:
    """One `dockerd` with a socket, images and containers apart from the machine's own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = home / "docker.sock"
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{self.socket}"}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        (self.home / "docker.pid").unlink(missing_ok=True)
        with (self.home / "dockerd.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, start_new_session=True
            )
        until(self._answers, 60)

    def command(self) -> list[str]:
        """What starts the engine."""
        return [
            "dockerd",
            f"--data-root={self.home / 'data'}",
            f"--exec-root={self.home / 'exec'}",
            f"--pidfile={self.home / 'docker.pid'}",
            f"--host=unix://{self.socket}",
        ]

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.home / "dockerd.log").read_text()[-2000:]
        return self.docker("version", check=False).returncode == 0

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def docker(
        self, *command: str, check: bool = True, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Docker's own command against this engine."""
        done = subprocess.run(
            ["docker", *command], env=self.environment, capture_output=True, text=True,
            check=False, timeout=600, **more,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"docker {command}\n{done.stdout}{done.stderr}"
        return done

    def make_images(self) -> None:
        """The stand-ins for the public images."""
        subprocess.run([IMAGES / "build"], env=self.environment, check=True, timeout=900)

    def inspect(self, what: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.docker("inspect", what).stdout)[0]
        return found


class Stack:
    """A copy of the project in a folder of its own, brought up as the README says."""

    def __init__(self, engine: Engine, home: Path, **variables: str) -> None:
        self.engine = engine
        self.home = home
        self.stack = home / "Stack"
        self.data = Path(variables.get("DATA_DIR", home))
        self.project = variables.get("COMPOSE_PROJECT_NAME", "photo-factory")
        _copy_project(home)
        self.password = init.write(self.stack / ".env")
        self.dropped: set[str] = set()
        """The hashes of all that ever arrived: each is in the inbox or in the archive."""
        self.set(
            PUID=str(USER),
            PGID=str(USER),
            DOCKER_GID=str(engine.socket.stat().st_gid),
            DOCKER_SOCKET=str(engine.socket),
            STABILITY_DELAY="1",
            HEARTBEAT_INTERVAL="5",
            PROBE_INTERVAL="10",
            SCAN_INTERVAL="10",
            **variables,
        )
        for name in ("Photos_Inbox", "Storage"):
            (self.data / name).mkdir(parents=True, exist_ok=True)
        subprocess.run(["chown", "-R", f"{USER}:{USER}", home], check=True)

    def set(self, **variables: str) -> None:
        """Write values into `.env`; the next `up` heeds them."""
        lines = (self.stack / ".env").read_text().splitlines()
        kept = [line for line in lines if line.partition("=")[0] not in variables]
        kept += [f"{name}={value}" for name, value in variables.items()]
        (self.stack / ".env").write_text("\n".join(kept) + "\n")

    @contextmanager
    def changed(self, **variables: str) -> Iterator[None]:
        """Other values in `.env`; the next `up` heeds them, and the next one after this the old."""
        before = (self.stack / ".env").read_text()
        self.set(**variables)
        try:
            yield
        finally:
            (self.stack / ".env").write_text(before)

    def value(self, name: str) -> str:
        """What `.env` says."""
        return str(dotenv_values(self.stack / ".env")[name])

    def shell(self, *lines: str) -> None:
        """Run lines of the docs where the compose file is."""
        done = subprocess.run(
            ["sh", "-exc", "\n".join(lines)], env=self.engine.environment, cwd=self.stack,
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def ask_proxy(self, questions: Iterable[Question]) -> dict[Question, int]:
        """What the proxy answers in the dashboard's container; a redirect is not followed."""
        told = self.execute("dashboard", "python", "-c", _ASK, json.dumps(list(questions)))
        return {(method, path): status for method, path, status in json.loads(told.stdout)}

    def compose(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.engine.docker("compose", *command, check=check, cwd=self.stack)

    def up(self, *services: str) -> None:
        """Up, and all of it healthy but Syncthing, which is asked every two minutes only."""
        self._up("--build", *services)
        listed = services or self.compose("config", "--services").stdout.split()
        self._up("--no-deps", "--wait", *(set(listed) - {"syncthing", "migrate"}))

    def _up(self, *more: str) -> None:
        done = self.compose("up", "--detach", *more, check=False)
        if done.returncode:
            logs = self.compose("logs", "--no-color", "--tail", "15", check=False).stdout
            raise AssertionError(f"the stack does not come up\n{done.stderr[-2000:]}\n{logs}")

    def down(self) -> None:
        """Gone, as quickly as may be: how it stops by itself has a test of its own."""
        self.compose("kill", check=False)
        self.compose("down", "--timeout", "10", "--volumes", check=False)

    def container(self, service: str, number: int = 1) -> str:
        return f"{self.project}-{service}-{number}"

    def execute(
        self, service: str, *command: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """A command in a service's container; compose's own `exec` reads all its files first."""
        return self.engine.docker("exec", self.container(service), *command, check=check)

    def state(self, service: str) -> dict[str, Any]:
        state: dict[str, Any] = self.engine.inspect(self.container(service))["State"]
        return state

    def is_healthy(self, service: str) -> bool:
        state = self.state(service)
        return bool(state["Running"]) and state.get("Health", {}).get("Status") == "healthy"

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`photo-factory …` in the Librarian's container."""
        return self.execute("librarian", "photo-factory", *command, check=check)

    def sql(self, query: str) -> list[list[str]]:
        """Rows of a query, by the database's own client."""
        psql = ["psql", "-U", "photo", "-AtF", "\t", "-c", query]
        done = self.execute("factory-db", *psql, check=False)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def number(self, query: str) -> int:
        """The one figure of a query; -1 while the database is away."""
        rows = self.sql(query)
        return int(rows[0][0]) if rows else -1

    def drop(self, source: Path, name: str) -> None:
        """A photo arrives in the inbox, as a phone's does: by a rename."""
        target = self.data / "Photos_Inbox" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".syncthing.{target.name}.tmp")
        shutil.copyfile(source, partial)
        self.dropped.add(hashlib.sha256(partial.read_bytes()).hexdigest())
        for path in (target.parent, partial):
            os.chown(path, USER, USER)
        partial.rename(target)

    def lost(self) -> set[str]:
        """What arrived and is nowhere any more."""
        there = {
            hashlib.sha256(path.read_bytes()).hexdigest()
            for root in (self.data / "Photos_Inbox", self.data / "Storage/Originals")
            for path in root.rglob("*")
            if path.is_file()
        }
        return self.dropped - there


def _copy_project(home: Path) -> None:
    """What git knows of, as it stands now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file() and not name.startswith("tests/"):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, home / name)


@contextmanager
def running(engine: Engine, home: Path, **variables: str) -> Iterator[Stack]:
    """A stack that is up, its photos on a small disk of their own; gone afterwards."""
    (home / "data").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", home / "data"]
    subprocess.run(mount, check=True)
    try:
        placed = {"DATA_DIR": str(home / "data"), "CPUS": str(os.cpu_count())}
        stack = Stack(engine, home, SYNC_BIND="127.0.0.1", **placed, **variables)
        try:
            stack.up()
            yield stack
        finally:
            stack.down()
    finally:
        subprocess.run(["umount", "--lazy", home / "data"], check=True)
