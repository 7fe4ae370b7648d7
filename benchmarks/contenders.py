"""Contenders over one stage: each files all photos, gives its seconds and hands the photos back."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.parts import PostgreSQL

from benchmarks import floor
from benchmarks.context import QUIET, Context, Stage
from benchmarks.ours import Factory, Service
from benchmarks.peers import Peer, installed

Contender = Callable[[], float]

SERVICE, SERVICE_PG, COMMAND = "service, SQLite", "service, PostgreSQL", "command, SQLite"


@dataclass
class Contenders:
    """The contenders of a bench on one file system, in mode `move`."""

    context: Context
    stage: Stage
    peak_main: float = 0.0
    """Peak memory of the services in MiB: the main process, and all of them together."""
    peak_tree: float = 0.0
    server: PostgreSQL | None = None
    _databases: itertools.count[int] = field(default_factory=itertools.count)

    def floors(self, times: int = 1) -> dict[str, Contender]:
        """Both ways to hash on all cores."""
        found: dict[str, Contender] = {
            floor.HASHLIB: lambda: self._into_folder(
                lambda source, target: floor.by_hashlib(source, target, times=times)
            )
        }
        if floor.has_openssl():
            found[floor.OPENSSL] = lambda: self._into_folder(
                lambda source, target: floor.by_openssl(source, target, times=times)
            )
        return found

    def ours(self) -> dict[str, Contender]:
        """Photo Factory as a service, on each database, and as a command."""
        found: dict[str, Contender] = {SERVICE: self.service, COMMAND: self.command}
        if self.server:
            found[SERVICE_PG] = self.service_on_postgresql
        return found

    def peers(self) -> dict[str, Contender]:
        """Other programs."""
        return {name: self._peer(peer) for name, peer in installed().items()}

    def service(self, url: str | None = None) -> float:
        """A running Librarian is handed the folder."""
        with self.context.factory(url=url) as factory:
            with Service(factory, self.context.warm_up(), STABILITY_DELAY=str(QUIET)) as service:
                count = len(list(self.stage.source.iterdir()))
                seconds = service.hand_over(self.stage.ready(), count)
                self.peak_main = max(self.peak_main, service.peak_main)
                self.peak_tree = max(self.peak_tree, service.peak_tree)
            self._back_from(factory)
        return seconds

    def service_on_postgresql(self) -> float:
        """The same with the ledger on a server."""
        assert self.server
        name = f"bench_{next(self._databases)}"
        url = self.server.create_database(name)
        try:
            return self.service(url)
        finally:
            self.server.drop_database(name)

    def command(self) -> float:
        """A whole `photo-factory ingest` over the folder."""
        with self.context.factory() as factory:
            self.stage.ready().rename(factory.inbox / "phone")
            seconds = factory.ingest(STABILITY_DELAY=str(QUIET))
            self._back_from(factory)
        return seconds

    def _back_from(self, factory: Factory) -> None:
        for warm_up in factory.originals.glob("*/*/warm-up.jpg"):
            warm_up.unlink()
        self.stage.take_back(factory.originals)

    def _peer(self, peer: Peer) -> Contender:
        return lambda: self._into_folder(peer)

    def _into_folder(self, work: Peer) -> float:
        with self.context.folder() as target:
            seconds = work(self.stage.ready(), target / "archive")
            self.stage.take_back(target)
        return seconds


def work_folder(context: Context) -> Path:
    """Where a bench's stage stands."""
    return context.work / "stage"
