"""Runs functions over strangers' bytes in child processes with a time and a memory limit."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

_PR_SET_PDEATHSIG = 1
_MIB = 1 << 20
_CALLS_PER_CHILD = 1000
"""A child is replaced after so many calls, so that a leak in a parser stays small."""

Job = tuple[Any, ...]
Results = list[Any]


class SandboxFailure(Exception):
    """A child did not survive a job; the message says what happened to it."""


class Sandbox:
    """A pool of children; `preload` names modules that are imported once and shared by all.

    The children come from a fork server: forking this process, which has threads, could copy a
    held lock into a child. `memory_mib` is what a job may use beside what is loaded anyway.
    """

    def __init__(
        self,
        *,
        workers: int,
        timeout_s: float = 20,
        memory_mib: int = 1024,
        preload: Sequence[str] = (),
    ) -> None:
        # One thread is enough for the little NumPy does, and a fork server must not have threads.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, *preload])
        self._timeout_s, self._memory_mib = timeout_s, memory_mib
        self._pool = ProcessPool(
            max_workers=workers,
            max_tasks=_CALLS_PER_CHILD,
            initializer=_enter,
            initargs=[memory_mib],
            context=context,
        )

    def map(self, function: Callable[..., Any], jobs: Sequence[Job]) -> Future[Results]:
        """Call `function(*job)` for every job, all in one child, and promise the results in order.

        Where the child dies or is too slow, the jobs are run again one by one, so that only the
        guilty one becomes a `SandboxFailure`. What the function raises is returned in its place.
        """
        promise: Future[Results] = Future()
        promise.set_running_or_notify_cancel()
        self._start(function, list(jobs), promise)
        return promise

    def close(self) -> None:
        """End the children, also those that are busy."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def _start(
        self, function: Callable[..., Any], jobs: list[Job], promise: Future[Results]
    ) -> None:
        try:
            inner = self._pool.schedule(
                _run, args=[function, jobs, self._memory_mib], timeout=self._timeout_s
            )
        except RuntimeError as error:  # the pool was closed
            promise.set_exception(SandboxFailure(str(error)))
            return
        inner.add_done_callback(partial(self._finish, function, jobs, promise))

    def _finish(
        self,
        function: Callable[..., Any],
        jobs: list[Job],
        promise: Future[Results],
        inner: Future[Results],
    ) -> None:
        if inner.cancelled():
            promise.set_exception(CancelledError())
            return
        error = inner.exception()
        if error is None:
            promise.set_result(inner.result())
        elif len(jobs) == 1:
            promise.set_result([self._told(error)])
        else:
            self._run_again(function, jobs, promise)

    def _run_again(
        self, function: Callable[..., Any], jobs: list[Job], promise: Future[Results]
    ) -> None:
        """Run each job alone; the last one to end fulfils the promise."""
        alone = [self.map(function, [job]) for job in jobs]
        left = set(alone)

        def count(ended: Future[Results]) -> None:
            left.discard(ended)
            if left or promise.done():
                return
            failed = next((one.exception() for one in alone if one.exception()), None)
            if failed:
                promise.set_exception(failed)
            else:
                promise.set_result([one.result()[0] for one in alone])

        for one in alone:
            one.add_done_callback(count)

    def _told(self, error: BaseException) -> BaseException:
        if isinstance(error, TimeoutError):
            return SandboxFailure(f"took longer than {self._timeout_s:g} s")
        if isinstance(error, MemoryError):
            return _too_large(self._memory_mib)
        if isinstance(error, ProcessExpired):
            if error.exitcode < 0:
                return SandboxFailure(f"was killed by signal {-error.exitcode}")
            return SandboxFailure(f"ended by itself with exit code {error.exitcode}")
        return error


def _too_large(memory_mib: int) -> SandboxFailure:
    return SandboxFailure(f"used more than {memory_mib} MiB")


def _run(function: Callable[..., Any], jobs: list[Job], memory_mib: int) -> Results:
    """In the child: call the function for every job."""
    results: Results = []
    for job in jobs:
        try:
            results.append(function(*job))
        except MemoryError:
            results.append(_too_large(memory_mib))
        except Exception as error:  # noqa: BLE001 -- handed to the caller, who decides
            results.append(_portable(error))
    return results


def _portable(error: Exception) -> Exception:
    """Return an error that survives the way to the parent; some cannot be unpickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 -- any class may refuse in any way
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _enter(memory_mib: int) -> None:
    """In the child, first of all: the limits, and not to outlive the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = _address_space() + memory_mib * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _address_space() -> int:
    """Bytes of address space in use; libraries reserve much that they never touch."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
