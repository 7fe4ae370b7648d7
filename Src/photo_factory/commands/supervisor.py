"""Runs every service as a process of its own, and starts again what dies."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from photo_factory.shared.processes import end_with_parent

log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds before a restart: doubled each time, from first to longest."""

CALM = 60.0
"""Seconds a service must have lived for its next restart to be quick again."""

PATIENCE = 10.0
"""Seconds a service may take to finish the file in hand before it is killed."""


SUPERVISED = "PHOTO_FACTORY_RESTARTS"
"""Tells a service that it has a supervisor, and how often that has started it again."""

SUPERVISOR = "PHOTO_FACTORY_SUPERVISOR"
"""Tells it the supervisor's process."""


def end_with_supervisor() -> None:
    """In a supervised service: stop as on SIGTERM when the supervisor is gone, however it died."""
    if SUPERVISOR in os.environ:
        end_with_parent(int(os.environ[SUPERVISOR]))


@dataclass
class Child:
    """One service and the process that runs it."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    started: float = 0.0
    pause: float = FIRST_PAUSE
    start_at: float = 0.0

    def start(self) -> None:
        """Start the service's process, in a group of its own so that Ctrl-C reaches it once."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "photo_factory", "run", self.name],
            env={
                **os.environ,
                SUPERVISED: str(self.restarts),
                SUPERVISOR: str(os.getpid()),
            },
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started = time.monotonic()
        log.info("%s runs as process %d", self.name, self.process.pid)

    def look_after(self) -> None:
        """Notice a death, and start the service again when its pause is over."""
        if self.process is None:
            if time.monotonic() >= self.start_at:
                self._try_to_start()
            return
        code = self.process.poll()
        if code is not None:
            self._plan_restart(code)

    def _try_to_start(self) -> None:
        try:
            self.start()
        except OSError as error:  # out of processes or memory for now; the others run on
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
            self.start_at = time.monotonic() + self.pause
            log.error("%s cannot be started: %s; again in %.0f s", self.name, error, self.pause)

    def _plan_restart(self, code: int) -> None:
        lived = time.monotonic() - self.started
        self.pause = FIRST_PAUSE if lived > CALM else min(self.pause * 2, LONGEST_PAUSE)
        self.restarts += 1
        self.start_at = time.monotonic() + self.pause
        self.process = None
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        log.error(
            "%s died (%s) after %.0f s; restart %d in %.0f s",
            self.name, how, lived, self.restarts, self.pause,
        )  # fmt: skip

    def end(self) -> None:
        """Ask the process to finish."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for the end, and kill what does not come to it."""
        if self.process is None:
            return
        try:
            self.process.wait(max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            log.error("%s did not stop in time and is killed", self.name)
            self.process.kill()
            self.process.wait()


def supervise(names: Sequence[str], stop: threading.Event) -> None:
    """Keep all services running until asked to stop, then end them all."""
    children = [Child(name) for name in names]
    try:
        while not stop.is_set():
            for child in children:
                child.look_after()
            stop.wait(0.5)
    finally:
        for child in children:
            child.end()
        deadline = time.monotonic() + PATIENCE
        for child in children:
            child.wait(deadline - time.monotonic())
        log.info("all services are stopped")
