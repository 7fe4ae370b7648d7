"""What every bench is given: where to work, how much, and whom to tell."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.parts import PostgreSQL

from benchmarks import photos
from benchmarks.ours import Factory

QUIET = 1.0
"""Seconds of quiet period in benches of throughput: waiting is not work. The files are older."""


@dataclass
class Context:
    """One run of the benches."""

    work: Path
    cache: Path
    quick: bool
    rounds: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def scaled(self, full: int, quick: int) -> int:
        """How much of something."""
        return quick if self.quick else full

    def told(self, text: str) -> None:
        """Say how it goes, beside the table."""
        print(f"  {text}", file=sys.stderr, flush=True)

    @contextmanager
    def factory(self, *, storage: Path | None = None, url: str | None = None) -> Iterator[Factory]:
        """A new, empty factory that is removed afterwards."""
        home = self.work / f"factory-{next(self._numbers)}"
        factory = Factory(home, storage=storage, url=url)
        try:
            yield factory
        finally:
            factory.close()
            shutil.rmtree(home, ignore_errors=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A new, empty folder that is removed afterwards."""
        path = self.work / f"folder-{next(self._numbers)}"
        path.mkdir()
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def warm_up(self) -> bytes:
        """A photo that none of the measured ones equals."""
        folder = photos.small_photos(self.cache, 10, 12_345, 1)
        return min(folder.iterdir()).read_bytes()


@dataclass
class Stage:
    """One set of photos with bytes of its own, handed from contender to contender by renames."""

    source: Path
    folder: Path

    def renew(self) -> None:
        """Copies of all photos."""
        photos.fresh_copy(self.source, self.folder)

    def take_back(self, tree: Path) -> None:
        """Collect the photos a contender has filed; all must be there."""
        photos.gather(tree, self.folder)
        self.check()

    def check(self) -> None:
        """Refuse to measure with fewer photos than there should be."""
        there, wanted = len(list(self.folder.iterdir())), len(list(self.source.iterdir()))
        if there != wanted:
            raise RuntimeError(f"{there} of {wanted} photos came back from a contender")

    def ready(self) -> Path:
        """The folder, its files clean, warm and older than the quiet period."""
        photos.make_ready(self.folder, QUIET)
        return self.folder


@contextmanager
def postgresql() -> Iterator[PostgreSQL | None]:
    """A server with all its safety on, or None where none is installed."""
    if not PostgreSQL.is_installed():
        yield None
        return
    server = PostgreSQL.create()
    server.start()
    try:
        yield server
    finally:
        server.destroy()
