"""What dies comes back, what is away is told and waited for, and no photo is lost meanwhile."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from photo_factory.registry import SERVICES
from tests.factory import photo
from tests.stack.engine import Engine, Stack, until
from tests.stack.post import AFTER, Outage, Post, Shown, shown

_numbers = itertools.count()
OURS = sorted(set(SERVICES) - {"face"})
CONTAINERS = [*OURS, "factory-db", "syncthing", "docker-proxy"]
FILERS = ("backup", "geocode", "librarian", "thumbnail")

FULL = ("disk-inbox", "disk-storage")
QUIET_S = AFTER + 15
"""Seconds after which whatever is going to be told has been told."""


PHONE = "outages"
"""All photos come by one folder: one that is new waits for Syncthing's doctor, which is told."""


def _arrive(stack: Stack, folder: Path) -> int:
    """Three photos; how many are filed when they are."""
    before = _filed(stack)
    for _ in range(3):
        source = folder / f"{PHONE}-{next(_numbers)}.jpg"
        source.write_bytes(photo("2018:08:08 08:08:08"))
        stack.drop(source, f"{PHONE}/{source.name}")
    return before + 3


def _filed(stack: Stack, more: str = "") -> int:
    query = f"SELECT COUNT(*) FROM media_assets WHERE source_device = '{PHONE}' {more}"
    return stack.number(query)


def _states(stack: Stack) -> dict[str, Any]:
    told = stack.run("status", "--json", check=False).stdout
    return {one["name"]: one for one in json.loads(told)["services"]}


def _all_well(stack: Stack) -> bool:
    states = _states(stack)
    return all(states[name]["state"] == "OK" for name in states if name != "face")


