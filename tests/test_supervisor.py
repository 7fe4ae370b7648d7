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

from photo_factory.commands import child as child_module
from photo_factory.commands.child import Child, Log
from photo_factory.commands.supervisor import Service, Supervisor, supervise
from photo_factory.shared.processes import Wish, log_path, told, wish, wished
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
    services = json.loads(done.stdout)["services"]
    return next(one for one in services if one["name"] == "librarian")


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
    monkeypatch.setattr(child_module, "time", made)
    return made


class Stillborn:
    """A process that has ended already."""

    pid = 1

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def poll(self) -> int:
        return 3


def test_it_waits_longer_from_death_to_death(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module.subprocess, "Popen", Stillborn)
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
    assert child_module.LONGEST_PAUSE <= pauses[-1] < child_module.LONGEST_PAUSE + 5
    assert child.restarts == 8


def test_it_forgives_a_service_that_lived_long(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module.subprocess, "Popen", Stillborn)
    child = Child("librarian", pause=child_module.LONGEST_PAUSE)
    child.look_after()
    clock.seconds += child_module.CALM + 1
    child.look_after()
    assert child.pause == child_module.FIRST_PAUSE


def test_it_kills_what_does_not_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    started: list[subprocess.Popen[bytes]] = []

    def start(child: Child) -> None:
        child.process = subprocess.Popen([sys.executable, "-c", deaf])
        started.append(child.process)

    monkeypatch.setattr(Child, "start", start)
    monkeypatch.setattr(child_module, "PATIENCE", 1.0)
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    supervise(["deaf"], stop)
    assert [process.poll() for process in started] == [-signal.SIGKILL]


# What others see of it, and wish for


