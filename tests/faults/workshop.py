"""A Librarian in this process, with an inbox, a storage and a ledger to look into."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from photo_factory.librarian.arrivals import Arrival, Outcome
from photo_factory.librarian.ingest import Ingest
from photo_factory.librarian.librarian import Librarian, Observer
from photo_factory.librarian.summary import Summary
from photo_factory.shared.ledger.database import connect, migrate, reading
from photo_factory.shared.ledger.models import Arrival as ArrivalRow
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings
from tests.shared.media.made import exif, jpeg_bytes

Rows = list[dict[str, Any]]


@functools.cache
def _dated(when: str) -> bytes:
    return jpeg_bytes(exif=exif(when))


def photo(mark: object, when: str = "2023:12:25 12:34:56") -> bytes:
    """A small JPEG; another mark gives another content."""
    return _dated(when) + str(mark).encode()


def sha256(content: bytes) -> str:
    """The hash the ledger would have for it."""
    return hashlib.sha256(content).hexdigest()


class Workshop:
    """Every `run` is a Librarian of its own, as if the program had been started again."""

    def __init__(self, folder: Path, url: str, **settings: Any) -> None:
        self.url = url
        # Arguments come before the environment, so a colleague's .env changes nothing here.
        given = {
            "PHOTO_FACTORY_ROOT": folder,
            "PHOTO_FACTORY_INBOX": folder / "Photos_Inbox",
            "PHOTO_FACTORY_STORAGE": folder / "Storage",
            "DATABASE_URL": url,
            "STABILITY_DELAY": 0,
            "SETTLE_TIMEOUT": 0.5,
            "WORKERS": 1,
            "TIMEZONE": "Europe/Berlin",
            "MIN_FREE_SPACE": 0,
            **settings,
        }
        self.settings = Settings(_env_file=None, **given)  # type: ignore[call-arg]
        self.paths = Paths.of(self.settings)
        self.inbox = self.paths.inbox
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.paths.storage.mkdir(parents=True, exist_ok=True)
        self.ends: list[tuple[str, Outcome]] = []
        """Name and end state of every arrival of the last run, in order."""

    def put(self, name: str | bytes, content: bytes) -> Path:
        """Have a file arrive as a whole."""
        path = self.inbox / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def run(self, *collections: Path, between: Callable[[], None] | None = None) -> Summary:
        """File what is there; `between` is called after every batch."""
        self.ends = []
        observer = Observer(ended=self._ended, tick=between or (lambda: None))
        with Librarian(self.settings, observer=observer) as librarian:
            return Ingest(librarian, self.settings, collections).run(once=True)

    def _ended(self, arrival: Arrival, outcome: Outcome) -> None:
        self.ends.append((arrival.name, outcome))

    def reasons(self) -> str:
        """What was said of all that is not filed."""
        return "\n".join(outcome.reason or "" for _, outcome in self.ends)

    def states(self) -> list[str]:
        """The end states of the last run."""
        return [outcome.state for _, outcome in self.ends]

    def assets(self) -> Rows:
        """The ledger's assets in the order they were taken in."""
        return self._rows(select(MediaAsset.__table__).order_by(MediaAsset.ingested_at))

    def arrivals(self) -> Rows:
        """The ledger's arrivals in the order they were entered."""
        return self._rows(select(ArrivalRow.__table__).order_by(ArrivalRow.id))

    def _rows(self, query: Any) -> Rows:
        engine = connect(self.url)
        try:
            migrate(engine)
            with reading(engine) as connection:
                return [dict(row._mapping) for row in connection.execute(query)]
        finally:
            engine.dispose()

    def archived(self) -> dict[Path, bytes]:
        """Every file of the archive that is not its day folder's own, hidden ones too."""
        own = ("SHA256SUMS", "ledger.jsonl", ".photo-factory")
        found = (p for p in self.paths.originals.rglob("*") if p.is_file() and p.name not in own)
        return {path: path.read_bytes() for path in found}

    def left(self) -> list[str]:
        """What stands in the inbox, by name."""
        return sorted(p.name for p in self.inbox.rglob("*") if p.is_symlink() or not p.is_dir())

    def check(self, *contents: bytes) -> None:
        """The archive holds exactly these contents, once; ledger and day folders agree with it."""
        archived = self.archived()
        assert sorted(map(sha256, archived.values())) == sorted(map(sha256, contents))
        rows = {self.paths.on_disk(row["final_path"]): row["file_hash"] for row in self.assets()}
        assert rows == {path: sha256(content) for path, content in archived.items()}
        self.check_sums()

    def check_sums(self) -> None:
        """`sha256sum -c` passes in every day folder and names every file in it."""
        for folder in {path.parent for path in self.archived()}:
            command = ["sha256sum", "-c", "--strict", "SHA256SUMS"]
            told = subprocess.run(command, cwd=folder, capture_output=True, check=False)
            assert told.returncode == 0, told.stdout + told.stderr
            own = {"SHA256SUMS", "ledger.jsonl"}
            files = [name for name in os.listdir(folder) if name not in own]
            assert told.stdout.count(b": OK\n") == len(files)
