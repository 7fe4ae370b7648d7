"""Many short lives of the Librarian: one process imports the program, each life is a fork of it.

A start of the real command costs seconds of imports; two hundred kills would cost an hour in CI.
What differs from the real command: files are read in the process itself instead of in sandboxed
children. Kills of the real command, children and all, are in `test_kills` as well.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sqlalchemy import Engine, event

from photo_factory.librarian import metadata_extractor
from photo_factory.librarian.ingest import Ingest
from photo_factory.librarian.librarian import Librarian
from photo_factory.shared import logs, settings
from tests.faults.factory import Factory

STEPS = {
    os: ("link", "rename", "replace", "unlink", "mkdir", "open",
         "fsync", "ftruncate", "sendfile", "utime"),
    io: ("open",),
}  # fmt: skip
"""What filing asks of the kernel; a life can be ended just before any of it."""


@dataclass(frozen=True)
class End:
    """How a life ended: killed, or with an exit code (0: it came to its own end)."""

    killed: bool
    code: int
    seconds: float


class Lives:
    """The runner, as the test sees it; one life at a time."""

    def __init__(self, factory: Factory) -> None:
        self._log = (factory.home / "lives.log").open("ab")
        self._log_path = factory.home / "lives.log"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.lives"],
            cwd=Path(__file__).parents[2],
            env=factory.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._pipe(self._process.stdin).close()
        self._process.wait(30)
        self._pipe(self._process.stdout).close()
        self._log.close()

    def begin(self, *, kill_after: float | None = None, die_at: int | None = None) -> None:
        """Begin a life; it is killed after so many seconds, or just before its n-th step."""
        order = json.dumps({"kill_after": kill_after, "die_at": die_at})
        pipe = self._pipe(self._process.stdin)
        pipe.write(order.encode() + b"\n")
        pipe.flush()

    def end(self) -> End:
        """Wait for the end of the life that was begun."""
        line = self._pipe(self._process.stdout).readline()
        assert line, f"the runner is gone: {self.log()}"
        return End(**json.loads(line))

    def whole(self) -> End:
        """A life that comes to its own end."""
        self.begin()
        end = self.end()
        assert end.code == 0, self.log()
        return end

    def log(self) -> str:
        return self._log_path.read_text(errors="replace")[-4000:]

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


class _ReadHere:
    """Stands in for the sandbox: reads in this very process."""

    def __init__(self, **_limits: Any) -> None:
        pass

    def map(self, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> Future[Any]:
        promise: Future[Any] = Future()
        promise.set_result([function(*job) for job in jobs])
        return promise

    def close(self) -> None:
        pass


def _die_at(number: int) -> None:
    """Let this process kill itself just before its n-th step."""
    steps = itertools.count(1)

    def count(*_: object) -> None:
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            count()
            return call(*args, **named)

        return counted

    for module, names in STEPS.items():
        for name in names:
            setattr(module, name, counting(getattr(module, name)))
    event.listen(Engine, "commit", count)


def _live(die_at: int | None) -> int:
    chosen = settings.load()
    logs.configure(chosen.log_level, service="a life")
    if die_at:
        _die_at(die_at)
    with Librarian(chosen) as librarian:
        summary = Ingest(librarian, chosen).run(once=False)
    return 0 if summary.all_went_well else 1


def _fork(die_at: int | None) -> int:
    pid = os.fork()
    if pid == 0:
        code = 2
        try:
            os.dup2(2, 1)  # stdout is the test's
            code = _live(die_at)
        except BaseException:  # noqa: BLE001 -- told in the log, and by the exit code
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    return pid


def _run(kill_after: float | None, die_at: int | None) -> dict[str, Any]:
    began = time.monotonic()
    pid = _fork(die_at)
    descriptor = os.pidfd_open(pid)
    try:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        if not waiting.poll(60_000 if kill_after is None else kill_after * 1000):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(descriptor)
    killed = os.WIFSIGNALED(status)
    code = -os.WTERMSIG(status) if killed else os.WEXITSTATUS(status)
    return {"killed": killed, "code": code, "seconds": time.monotonic() - began}


def main() -> None:
    """Read orders from stdin, tell ends on stdout, until stdin ends."""
    metadata_extractor.Sandbox = _ReadHere  # type: ignore[assignment,misc]
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run(**json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
