"""A real Dask cluster on 127.0.0.1: a scheduler and its workers, each a process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts import free_port

PROJECT = Path(__file__).resolve().parents[1]


@contextmanager
def dask_cluster(workers: int, home: Path) -> Iterator[str]:
    """What EXECUTOR has to be for it; the workers have one thread each, and no nanny."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    # No nanny: below one, a worker may have no children to decode in.
    each = [address, "--host", "127.0.0.1", "--no-nanny", "--nthreads", "1", "--no-dashboard",
            "--local-directory", str(home)]  # fmt: skip
    commands = [
        ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        *(["worker", *each, "--name", f"worker-{i}"] for i in range(workers)),
    ]
    home.mkdir(parents=True, exist_ok=True)
    started = [_start(command, home / f"{i}.log") for i, command in enumerate(commands)]
    try:
        _wait_for(address, workers, started)
        yield address.replace("tcp://", "dask://")
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *command], env=environment, cwd=PROJECT,
            stdout=file, stderr=file,
        )  # fmt: skip


def _wait_for(address: str, workers: int, started: list[subprocess.Popen[bytes]]) -> None:
    from distributed import Client

    deadline = time.monotonic() + 60
    while True:
        try:
            with Client(address, timeout=5, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=60)
                return
        except (OSError, TimeoutError):
            if time.monotonic() > deadline or any(p.poll() is not None for p in started):
                raise
            time.sleep(0.2)