@pytest.fixture(scope="module", autouse=True)
def _well_known(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder that is known, and a monitor that has not counted what other tests started."""
    stack.compose("restart", "service-monitor")
    expected = _arrive(stack, tmp_path_factory.mktemp("known"))
    until(lambda: _filed(stack) == expected)


@pytest.fixture
def outage(stack: Stack, post: Post) -> Outage:
    """All is well, and people know it."""
    until(lambda: _all_well(stack) and not post.unwell(), 300, 2)
    return Outage(stack, post)


@pytest.fixture(scope="module")
def killings(stack: Stack, post: Post) -> Outage:
    """From before the first of our processes is killed on."""
    until(lambda: _all_well(stack) and not post.unwell(), 300, 2)
    return Outage(stack, post)


def _seen(stack: Stack, is_right: Callable[[Shown], bool]) -> Shown:
    """What the dashboard shows, once it is so; it says all it shows when it never is."""
    last: list[Shown] = []

    def look() -> Shown | None:
        last[:] = [shown(stack)]
        return last[0] if is_right(last[0]) else None

    try:
        found: Shown = until(look, 60)
    except AssertionError:
        pytest.fail(f"the dashboard shows {last}")
    return found


def _kill(stack: Stack, *services: str) -> None:
    for service in services:
        stack.engine.docker("kill", stack.container(service))


@contextmanager
def _killed(stack: Stack, *services: str) -> Iterator[None]:
    """`docker kill`, and the way back that the docs tell."""
    _kill(stack, *services)
    try:
        yield
        _stayed_down(stack, *services)
    finally:
        stack.shell("docker compose up -d")


def _stayed_down(stack: Stack, *services: str) -> None:
    for service in services:
        told = stack.engine.inspect(stack.container(service))
        ended = told["State"]["Status"], told["State"]["ExitCode"], told["RestartCount"]
        assert ended == ("exited", 137, 0)


def _is_down(seen: Shown, service: str) -> bool:
    """In one word, and with what to do."""
    reason = seen.reason(service)
    is_told = "is down (exit code 137" in reason and "`docker compose up -d` starts it" in reason
    return seen.word(service) == "ERROR" and is_told


def test_what_is_killed_for_good_is_named_until_it_is_started(
    stack: Stack, outage: Outage, tmp_path: Path
) -> None:
    """`docker kill` counts as somebody's wish: no restart policy starts what it ended."""
    expected = {name: ["SILENT"] for name in (*FILERS, "dashboard")} | {"syncthing": ["ERROR"]}
    with _killed(stack, *FILERS):
        filed = _arrive(stack, tmp_path)
        seen = _seen(stack, lambda seen: all(_is_down(seen, name) for name in FILERS))
        others = set(seen.verdicts) - set(FILERS)
        assert not {name for name in others if seen.word(name) in ("ERROR", "SILENT")}
        _kill(stack, "dashboard", "syncthing")
        with pytest.raises(OSError):
            urllib.request.urlopen("http://127.0.0.1:8501/", timeout=20)
        outage.wait(expected)
        for name in (*FILERS, "dashboard"):
            assert "no sign of life since" in outage.reason(name)
            assert "docker compose up -d" in outage.reason(name)
        assert "http://syncthing:8384" in outage.reason("syncthing")
        _stayed_down(stack, "dashboard", "syncthing")
    outage.wait({name: [*states, "OK"] for name, states in expected.items()})
    until(lambda: _filed(stack, "AND is_thumbnailed") == filed)
    assert stack.lost() == set()


def test_a_proxy_that_is_killed_is_told_by_the_dashboard_that_misses_it(
    stack: Stack, outage: Outage
) -> None:
    with _killed(stack, "docker-proxy"):
        outage.wait({"dashboard": ["WARNING"]})
        assert "tcp://docker-proxy:2375 does not answer" in outage.reason("dashboard")
        seen = _seen(stack, lambda seen: seen.word("dashboard") == "WARNING")
        assert "tcp://docker-proxy:2375 does not answer" in seen.docker_away
        assert all(seen.word(name) == "OK" for name in OURS if name != "dashboard")
    outage.wait({"dashboard": ["WARNING", "OK"]})


def test_a_database_that_is_killed_is_one_alarm(
    stack: Stack, outage: Outage, tmp_path: Path
) -> None:
    before = _filed(stack)
    with _killed(stack, "factory-db"):
        _arrive(stack, tmp_path)
        outage.wait({"factory-db": ["ERROR"]})
        assert "the ledger cannot be reached" in outage.reason("factory-db")
        seen = _seen(stack, lambda seen: _is_down(seen, "factory-db") and bool(seen.ledger_away))
        running = [name for name in OURS if "its container runs" in seen.reason(name)]
        assert running == OURS
    outage.wait({"factory-db": ["ERROR", "OK"]})
    told = "SELECT status FROM alerts WHERE service_name = 'factory-db' ORDER BY id DESC LIMIT 2"
    until(lambda: stack.sql(told) == [["OK"], ["ERROR"]])
    until(lambda: _filed(stack) == before + 3)
    assert stack.lost() == set()


def test_a_monitor_that_is_killed_is_missed_by_the_watcher_outside(
    stack: Stack, post: Post, killings: Outage
) -> None:
    with _killed(stack, "service-monitor"):
        time.sleep(5)  # a ping that was on its way
        last = post.pinged_at
        _seen(stack, lambda seen: _is_down(seen, "service-monitor"))
        time.sleep(15)  # longer than from one round to the next
        assert post.pinged_at == last and killings.told() == {}
    until(lambda: post.pinged_at > last)


@pytest.mark.parametrize("service", CONTAINERS)
def test_what_dies_comes_back(stack: Stack, killings: Outage, tmp_path: Path, service: str) -> None:
    before = stack.state(service)
    expected = _arrive(stack, tmp_path)
    os.kill(before["Pid"], signal.SIGKILL)
    until(lambda: stack.state(service)["Running"] and stack.state(service)["Pid"] != before["Pid"])
    until(lambda: _filed(stack) == expected)
    if service == "geocode":
        _seen(stack, lambda seen: "it ended, and was started again" in seen.reason("geocode"))
    assert stack.lost() == set()


def test_nobody_is_told_of_what_came_back_by_itself(stack: Stack, killings: Outage) -> None:
    """Nor of the monitor that somebody started: it came back, as all of them did, to be healthy."""
    until(lambda: all(stack.is_healthy(name) for name in CONTAINERS if name != "syncthing"))
    time.sleep(QUIET_S)
    assert killings.told() == {}


def test_a_frozen_database_holds_nothing_up_and_is_one_alarm(
    stack: Stack, outage: Outage, tmp_path: Path
) -> None:
    """`docker pause`: connections stay open, and nothing answers any more."""
    database = stack.container("factory-db")
    before = _filed(stack)
    stack.engine.docker("pause", database)
    began = time.monotonic()
    try:
        _arrive(stack, tmp_path)
        inbox = stack.data / "Photos_Inbox" / PHONE
        until(lambda: not list(inbox.glob("*.jpg")), 120)
        outage.wait({"factory-db": ["ERROR"]})
        assert "the ledger cannot be reached" in outage.reason("factory-db")
        seen = _seen(stack, lambda seen: "its container is frozen" in seen.reason("factory-db"))
        assert seen.word("factory-db") == "ERROR" and seen.ledger_away
        time.sleep(max(0.0, began + 60 - time.monotonic()))
    finally:
        stack.engine.docker("unpause", database)
    until(lambda: _filed(stack, "AND is_thumbnailed") == before + 3)
    until(lambda: all(stack.is_healthy(service) for service in OURS), 300)
    outage.wait({"factory-db": ["ERROR", "OK"]})
    # The monitor wrote down meanwhile what it saw, and delivered it.
    told = "SELECT COUNT(*) FROM system_status_history WHERE service_name = 'factory-db'"
    until(lambda: stack.number(f"{told} AND status = 'ERROR'") >= 1, 60)
    assert stack.lost() == set()


def test_a_full_disk_stops_filing_and_then_lets_it_go_on(
    stack: Stack, outage: Outage, tmp_path: Path
) -> None:
    ballast = stack.data / "ballast"
    free = os.statvfs(stack.data).f_bavail * os.statvfs(stack.data).f_frsize
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - (1 << 20))
    try:
        expected = _arrive(stack, tmp_path)
        outage.wait({name: ["ERROR"] for name in FULL})
        assert "/data/Storage is nearly full" in outage.reason("disk-storage")
        assert "/data/Photos_Inbox is nearly full" in outage.reason("disk-inbox")
        seen = _seen(stack, lambda seen: seen.word("disk-storage") == "ERROR")
        assert "is nearly full" in seen.reason("disk-inbox")
        assert stack.lost() == set()
    finally:
        ballast.unlink()
    until(lambda: _filed(stack) == expected)
    outage.wait({name: ["ERROR", "OK"] for name in FULL})
    assert stack.lost() == set()


