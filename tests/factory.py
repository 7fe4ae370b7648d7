"""A temporary factory: an inbox, a storage, a ledger, and what the tests ask of them."""

from __future__ import annotations

import itertools
import os
import subprocess
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, text

from photo_factory.librarian.ingest import Ingest
from photo_factory.librarian.librarian import Librarian, Observer
from photo_factory.librarian.summary import Summary
from photo_factory.librarian.verify import Findings, Verifier
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import Arrival, MediaAsset, SystemStatus
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.roots import MARKER
from photo_factory.shared.settings import Settings
from tests.shared.media import made

Row = dict[str, Any]

NEVER_FULL = "0.001"
"""As DISK_WARNING: how full the disk of the tests is must not be what the dashboard tells of."""

_numbers = itertools.count(1)


def photo(taken: str | None = "2023:12:25 12:34:56", **exif: Any) -> bytes:
    """A small JPEG unlike every other one, taken at an EXIF time."""
    number = f"number {next(_numbers)}".encode()
    return made.jpeg_bytes(exif=made.exif(taken, UserComment=number, **exif))


class Factory:
    """A factory in a folder of its own; nothing in it has to settle unless a test wants so."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self.home = home
        self.url = url
        self.paths = Paths.of(self.settings())
        self.paths.inbox.mkdir(parents=True, exist_ok=True)

    def settings(self, **changes: Any) -> Settings:
        """The factory's settings; keywords are variables, such as WATCHER."""
        given = {
            "PHOTO_FACTORY_ROOT": self.home,
            "DATABASE_URL": self.url,
            "STABILITY_DELAY": 0,
            "TIMEZONE": "Europe/Berlin",
            "WORKERS": 2,
            "MIN_FREE_SPACE": 0,
            "DISK_WARNING": NEVER_FULL,
        }
        return Settings(_env_file=None, **{**given, **changes})  # type: ignore[call-arg]

    def environment(self, **changes: str) -> dict[str, str]:
        """The same settings for a process of its own."""
        given = {
            "PHOTO_FACTORY_ROOT": str(self.home),
            "STABILITY_DELAY": "0",
            "TIMEZONE": "Europe/Berlin",
            "WORKERS": "2",
            "MIN_FREE_SPACE": "0",
            "DISK_WARNING": NEVER_FULL,
            "DASHBOARD_PORT": "0",  # any: somebody may have their own dashboard open
        }
        if self.url:
            given["DATABASE_URL"] = self.url
        return {**os.environ, **given, **changes}

    @property
    def engine(self) -> Engine:
        """The migrated ledger."""
        if not hasattr(self, "_engine"):
            self._engine = database.connect(database_url(self.settings()))
        database.migrate(self._engine)
        return self._engine

    def close(self) -> None:
        """Let go of the ledger."""
        if hasattr(self, "_engine"):
            self._engine.dispose()
            del self._engine

    def drop(self, name: str, content: bytes | None = None, *, at: datetime | None = None) -> Path:
        """Put a file into the inbox, by default a photo of its own; `at` is its mtime."""
        path = self.paths.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo() if content is None else content)
        if at:
            os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def ingest(
        self,
        *collections: Path,
        once: bool = False,
        keep: bool | None = None,
        stop: threading.Event | None = None,
        observer: Observer | None = None,
        **changes: Any,
    ) -> Summary:
        """One run over the inbox or the collections, in this process."""
        settings = self.settings(**changes)
        with Librarian(settings, keep=keep, stop=stop, observer=observer) as librarian:
            summary = Ingest(librarian, settings, collections).run(once=once)
        ends = (summary.filed, summary.duplicates, summary.ignored, summary.held, summary.failed)
        assert summary.seen == sum(ends)
        return summary

    def verify(self, sample: float = 100) -> Findings:
        return Verifier(self.paths, self.engine, 2, sample).run()

    def assets(self) -> list[Row]:
        """Every asset, by original name."""
        return self._rows(select(MediaAsset.__table__).order_by(MediaAsset.original_name))

    def asset(self, name: str) -> Row:
        """The one asset that came under this name."""
        (found,) = [row for row in self.assets() if row["original_name"] == name]
        return found

    def arrivals(self) -> list[Row]:
        """Every arrival, by name."""
        return self._rows(select(Arrival.__table__).order_by(Arrival.name))

    def arrival(self, name: str) -> Row:
        """The one arrival of this name."""
        (found,) = [row for row in self.arrivals() if row["name"] == name]
        return found

    def status(self, service: str = "librarian") -> Row:
        """The last beat of a service."""
        table = SystemStatus.__table__
        (found,) = self._rows(select(table).where(table.c.service_name == service))
        return found

    def account(self) -> dict[str, Row]:
        """v_arrivals_account by state."""
        return {row["state"]: row for row in self._rows(text("SELECT * FROM v_arrivals_account"))}

    def on_disk(self, row: Row) -> Path:
        return self.paths.on_disk(row["final_path"])

    def archived(self) -> list[str]:
        """Every media file in the archive, relative to it."""
        return [path for path in self.tree() if not path.endswith(("SHA256SUMS", "ledger.jsonl"))]

    def tree(self) -> list[str]:
        """Every file in the archive but its marker, relative to it."""
        root = self.paths.originals
        found = (path for path in root.rglob("*") if path.is_file() and path.name != MARKER)
        return sorted(str(path.relative_to(root)) for path in found)

    def inbox(self) -> list[str]:
        """Every file in the inbox, relative to it."""
        root = self.paths.inbox
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    def sums_hold(self) -> bool:
        """What coreutils says of every day folder, and that each names all of its files."""
        for sums in self.paths.originals.rglob("SHA256SUMS"):
            check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
            if subprocess.run(check, cwd=sums.parent, check=False).returncode:
                return False
            named = sums.read_bytes().count(b"\n")
            if named != len([path for path in sums.parent.iterdir() if path.is_file()]) - 2:
                return False
        return True

    def _rows(self, query: Any) -> list[Row]:
        with database.reading(self.engine) as connection:
            return [dict(row._mapping) for row in connection.execute(query)]


def names(rows: Sequence[Row]) -> list[str]:
    """The original names of assets."""
    return [row["original_name"] for row in rows]
