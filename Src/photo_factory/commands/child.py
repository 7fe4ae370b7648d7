"""One supervised process: started, listened to, started again when it dies, ended when asked."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from photo_factory.shared import clock
from photo_factory.shared.processes import Running, Wanted

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


class Log:
    """What the processes of one service say, in a file that is begun anew when it is long.

    The former file stays beside it as NAME.log.1. What cannot be written is not: a full disk
    must not keep a service from working.
    """

    def __init__(self, path: Path, longest: int = 2 << 20) -> None:
        self._path, self._longest = path, longest
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None

    def write(self, line: bytes) -> None:
        """Append one line."""
        with self._lock, suppress(OSError):
            if self._file is None:
                self._file = self._path.open("ab", buffering=0)
            elif self._file.tell() > self._longest:
                self._file.close()
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
                self._file = self._path.open("ab", buffering=0)
            self._file.write(line)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._file:
                self._file.close()
            self._file = None


@dataclass
class Child:
    """One process of a service."""

    name: str
    log: Log | None = None
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    started: float = 0.0
    started_at: datetime | None = None
    pause: float = FIRST_PAUSE
    start_at: float = 0.0
    last_end: str | None = None
    deadline: float | None = None
    """When it is killed, once it was asked to end."""

    def start(self) -> None:
        """Start the service's process, in a group of its own so that Ctrl-C reaches it once."""
        environment = {SUPERVISED: str(self.restarts), SUPERVISOR: str(os.getpid())}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "photo_factory", "run", self.name],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if self.log else None,
            stderr=subprocess.STDOUT if self.log else None,
            start_new_session=True,
        )
        if self.log and self.process.stdout:
            threading.Thread(
                target=_listen, args=(self.process.stdout, self.log), daemon=True
            ).start()
        self.started, self.started_at = time.monotonic(), clock.now()
        self._say(logging.INFO, f"runs as process {self.process.pid}")

    @property
    def is_gone(self) -> bool:
        """Whether no process of it is there."""
        return self.process is None or self.process.poll() is not None

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
            self._say(logging.ERROR, f"cannot be started: {error}; again in {self.pause:.0f} s")

    def _plan_restart(self, code: int) -> None:
        lived = time.monotonic() - self.started
        self.pause = FIRST_PAUSE if lived > CALM else min(self.pause * 2, LONGEST_PAUSE)
        self.restarts += 1
        self.start_at = time.monotonic() + self.pause
        self.process = self.started_at = None
        self.last_end = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._say(
            logging.ERROR,
            f"died ({self.last_end}) after {lived:.0f} s; restart {self.restarts} "
            f"in {self.pause:.0f} s",
        )

    def end(self) -> None:
        """Ask the process to finish, or (asked before, and its time is over) kill it."""
        if self.process is None or self.process.poll() is not None:
            self._forget()
        elif self.deadline is None:
            self.deadline = time.monotonic() + PATIENCE
            self._say(logging.INFO, "is asked to end")
            self.process.terminate()
        elif time.monotonic() > self.deadline:
            self._say(logging.ERROR, "did not stop in time and is killed")
            self.process.kill()
            self.process.wait()
            self._forget()

    def _forget(self) -> None:
        """It was ended on purpose: the next start is no restart."""
        self.process = self.started_at = self.deadline = None
        self.start_at, self.pause = 0.0, FIRST_PAUSE

    def _say(self, level: int, what: str) -> None:
        """Tell what befell it, to whoever watches us and in its own log."""
        log.log(level, "%s %s", self.name, what)
        if self.log:
            name = logging.getLevelName(level)
            line = f"{clock.now():%Y-%m-%dT%H:%M:%S}Z {name:7} supervisor: {self.name} {what}\n"
            self.log.write(line.encode())

    def as_running(self, wanted: Wanted) -> Running:
        """What is told of it."""
        pid = self.process.pid if self.process else None
        return Running(self.name, pid, self.started_at, self.restarts, wanted, self.last_end)


def _listen(stream: IO[bytes], said: Log) -> None:
    """Pass on what a process says, to its file and to whoever watches the supervisor."""
    with stream:
        for line in stream:
            said.write(line)
            with suppress(OSError, ValueError):  # nobody watches any more
                sys.stderr.buffer.write(line)
                sys.stderr.buffer.flush()
