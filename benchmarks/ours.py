"""Photo Factory as the benches run it: a factory of its own, as a service or as a command."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from sqlalchemy import text

from photo_factory.shared.ledger.database import connect, reading

GIVE_UP = 900.0
LOOK_EVERY = 0.03
_OWN = ("PHOTO_FACTORY_", "DATABASE_URL", "INBOX_MODE", "STABILITY_", "WORKERS", "WATCHER", "SCAN_")


class Factory:
    """The folders, the environment and the ledger of one factory."""

    def __init__(self, home: Path, *, storage: Path | None = None, url: str | None = None) -> None:
        self.home = home
        self.inbox = home / "Photos_Inbox"
        self.storage = storage or home / "Storage"
        self.originals = self.storage / "Originals"
        self.inbox.mkdir(parents=True)
        self.url = url or f"sqlite:///{self.storage / 'ledger.sqlite3'}"
        self._engine = connect(self.url)

    def environment(self, **settings: str) -> dict[str, str]:
        """The caller's environment without its settings, with these ones."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
        own = {
            "PHOTO_FACTORY_ROOT": str(self.home),
            "PHOTO_FACTORY_STORAGE": str(self.storage),
            "DATABASE_URL": self.url,
            "TIMEZONE": "Europe/Berlin",
            "LOG_LEVEL": "WARNING",
        }
        return {**kept, **own, **settings}

    def count(self, what: str = "media_assets") -> int:
        """Rows of a table, with a condition where one is named."""
        with reading(self._engine) as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())

    def close(self) -> None:
        """Let go of the ledger."""
        self._engine.dispose()

    def ingest(self, **settings: str) -> float:
        """Seconds of a whole `photo-factory ingest`, from its start to its end."""
        start = time.perf_counter()
        self.command("ingest", **settings)
        return time.perf_counter() - start

    def command(self, *words: str, **settings: str) -> None:
        """One verb of `photo-factory`, from its start to its end."""
        subprocess.run(
            [sys.executable, "-m", "photo_factory", *words],
            env=self.environment(**settings),
            check=True,
            capture_output=True,
        )


class Service:
    """A Librarian that is running and has filed one photo, so that all of it is warm."""

    def __init__(self, factory: Factory, warm_up: bytes, **settings: str) -> None:
        self.factory = factory
        self.peak_main = 0.0
        """MiB, after `measure_memory` or the end of a hand-over."""
        self.peak_tree = 0.0
        self._warm_up = warm_up
        self._settings = settings
        self._log = factory.home / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.factory.command("migrate")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "photo_factory", "run", "librarian"],
                env=self.factory.environment(**self._settings),
                stdout=log,
                stderr=log,
            )
        before = self.factory.count()
        self.place("warm-up.jpg", self._warm_up)
        self.wait_for(before + 1)
        time.sleep(0.5)  # the heartbeat and the checkpoint of the warm-up
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait(60)

    def place(self, name: str, content: bytes) -> float:
        """Rename one photo into the inbox, as Syncthing does; when that was."""
        beside = self.factory.home / name
        beside.write_bytes(content)
        target = self.factory.inbox / name
        start = time.perf_counter()
        beside.rename(target)
        return start

    def hand_over(self, folder: Path, rows: int, what: str = "media_assets") -> float:
        """Rename a folder into the inbox; seconds until it is empty and the rows are there."""
        before = self.factory.count(what)
        target = self.factory.inbox / f"phone-{time.monotonic_ns()}"
        start = time.perf_counter()
        folder.rename(target)
        self._wait_until_empty(target)
        self.wait_for(before + rows, what)
        return time.perf_counter() - start

    def wait_for(self, rows: int, what: str = "media_assets") -> None:
        """Until so many rows are there."""
        deadline = time.monotonic() + GIVE_UP
        while self.factory.count(what) < rows:
            self._look(deadline)

    def _wait_until_empty(self, folder: Path) -> None:
        deadline = time.monotonic() + GIVE_UP
        looks = 0
        while _has_entries(folder):
            self._look(deadline)
            looks += 1
            if looks % 50 == 0:
                self.measure_memory()
        self.measure_memory()

    def _look(self, deadline: float) -> None:
        assert self._process
        if self._process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the Librarian did not do it:\n{self._log.read_text()[-3000:]}")
        time.sleep(LOOK_EVERY)

    def measure_memory(self) -> None:
        """Note the main process' highest VmHWM and the highest sum of RSS over its children."""
        assert self._process
        main = psutil.Process(self._process.pid)
        self.peak_main = max(self.peak_main, _high_water(main.pid))
        total = 0
        for process in (main, *main.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        self.peak_tree = max(self.peak_tree, total / (1 << 20))


def _has_entries(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is not None


def _high_water(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