@pytest.fixture
def sleepers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Services that do nothing but be there."""
    started: list[subprocess.Popen[bytes]] = []

    def start(child: Child) -> None:
        child.process = subprocess.Popen(["sleep", "600"])
        child.started = time.monotonic()
        started.append(child.process)

    monkeypatch.setattr(Child, "start", start)
    yield started
    for process in started:
        process.kill()
        process.wait()


def turns(supervisor: Supervisor, folder: Path, condition: Callable[[Any], Any]) -> Any:
    """Let it work until what it tells is so."""
    for _ in range(200):
        supervisor.turn()
        running = told(folder)
        assert running
        if condition(running.processes):
            return running.processes
        time.sleep(0.02)
    raise AssertionError(running)


Sleepers = list[subprocess.Popen[bytes]]


def test_it_stops_and_starts_what_is_wished(sleepers: Sleepers, tmp_path: Path) -> None:
    supervisor = Supervisor(["geocode", "thumbnail"], tmp_path)
    turns(supervisor, tmp_path, lambda all_: all(one.pid for one in all_))
    wish(tmp_path, "geocode", Wish("stopped"))
    stopped, other = turns(supervisor, tmp_path, lambda all_: all_[0].pid is None)
    assert (stopped.wanted, stopped.restarts, other.wanted) == ("stopped", 0, "running")
    assert other.pid
    assert sleepers[0].poll() == -signal.SIGTERM
    supervisor.end()
    # It is remembered: what somebody stopped does not start with the next `up`.
    supervisor = Supervisor(["geocode", "thumbnail"], tmp_path)
    turns(supervisor, tmp_path, lambda all_: all_[1].pid)
    assert len(sleepers) == 3
    wish(tmp_path, "geocode", Wish("running"))
    turns(supervisor, tmp_path, lambda all_: all_[0].pid)
    supervisor.end()
    assert all(process.poll() is not None for process in sleepers)


def test_it_restarts_once_what_is_wished(sleepers: Sleepers, tmp_path: Path) -> None:
    supervisor = Supervisor(["geocode"], tmp_path)
    wish(tmp_path, "geocode", Wish("running", 2))
    before = turns(supervisor, tmp_path, lambda all_: len(all_) == 2 and all_[1].pid)
    wish(tmp_path, "geocode", Wish("restart", 2))
    pids = {one.pid for one in before}
    after = turns(
        supervisor, tmp_path, lambda all_: len(all_) == 2 and not pids & {o.pid for o in all_}
    )
    assert [one.restarts for one in after] == [0, 0]
    assert wished(tmp_path, "geocode") == Wish("running", 2)
    for _ in range(3):
        supervisor.turn()
    assert len(sleepers) == 4
    supervisor.end()


def test_it_runs_as_many_as_are_wished_of_an_add_on(sleepers: Sleepers, tmp_path: Path) -> None:
    supervisor = Supervisor(["librarian", "geocode"], tmp_path)
    for name in ("librarian", "geocode"):
        wish(tmp_path, name, Wish("running", 3))
    running = turns(supervisor, tmp_path, lambda all_: len(all_) == 4)
    assert [one.name for one in running].count("librarian") == 1  # two would file one photo twice
    wish(tmp_path, "geocode", Wish("running", 1))
    turns(supervisor, tmp_path, lambda all_: len(all_) == 2)
    supervisor.end()


@pytest.mark.parametrize(
    "given",
    ["", "{", "[]", '"stopped"', '{"wanted": "exploded"}', '{"wanted": "running", "processes": 0}',
     '{"wanted": "running", "processes": 100000}', '{"processes": 1}'],
)  # fmt: skip
def test_it_heeds_no_wish_it_cannot_read(sleepers: Sleepers, tmp_path: Path, given: str) -> None:
    (tmp_path / "wishes").mkdir()
    (tmp_path / "wishes" / "geocode.json").write_text(given)
    supervisor = Supervisor(["geocode"], tmp_path)
    (running,) = turns(supervisor, tmp_path, lambda all_: all_[0].pid)
    assert running.wanted == "running"
    supervisor.end()


def test_it_kills_what_does_not_heed_a_wish(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print(flush=True); time.sleep(60)"
    )

    def start(child: Child) -> None:
        child.process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
        assert child.process.stdout
        with child.process.stdout as said:
            said.readline()

    monkeypatch.setattr(Child, "start", start)
    monkeypatch.setattr(child_module, "PATIENCE", 0.5)
    supervisor = Supervisor(["geocode"], tmp_path)
    turns(supervisor, tmp_path, lambda all_: all_[0].pid)
    wish(tmp_path, "geocode", Wish("stopped"))
    turns(supervisor, tmp_path, lambda all_: all_[0].pid is None)
    supervisor.end()


@pytest.mark.parametrize("name", ["", "../librarian", ".hidden", "a/b"])
def test_a_wish_is_for_a_service_and_no_other_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="service's name"):
        wish(tmp_path, name, Wish("stopped"))


def test_it_supervises_where_it_may_not_write(sleepers: Sleepers) -> None:
    supervisor = Supervisor(["geocode"], Path("/proc/nowhere"))
    supervisor.turn()
    supervisor.turn()
    assert len(sleepers) == 1
    supervisor.end()


def test_a_log_is_begun_anew_when_it_is_long(tmp_path: Path) -> None:
    said = Log(tmp_path / "geocode.log", longest=100)
    for number in range(50):
        said.write(b"line %d\n" % number)
    said.close()
    kept = (tmp_path / "geocode.log.1").read_bytes() + (tmp_path / "geocode.log").read_bytes()
    assert kept.endswith(b"line 48\nline 49\n")
    assert len(kept) < 300
    assert sorted(path.name for path in tmp_path.iterdir()) == ["geocode.log", "geocode.log.1"]


def test_it_keeps_what_services_say_and_shows_it(up: Up) -> None:
    folder = up.factory.paths.services
    running = until(
        lambda: (all_ := told(folder)) and all(one.pid for one in all_.processes) and all_
    )
    assert running.supervisor == up.process.pid
    assert {one.pid for one in running.processes} <= {one.pid for one in up.family()}
    line = "watching"
    file = log_path(folder, "librarian")
    until(lambda: file.exists() and line in file.read_text())
    until(lambda: line in up.said)
    assert "supervisor: librarian runs as process" in file.read_text()
    wish(folder, "librarian", Wish("restart"))
    before = next(one.pid for one in running.processes if one.name == "librarian")
    until(lambda: (new := up.service()) and new.pid != before)
    until(lambda: up.factory.status()["current_task"] != "stopped")


def test_it_knows_a_service_of_nobody(sleepers: Sleepers) -> None:
    service = Service("of another package")
    service.heed(Wish("running", 2))
    service.look_after()
    assert len(service.children) == 2
