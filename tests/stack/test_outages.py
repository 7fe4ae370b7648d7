"""What dies comes back, what is away is told and waited for, and no photo is lost meanwhile."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from photo_factory.registry import SERVICES
from tests.factory import photo
from tests.stack.engine import Engine, Stack, until

_numbers = itertools.count()
OURS = sorted(set(SERVICES) - {"face"})


def _arrive(stack: Stack, folder: Path, device: str, count: int = 3) -> None:
    for _ in range(count):
        source = folder / f"{device}-{next(_numbers)}.jpg"
        source.write_bytes(photo("2018:08:08 08:08:08"))
        stack.drop(source, f"{device}/{source.name}")


def _filed(stack: Stack, device: str) -> int:
    return stack.number(f"SELECT COUNT(*) FROM media_assets WHERE source_device = '{device}'")


def _states(stack: Stack) -> dict[str, Any]:
    told = stack.run("status", "--json", check=False).stdout
    return {one["name"]: one for one in json.loads(told)["services"]}


@pytest.mark.parametrize("service", [*OURS, "factory-db", "syncthing", "docker-proxy"])
def test_what_is_killed_comes_back(stack: Stack, tmp_path: Path, service: str) -> None:
    before = stack.state(service)
    _arrive(stack, tmp_path, f"kill-{service}")
    os.kill(before["Pid"], signal.SIGKILL)
    until(lambda: stack.state(service)["Running"] and stack.state(service)["Pid"] != before["Pid"])
    until(lambda: _filed(stack, f"kill-{service}") == 3)
    if service != "syncthing":  # that one is asked every two minutes only
        until(lambda: stack.is_healthy(service))
    assert stack.lost() == set()


def test_a_frozen_database_holds_nothing_up(stack: Stack, tmp_path: Path) -> None:
    """`docker pause`: connections stay open, and nothing answers any more."""
    database = stack.container("factory-db")
    _arrive(stack, tmp_path, "frozen")  # a folder that is new waits for Syncthing's doctor
    until(lambda: _filed(stack, "frozen") == 3)
    stack.engine.docker("pause", database)
    try:
        _arrive(stack, tmp_path, "frozen")
        inbox = stack.data / "Photos_Inbox" / "frozen"
        until(lambda: not list(inbox.glob("*.jpg")), 120)
        time.sleep(30)
    finally:
        stack.engine.docker("unpause", database)
    until(lambda: _filed(stack, "frozen") == 6)
    worked = "SELECT COUNT(*) FROM media_assets WHERE source_device = 'frozen' AND is_thumbnailed"
    until(lambda: stack.number(worked) == 6)
    until(lambda: all(stack.is_healthy(service) for service in OURS), 300)
    assert stack.lost() == set()


def test_the_dashboard_and_the_monitor_told_the_truth_of_it(stack: Stack) -> None:
    """Runs after the freeze: the monitor wrote down meanwhile what it saw, and delivered it."""
    told = "SELECT COUNT(*) FROM system_status_history WHERE service_name = 'factory-db'"
    until(lambda: stack.number(f"{told} AND status = 'ERROR'") >= 1, 60)
    until(lambda: _states(stack)["factory-db"]["state"] == "OK", 60)


def test_a_full_disk_stops_filing_and_then_lets_it_go_on(stack: Stack, tmp_path: Path) -> None:
    ballast = stack.data / "ballast"
    free = os.statvfs(stack.data).f_bavail * os.statvfs(stack.data).f_frsize
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - (1 << 20))
    try:
        _arrive(stack, tmp_path, "full")
        until(lambda: _states(stack)["disk-storage"]["state"] == "ERROR", 120)
        assert stack.lost() == set()
    finally:
        ballast.unlink()
    until(lambda: _filed(stack, "full") == 3)
    until(lambda: _states(stack)["disk-storage"]["state"] != "ERROR", 120)
    assert stack.lost() == set()


def test_a_service_stops_within_ten_seconds(stack: Stack) -> None:
    for service in OURS:
        began = time.monotonic()
        stack.compose("stop", service)
        took = time.monotonic() - began
        code = stack.state(service)["ExitCode"]
        stack.compose("start", service)
        assert took < 12, f"{service} took {took:.0f} s"  # two of them are Docker's own
        assert code in (0, 143), f"{service} ended with {code}"


def test_the_whole_engine_starts_again(stack: Stack, engine: Engine, tmp_path: Path) -> None:
    engine.stop()
    _arrive(stack, tmp_path, "restart")
    engine.start()
    until(lambda: stack.state("factory-db")["Running"])
    until(lambda: stack.state("librarian")["Running"])
    until(lambda: _filed(stack, "restart") == 3)
    until(lambda: all(stack.is_healthy(service) for service in OURS), 300)
    assert stack.lost() == set()


def test_verify_finds_nothing_wrong_after_all_of_it(stack: Stack) -> None:
    assert json.loads(stack.run("verify", "--json").stdout)["ok"] is True
