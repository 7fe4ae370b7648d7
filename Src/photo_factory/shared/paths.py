"""Where everything stands on disk; the only place that joins paths of the house."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from photo_factory.shared.errors import SettingsError
from photo_factory.shared.settings import Settings

LEDGER_PREFIX = "Storage/"
"""What every path in the ledger begins with, wherever the storage stands on this machine."""


@dataclass(frozen=True)
class Paths:
    """The folders of one factory, all absolute."""

    inbox: Path
    storage: Path

    @classmethod
    def of(cls, settings: Settings) -> Paths:
        """The settings' folders; SettingsError when inbox and storage overlap."""
        inbox, storage = settings.inbox, settings.storage
        for inner, outer in ((inbox, storage), (storage, inbox)):
            if inner.resolve().is_relative_to(outer.resolve()):
                raise SettingsError(
                    f"the inbox {inbox} and the storage {storage} overlap: the archive would be "
                    "read as new photos. Set PHOTO_FACTORY_INBOX or PHOTO_FACTORY_STORAGE apart"
                )
        return cls(inbox, storage)

    @property
    def originals(self) -> Path:
        """The archive: one folder a year, in it one a day."""
        return self.storage / "Originals"

    @property
    def quarantine(self) -> Path:
        """Damaged archive copies that were replaced; never emptied by the program."""
        return self.storage / "Quarantine"

    @property
    def derivatives(self) -> Path:
        """What can be made again from the originals."""
        return self.storage / "Derivatives"

    @property
    def thumbnails(self) -> Path:
        """The small pictures, in folders named by the first two digits of the hash."""
        return self.derivatives / "thumbnails"

    def thumbnail(self, file_hash: str, size: int, extension: str) -> Path:
        """The small picture of an original; `extension` is without its dot."""
        return self.thumbnails / file_hash[:2] / f"{file_hash}_{size}.{extension}"

    @property
    def journal(self) -> Path:
        """The Librarian's own folder: its journal and its lock."""
        return self.storage / "Journal"

    @property
    def monitor(self) -> Path:
        """The service-monitor's own folder: what it knows while the ledger is away."""
        return self.storage / "Monitor"

    @property
    def services(self) -> Path:
        """The supervisor's folder: which processes run, their logs, what should be stopped."""
        return self.storage / "Services"

    @property
    def embedded_ledger(self) -> Path:
        """The SQLite ledger of a factory without a database server."""
        return self.storage / "ledger.sqlite3"

    def day_folder(self, day: str) -> Path:
        """The archive folder of a day given as YYYY-MM-DD."""
        return self.originals / day[:4] / day

    def in_ledger(self, path: str | Path) -> str:
        """The path as the ledger keeps it, so that the archive can move as a whole."""
        below = os.fspath(path).removeprefix(f"{self.storage}/")
        if below.startswith("/"):
            raise ValueError(f"{path} is not below the storage {self.storage}")
        return LEDGER_PREFIX + below

    def on_disk(self, ledger_path: str) -> Path:
        """Where a ledger path stands on this machine."""
        return self.storage / ledger_path.removeprefix(LEDGER_PREFIX)


def database_url(settings: Settings) -> str:
    """DATABASE_URL, else the embedded ledger inside the storage."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{Paths.of(settings).embedded_ledger}"
