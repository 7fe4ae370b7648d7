"""Where assets are worked: in threads here or on a Dask cluster, decoders in children."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from photo_factory.shared.errors import SettingsError, TryLater
from photo_factory.shared.facts import Asset, Facts
from photo_factory.shared.media.sandbox import Sandbox
from photo_factory.shared.settings import Settings

CONNECT_S = 5.0
"""How long a Dask scheduler may take to answer; nobody hears a wish to stop meanwhile."""

stopping = threading.Event()
"""Set when this process is to end: long work in a thread should give up with TryLater."""

Process = Callable[[Asset, Settings], Facts]


@dataclass(frozen=True)
class Job:
    """How a service works one asset, in a form that travels to other processes."""

    process: Process
    settings: Settings
    in_child: bool
    preload: tuple[str, ...]

    def __call__(self, asset: Asset) -> Facts:
        """What `process` returns or raises, wherever it runs."""
        if not self.in_child:
            return self.process(asset, self.settings)
        (result,) = self._children().map(self.process, [(asset, self.settings)]).result()
        if isinstance(result, BaseException):
            raise result
        facts: Facts = result
        return facts

    def warm_up(self) -> None:
        """Start the children and load what they need, so that the first photo need not wait."""
        if self.in_child:
            self._children().map(_nothing, [()])

    def _children(self) -> Sandbox:
        chosen = self.settings
        return _sandbox(chosen.workers, chosen.decoder_timeout, chosen.decoder_memory, self.preload)


class Workplace(Protocol):
    """Takes assets and promises what becomes of them."""

    @property
    def is_ours(self) -> bool:
        """Whether it can be told what has begun, and nothing goes on when this process ends."""

    @property
    def slots(self) -> int:
        """How many assets are worked at the same time; TryLater when the workplace is away."""

    def submit(self, asset: Asset) -> Future[Facts]:
        """Work it when its turn comes."""

    def close(self) -> None:
        """Start nothing more, and end the children."""


class Threads:
    """This process's own threads."""

    is_ours = True

    def __init__(self, job: Job, slots: int) -> None:
        self.slots = slots
        self._job = job
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="work")
        job.warm_up()

    def submit(self, asset: Asset) -> Future[Facts]:
        """Work it in the next free thread."""
        return self._pool.submit(self._job, asset)

    def close(self) -> None:
        """Start nothing more, and end the children."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        close_children()


class Dask:
    """A Dask cluster that somebody else keeps; its workers see the same storage and ledger."""

    is_ours = False

    def __init__(self, job: Job, address: str) -> None:
        self._job, self._address = job, address
        self._client = _connected(address)
        self._pool: Executor = self._client.get_executor(pure=False)

    @property
    def slots(self) -> int:
        """The cores the cluster has now; TryLater when its scheduler is away."""
        asked = self._client.scheduler
        try:
            if self._client.status != "running":  # asked now, it would wait for the scheduler
                raise OSError("the connection was lost")
            cores: dict[str, int] = self._client.sync(
                asked.ncores, workers=None, callback_timeout=CONNECT_S
            )
        except (OSError, TimeoutError) as error:
            raise _silent(self._address, error) from error
        return max(1, sum(cores.values()))

    def submit(self, asset: Asset) -> Future[Facts]:
        """Work it on any worker of the cluster."""
        if self._client.status == "running":
            return self._pool.submit(self._job, asset)
        lost: Future[Facts] = Future()
        lost.set_exception(_silent(self._address, "the connection was lost"))
        return lost

    def close(self) -> None:
        """Leave the cluster; what it has not begun is forgotten there."""
        self._client.close(timeout=CONNECT_S / 2)


def open_workplace(job: Job, at_once: int | None) -> Workplace:
    """What EXECUTOR names; TryLater when a cluster cannot be reached now."""
    settings = job.settings
    if settings.executor == "threads":
        return Threads(job, at_once or settings.workers)
    return Dask(job, settings.executor.replace("dask://", "tcp://").replace("dask+tls", "tls"))


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise SettingsError(
            f"EXECUTOR names a Dask cluster at {address}, but the package `distributed` is not "
            "installed: pip install 'photo-factory[dask]'"
        ) from None
    try:
        client: Any = Client
        return client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise _silent(address, error) from error


def _silent(address: str, reason: object) -> TryLater:
    return TryLater(f"the Dask scheduler at {address} does not answer: {reason}")


@cache
def _sandbox(workers: int, timeout_s: float, memory_mib: int, preload: tuple[str, ...]) -> Sandbox:
    if multiprocessing.current_process().daemon:
        raise TryLater(
            "this Dask worker may have no children to decode in: start the workers with "
            "`dask worker --no-nanny`, or with DASK_DISTRIBUTED__WORKER__DAEMON=False"
        )
    made = Sandbox(workers=workers, timeout_s=timeout_s, memory_mib=memory_mib, preload=preload)
    _sandboxes.append(made)
    return made


def _nothing() -> None:
    """What a child does to be warm."""


_sandboxes: list[Sandbox] = []


def close_children() -> None:
    """End the children of this process, also those that are busy."""
    while _sandboxes:
        _sandboxes.pop().close()
    _sandbox.cache_clear()
