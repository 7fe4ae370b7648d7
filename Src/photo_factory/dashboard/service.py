"""The dashboard as a service: keeps Streamlit running, asks whether it answers, and beats."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress

from sqlalchemy import Engine

from photo_factory.dashboard import access
from photo_factory.dashboard.docker_status import problem_of
from photo_factory.dashboard.server import PARENT
from photo_factory.shared.errors import LedgerAway, PhotoFactoryError
from photo_factory.shared.heartbeat_service import STOPPED, Heartbeat, Status
from photo_factory.shared.ledger.database import connect, migrate
from photo_factory.shared.paths import database_url
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

NAME = "dashboard"

EXPECTED_EVERY = 300
"""Seconds between two beats when nothing changes; it has no work that could hang unseen."""

LOOK_S = 5.0
"""Seconds between two questions whether Streamlit answers."""

ANSWER_S = 5.0
"""Seconds an answer may take before it counts as none."""

START_S = 60.0
"""Seconds a start may take on a slow machine before it is an error."""

_PATIENCE_S = 5.0
_LONGEST_PAUSE_S = 60.0


class Service:
    """One Streamlit process, and what is known of it."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop
        access.check(settings)
        self._host = access.listens_on(settings)
        self._port = settings.dashboard_port or _free_port(self._host)
        self._shown = access.address(settings, self._port)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._start_at = 0.0
        self._answered = False
        self._pause_s = 1.0
        self._last_end: str | None = None
        self._engine = connect(database_url(settings), application=NAME)
        self._heart = Heartbeat(
            self._ready,
            NAME,
            min(EXPECTED_EVERY, settings.heartbeat_interval * 5),
            restarts=int(os.environ.get("PHOTO_FACTORY_RESTARTS", "0")),
        )

    def run(self, *, once: bool = False) -> bool:
        """Answer until asked to stop (`once`: until it answered once); False when it did not."""
        status: Status = "OK"
        try:
            self._refuse_taken_port()
            with suppress(LedgerAway):  # its pages say so then
                self._ready()
            while not self._stop.is_set():
                status, task, message = self._look()
                self._heart.beat(status, task, message)
                if once and (self._answered or status == "ERROR"):
                    break
                self._stop.wait(LOOK_S if self._answered else 0.2)
        except PhotoFactoryError as error:
            self._heart.last_beat("ERROR", STOPPED, str(error))
            raise
        finally:
            self._end()
        self._heart.last_beat(status, STOPPED)
        self._engine.dispose()
        return status == "OK"

    def _refuse_taken_port(self) -> None:
        # Asked before Streamlit is: its own words for it are many lines long.
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self._port))
            except OSError as error:
                raise PhotoFactoryError(
                    f"the dashboard cannot listen on {self._host}, port {self._port}: "
                    f"{error.strerror}. Stop what does, or set DASHBOARD_PORT"
                ) from error

    def _look(self) -> tuple[Status, str, str | None]:
        """Start what is not there, ask what is; status, task and message of the beat."""
        if self._process is None:
            if time.monotonic() < self._start_at:
                return "ERROR", "starting again", self._last_end
            self._process = self._started_process()
        code = self._process.poll()
        if code is not None:
            return self._died(code)
        if is_healthy(self._host, self._port):
            if not self._answered:
                log.info("the dashboard answers at %s", self._shown)
            self._answered, self._pause_s, self._last_end = True, 1.0, None
            unseen = problem_of(self._settings.docker_host)
            return "WARNING" if unseen else "OK", f"answering at {self._shown}", unseen
        lived = time.monotonic() - self._started
        if not self._answered and lived < START_S:
            return ("ERROR" if self._last_end else "OK"), "starting", self._last_end
        return "ERROR", "not answering", f"Streamlit (process {self._process.pid}) does not answer"

    def _started_process(self) -> subprocess.Popen[bytes]:
        self._started, self._answered = time.monotonic(), False
        return subprocess.Popen(
            [sys.executable, "-m", "photo_factory.dashboard.server"],
            env={**os.environ, PARENT: str(os.getpid()), "DASHBOARD_PORT": str(self._port)},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno() if _has_descriptor(sys.stderr) else None,
            start_new_session=True,
        )

    def _died(self, code: int) -> tuple[Status, str, str | None]:
        self._process, self._answered = None, False
        self._start_at = time.monotonic() + self._pause_s
        self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)
        log.error("Streamlit ended with code %d; it is started again", code)
        self._last_end = f"Streamlit ended with code {code}"
        return "ERROR", "starting again", self._last_end

    def _end(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:  # open pages keep it from ending
            self._process.kill()
            self._process.wait()

    def _ready(self) -> Engine:
        """The ledger, migrated: this may be the first command of all; LedgerAway."""
        migrate(self._engine)
        return self._engine


def _free_port(host: str) -> int:
    """What port 0 stands for: any that nobody listens on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _has_descriptor(stream: object) -> bool:
    try:
        stream.fileno()  # type: ignore[attr-defined]
    except (AttributeError, OSError):
        return False
    return True


def is_healthy(host: str, port: int) -> bool:
    """Whether Streamlit says of itself that it is well."""
    asked = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    url = f"http://{asked}:{port}/_stcore/health"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def run(settings: Settings, stop: threading.Event, once: bool) -> bool:
    """What `photo-factory run dashboard` does."""
    return Service(settings, stop).run(once=once)
