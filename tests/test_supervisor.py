"""`photo-factory up`: what dies is started again, and nothing stays behind."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from photo_factory.commands import supervisor
from photo_factory.commands.supervisor import Child, supervise
from tests.factory import Factory, photo
from tests.parts import free_port

PATIENCE = 60.0
"""Seconds a start may take on a busy machine before it counts as not happening."""


def until(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait for something to become true; its value."""
    deadline = time.monotonic() + patience
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert value
    return value


class Up:
    """A factory brought up as a shell would: in a process group of its own."""

    def __init__(self, factory: Factory, log: Path, **changes: str) -> None:
        self.factory = factory
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "photo_factory", "up"],
                env=factory.environment(HEARTBEAT_INTERVAL="1", **changes),
                stdout=subprocess.DEVNULL,
                stderr=file,
                process_group=0,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def family(self) -> list[psutil.Process]:
        """Everything that was started below it, children of children too."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def service(self) -> psutil.Process | None:
        """The Librarian's process, once it runs."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                if child.cmdline()[-2:] == ["run", "librarian"]:
                    return child
        return None

    def files(self, name: str) -> None:
        """Have a photo filed, so that every process there can be is there."""
        self.factory.drop(name, photo())
        until(lambda: name in [row["original_name"] for row in self.factory.assets()])


@pytest.fixture
def factory(tmp_path: Path) -> Iterator[Factory]:
    made = Factory(tmp_path / "factory")
    yield made
    made.close()


@pytest.fixture
def up(factory: Factory, tmp_path: Path) -> Iterator[Up]:
    """A factory that is up; nothing of it outlives the test."""
    started = Up(factory, tmp_path / "log")
    family: list[psutil.Process] = []
    try:
        until(started.service)
        yield started
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [*started.family(), psutil.Process(started.process.pid)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        started.process.wait(10)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; one that has ended may wait for whoever inherited it."""

    def runs(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return [process for process in processes if runs(process)]


def status(factory: Factory) -> Any:
    """What `status --json` says of the Librarian."""
    done = subprocess.run(
        [sys.executable, "-m", "photo_factory", "status", "--json"],
        env=factory.environment(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return json.loads(done.stdout)["services"][0]


def test_it_starts_again_what_dies_and_shows_it(up: Up) -> None:
    up.files("a.jpg")
    service = up.service()
    assert service
    left_behind = service.children(recursive=True)
    assert left_behind  # the fork server and its children
    service.kill()
    restarted = until(lambda: (new := up.service()) and new.pid != service.pid and new)
    assert "librarian died (signal SIGKILL)" in up.said
    assert "restart 1" in up.said
    until(lambda: up.factory.status()["restarts"] == 1)
    assert status(up.factory)["restarts"] == 1
    until(lambda: not alive(left_behind))
    up.files("b.jpg")
    assert restarted.is_running()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_stops_everything_when_it_is_told_to(up: Up, number: signal.Signals) -> None:
    up.files("a.jpg")
    family = up.family()
    assert len(family) >= 2
    # As a terminal does it: to the whole foreground group, once.
    os.killpg(up.process.pid, number)
    assert up.process.wait(40) == 0
    assert until(lambda: not alive(family), 10)
    assert up.factory.status()["current_task"] == "stopped"
    assert "Traceback" not in up.said
    assert (up.factory.inbox(), len(up.factory.archived())) == ([], 1)


def test_it_leaves_no_service_behind_when_it_is_killed_itself(up: Up) -> None:
    up.files("a.jpg")
    family = up.family()
    up.process.kill()
    until(lambda: not alive(family), 20)
    assert up.factory.status()["current_task"] == "stopped"


def test_it_finishes_what_is_in_hand_before_it_stops(up: Up) -> None:
    up.files("a.jpg")
    for number in range(200):
        up.factory.drop(f"IMG_{number}.jpg", photo())
    until(lambda: len(up.factory.assets()) > 1)
    up.process.terminate()
    assert up.process.wait(15) == 0
    assert len(up.factory.assets()) == len(up.factory.archived())
    assert len(up.factory.archived()) + len(up.factory.inbox()) == 201
    assert up.factory.verify().all_is_well
    assert up.factory.sums_hold()


def test_it_tells_where_photos_go_in_and_come_out(up: Up) -> None:
    for part in (up.factory.paths.inbox, up.factory.paths.originals, "ledger.sqlite3"):
        until(lambda part=part: str(part) in up.said)


def test_it_goes_on_while_the_database_is_away(factory: Factory, tmp_path: Path) -> None:
    away = f"postgresql://photo@127.0.0.1:{free_port()}/photos"
    up = Up(factory, tmp_path / "log", DATABASE_URL=away)
    try:
        factory.drop("a.jpg", photo("2023:12:25 12:34:56"))
        until(factory.archived)
        assert up.process.poll() is None
    finally:
        up.process.terminate()
        assert up.process.wait(20) == 0
    assert factory.archived() == ["2023/2023-12-25/a.jpg"]


class Clock:
    """Monotonic time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(supervisor, "time", made)
    return made


class Stillborn:
    """A process that has ended already."""

    pid = 1

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def poll(self) -> int:
        return 3


def test_it_waits_longer_from_death_to_death(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor.subprocess, "Popen", Stillborn)
    child = Child("librarian")
    starts = []
    while len(starts) < 9:
        was_there = child.process is not None
        child.look_after()
        if child.process and not was_there:
            starts.append(clock.seconds)
        clock.seconds += 0.5
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 5
    assert supervisor.LONGEST_PAUSE <= pauses[-1] < supervisor.LONGEST_PAUSE + 5
    assert child.restarts == 8


def test_it_forgives_a_service_that_lived_long(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor.subprocess, "Popen", Stillborn)
    child = Child("librarian", pause=supervisor.LONGEST_PAUSE)
    child.look_after()
    clock.seconds += supervisor.CALM + 1
    child.look_after()
    assert child.pause == supervisor.FIRST_PAUSE


def test_it_kills_what_does_not_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    started: list[subprocess.Popen[bytes]] = []

    def start(child: Child) -> None:
        child.process = subprocess.Popen([sys.executable, "-c", deaf])
        started.append(child.process)

    monkeypatch.setattr(Child, "start", start)
    monkeypatch.setattr(supervisor, "PATIENCE", 1.0)
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    supervise(["deaf"], stop)
    assert [process.poll() for process in started] == [-signal.SIGKILL]