def test_syncthing_is_healthy_again_too(stack: Stack) -> None:
    """Two minutes after it was killed: Docker asks it no more often."""
    until(lambda: stack.is_healthy("syncthing"))


def test_a_service_stops_within_ten_seconds(stack: Stack) -> None:
    for service in OURS:
        began = time.monotonic()
        stack.compose("stop", service)
        took = time.monotonic() - began
        code = stack.state(service)["ExitCode"]
        stack.compose("start", service)
        assert took < 12, f"{service} took {took:.0f} s"  # two of them are Docker's own
        assert code in (0, 143), f"{service} ended with {code}"


def test_the_whole_engine_starts_again_and_the_watcher_outside_missed_it(
    stack: Stack, engine: Engine, post: Post, outage: Outage, tmp_path: Path
) -> None:
    before = _filed(stack)
    engine.docker("run", "--detach", "--name", "killed", "--restart", "unless-stopped",
                  "python:3.11-slim", "sleep", "3600")  # fmt: skip
    engine.docker("kill", "killed")
    engine.stop()
    last = post.pinged_at
    _arrive(stack, tmp_path)
    time.sleep(15)  # longer than from one round to the next
    assert post.pinged_at == last
    engine.start()
    until(lambda: stack.state("factory-db")["Running"])
    until(lambda: stack.state("librarian")["Running"])
    until(lambda: _filed(stack) == before + 3)
    until(lambda: all(stack.is_healthy(service) for service in OURS), 300)
    assert post.pinged_at > last
    assert engine.inspect("killed")["State"]["Status"] == "exited"  # its end was a wish
    engine.docker("rm", "killed")
    time.sleep(QUIET_S)
    assert outage.told() == {}
    assert stack.lost() == set()


def test_a_service_without_a_sign_of_life_is_not_healthy(stack: Stack) -> None:
    check = ["photo-factory", "healthcheck", "thumbnail"]
    assert stack.execute("thumbnail", *check, check=False).returncode == 0
    elsewhere = ["env", "PHOTO_FACTORY_BEATS=/tmp/none", *check]
    assert stack.execute("thumbnail", *elsewhere, check=False).returncode == 1


def test_no_process_that_ended_is_left_unburied(stack: Stack) -> None:
    for service in CONTAINERS:
        top = stack.engine.docker("top", stack.container(service), "-eo", "pid,stat,args").stdout
        states = [line.split()[1] for line in top.splitlines()[1:]]
        assert states and not any(state.startswith("Z") for state in states), top


def test_verify_finds_nothing_wrong_after_all_of_it(stack: Stack) -> None:
    assert json.loads(stack.run("verify", "--json").stdout)["ok"] is True
