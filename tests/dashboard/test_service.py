"""The dashboard as a service: it answers, it beats, it ends, and it comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from photo_factory.dashboard import service
from photo_factory.dashboard.service import is_healthy
from photo_factory.shared.errors import PhotoFactoryError
from tests.factory import Factory
from tests.parts import free_port

PATIENCE = 60.0


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert value
    return value


class Running:
    """`photo-factory dashboard` in a process of its own."""

    def __init__(self, factory: Factory, log: Path, **changes: str) -> None:
        self.port = free_port()
        self.log = log
        given = {"DASHBOARD_PORT": str(self.port), "HEARTBEAT_INTERVAL": "1", **changes}
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "photo_factory", "dashboard"],
                env=factory.environment(**given), stdout=file, stderr=file,
            )  # fmt: skip

    def answers(self) -> bool:
        return is_healthy("127.0.0.1", self.port)

    def streamlit(self) -> psutil.Process:
        (child,) = psutil.Process(self.process.pid).children()
        return child


@pytest.fixture
def running(factory: Factory, tmp_path: Path) -> Iterator[Running]:
    made = Running(factory, tmp_path / "log")
    until(made.answers)
    yield made
    with contextlib.suppress(ProcessLookupError):
        made.process.kill()
    made.process.wait()


def test_it_says_so_when_it_cannot_ask_docker(factory: Factory, tmp_path: Path) -> None:
    running = Running(factory, tmp_path / "log", DOCKER_HOST="tcp://127.0.0.1:1")
    try:
        until(running.answers)
        until(lambda: factory.status("dashboard")["status"] == "WARNING")
        assert "tcp://127.0.0.1:1 does not answer" in factory.status("dashboard")["message"]
    finally:
        running.process.terminate()
        running.process.wait(20)


def test_it_beats_ends_quickly_and_leaves_nothing_behind(
    running: Running, factory: Factory
) -> None:
    until(lambda: factory.status("dashboard")["current_task"].startswith("answering at http"))
    assert factory.status("dashboard")["status"] == "OK"
    child = running.streamlit()
    running.process.terminate()
    assert running.process.wait(10) == 0
    assert not child.is_running()
    assert factory.status("dashboard")["current_task"] == "stopped"
    assert f"http://localhost:{running.port}" in running.log.read_text()


def test_it_brings_a_web_server_back_that_died(running: Running, factory: Factory) -> None:
    factory.engine  # noqa: B018 -- migrated
    first = running.streamlit()
    first.kill()
    until(lambda: factory.status("dashboard")["status"] == "ERROR")
    until(running.answers)
    until(lambda: factory.status("dashboard")["status"] == "OK")
    assert running.streamlit().pid != first.pid


def test_a_web_server_that_hangs_is_an_error(
    running: Running, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: factory.status("dashboard")["current_task"].startswith("answering at http"))
    child = running.streamlit()
    child.suspend()
    try:
        until(lambda: factory.status("dashboard")["status"] == "ERROR")
        assert "does not answer" in factory.status("dashboard")["message"]
    finally:
        child.resume()
    until(lambda: factory.status("dashboard")["status"] == "OK")


def test_the_web_server_does_not_outlive_its_service(running: Running) -> None:
    child = running.streamlit()
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_it_says_who_is_in_its_way(factory: Factory) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PhotoFactoryError, match=f"port {port}.*DASHBOARD_PORT"):
            service.run(factory.settings(DASHBOARD_PORT=port), threading.Event(), once=True)
    assert factory.status("dashboard")["status"] == "ERROR"


def test_it_does_not_start_open_to_strangers(factory: Factory) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "photo_factory", "dashboard"],
        env=factory.environment(DASHBOARD_ADDRESS="0.0.0.0"), capture_output=True, text=True,
        check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "let everybody in" in done.stderr


def test_it_answers_while_the_database_is_away(factory: Factory, tmp_path: Path) -> None:
    away = f"postgresql://photo@127.0.0.1:{free_port()}/photos"
    running = Running(factory, tmp_path / "log", DATABASE_URL=away)
    try:
        until(running.answers)
    finally:
        running.process.terminate()
        assert running.process.wait(15) == 0


def test_once_it_starts_answers_and_ends(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    for name, value in factory.environment(DASHBOARD_PORT=str(port)).items():
        monkeypatch.setenv(name, value)
    assert service.run(factory.settings(DASHBOARD_PORT=port), threading.Event(), once=True)
    assert not is_healthy("127.0.0.1", port)
    assert os.environ["DASHBOARD_PORT"] == str(port)
