"""Ways in which a database is away, and how it comes back."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from photo_factory.shared.ledger.database import connect, migrate
from tests.parts import PostgreSQL


class Outage(Protocol):
    """A database that can be taken away and given back."""

    url: str

    def begin(self) -> None: ...
    def end(self) -> None: ...


class Locked:
    """SQLite, with another program holding the write lock for longer than anyone waits."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ledger.sqlite3"
        self.url = f"sqlite:///{self._path}"
        self._holder: sqlite3.Connection | None = None

    def begin(self) -> None:
        self._holder = sqlite3.connect(self._path, isolation_level=None)
        self._holder.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        if self._holder:
            self._holder.close()
            self._holder = None


class Moved:
    """SQLite, whose folder is gone and cannot be made either."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "ledger"
        self._aside = folder / "aside"
        self._folder.mkdir()
        self.url = f"sqlite:///{self._folder}/ledger.sqlite3"

    def begin(self) -> None:
        gc.collect()  # a connection that is still open would follow the folder
        self._folder.rename(self._aside)
        self._folder.write_text("in the way")

    def end(self) -> None:
        if self._aside.exists():
            self._folder.unlink()
            self._aside.rename(self._folder)


class ReadOnly:
    """SQLite, on a disk that was mounted read-only."""

    def __init__(self, folder: Path) -> None:
        self._disk = folder / "disk"
        self._disk.mkdir()
        self.url = f"sqlite:///{self._disk}/ledger.sqlite3"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(self._disk)],
            capture_output=True,
            check=False,
        )
        if mounted.returncode:
            pytest.skip("mounting needs root")

    def begin(self) -> None:
        gc.collect()  # a disk with a file open for writing cannot become read-only
        subprocess.run(["mount", "-o", "remount,ro", str(self._disk)], check=True)

    def end(self) -> None:
        subprocess.run(["mount", "-o", "remount,rw", str(self._disk)], check=False)

    def remove(self) -> None:
        gc.collect()
        subprocess.run(["umount", "-l", str(self._disk)], check=False)


class Stopped:
    """PostgreSQL, taken down: connections break and are refused."""

    def __init__(self, server: PostgreSQL, name: str) -> None:
        self._server = server
        self.url = server.create_database(name)

    def begin(self) -> None:
        self._server.stop()

    def end(self) -> None:
        if not self._server._answers():
            self._server.start()


class Frozen:
    """PostgreSQL, which takes connections and never answers: a black hole."""

    def __init__(self, server: PostgreSQL, name: str) -> None:
        self._server = server
        self.url = server.create_database(name)

    def begin(self) -> None:
        self._server.pause()

    def end(self) -> None:
        self._server.resume()


def prepared(outage: Outage) -> Outage:
    """With a migrated ledger, as after a first run."""
    engine = connect(outage.url)
    migrate(engine)
    engine.dispose()
    return outage


@contextmanager
def away(outage: Outage) -> Iterator[None]:
    """The database is away inside the block."""
    outage.begin()
    try:
        yield
    finally:
        outage.end()
