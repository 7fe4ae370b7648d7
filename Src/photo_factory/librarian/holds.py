"""Holds: folders of the inbox that are not emptied, because that would delete photos on a phone.

Breakers in the ledger say which. Where a Syncthing is to be asked, a folder met for the first
time waits as well, until its doctor has looked: the service-monitor may not have run yet, and a
folder that was just accepted in Syncthing is dangerous by default. What is known is kept beside
the journal, so that neither a ledger that is away nor a restart makes the Librarian forget it.
Mode `keep` empties nothing, so nothing is held there.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from photo_factory.librarian.arrivals import Arrival, Outcome, printable
from photo_factory.librarian.batch import Batch
from photo_factory.librarian.records import Records
from photo_factory.shared import clock
from photo_factory.shared.breakers import inbox_breaker
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.files import replace_durably
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

WAITING = "waiting for Syncthing's doctor"
_WAITS = (
    f"{WAITING}, who has not looked at this folder yet: the service-monitor asks it, or "
    "`photo-factory syncthing doctor` at once"
)
_ASK_EVERY = 1.0
"""Seconds between two questions to the ledger."""


class Holds:
    """What the Librarian may not empty now, and what it knew last when the ledger is away."""

    def __init__(self, settings: Settings, paths: Paths, records: Records, *, keep: bool) -> None:
        self._keep = keep
        self._forgets = settings.inbox_mode == "keep"
        self._has_doctor = bool(settings.syncthing_url)
        self._overridden = settings.overridden_folders
        self._records = records
        self._memory = paths.journal / "holds.json"
        self._inbox = os.path.realpath(paths.inbox)
        self._loaded = False
        self._tripped: dict[str, str] = {}
        self._judged: set[str] = set()
        """Folders the doctor has looked at since they were met."""
        self._met: dict[str, datetime] = {}
        """Folders that wait for the doctor, and since when."""
        self._held: set[str] = set()
        self._ask_from = 0.0
        self._written = self._known()

    @property
    def waits(self) -> bool:
        """Whether some folder waits for the doctor."""
        return bool(self._met)

    def reason(self, arrival: Arrival) -> str | None:
        """Why this arrival may not leave the inbox now; None when it may."""
        folder = None if self._keep else self._folder_of(arrival)
        if folder is None:
            return None
        found = self._reason(folder)
        if found:
            self._held.add(folder)
        return found

    def lifted(self) -> bool:
        """Whether something that was held may be filed now; True once."""
        if not self._held:
            return False
        self.refresh()
        free = {folder for folder in self._held if not self._reason(folder)}
        self._held -= free
        return bool(free)

    def hold(self, batch: Batch) -> None:
        """End, with the newest that is known, what may not be emptied after all."""
        self.refresh()
        for item in batch.open_items():
            if reason := self.reason(item.arrival):
                item.end(Outcome("held", reason))
        self._write_down()

    def refresh(self) -> None:
        """Ask the ledger again, when it is time; what was known stays when it is away."""
        if self._keep and not self._forgets:
            return
        if not self._loaded:
            self._load()
        if not self._keep and time.monotonic() >= self._ask_from:
            self._ask()
            self._ask_from = time.monotonic() + _ASK_EVERY
            self._write_down()

    def _reason(self, folder: str) -> str | None:
        if self._overridden & {folder, "*"}:
            return None
        is_unknown = self._has_doctor and folder not in self._judged
        if is_unknown:
            self._met.setdefault(folder, clock.now())
        for name in (inbox_breaker(""), inbox_breaker(folder)):
            if name in self._tripped:
                return self._tripped[name]
        return _WAITS if is_unknown else None

    def _folder_of(self, arrival: Arrival) -> str | None:
        """The first folder below the inbox, empty in the inbox itself, None outside of it."""
        if not arrival.imported:
            return arrival.source_device or ""
        below = os.path.relpath(_real(arrival.folder), self._inbox)
        first = below.partition("/")[0]
        return {"..": None, ".": ""}.get(first, printable(first))

    def _ask(self) -> None:
        try:
            # In this order: the doctor trips breakers first, and says then that it has looked.
            details = self._records.measured("syncthing") if self._met or self._tripped else {}
            tripped = self._records.tripped()
        except LedgerAway as error:
            log.debug("%s", error)
            return
        if self._has_doctor and not details:  # a ledger made anew knows nothing yet
            tripped = self._tripped | tripped
        self._tripped = {name: why for name, why in tripped.items() if name.startswith("inbox/")}
        self._hear(details)

    def _hear(self, details: Mapping[str, Any]) -> None:
        """Let go what the doctor has looked at, for mode `move`, after it was met."""
        judged = details.get("judged") or {}
        if judged.get("mode") != "move":
            return
        at = datetime.fromisoformat(judged["at"])
        for folder in [folder for folder, since in list(self._met.items()) if since < at]:
            self._judged.add(folder)
            del self._met[folder]

    def _load(self) -> None:
        try:
            if self._forgets:  # in mode `keep` types that endanger nothing now are free to come
                self._memory.unlink(missing_ok=True)
            else:
                self._recall(json.loads(self._memory.read_bytes()))
        except FileNotFoundError:
            pass
        except OSError as error:
            log.debug("%s", error)
            return
        except (ValueError, KeyError, TypeError) as error:  # then all is asked again
            log.warning("%s cannot be read and is made again: %s", self._memory, error)
        self._loaded = True

    def _recall(self, known: Any) -> None:
        met = {folder: datetime.fromisoformat(since) for folder, since in known["met"].items()}
        self._tripped, self._judged = dict(known["tripped"]), set(known["judged"])
        self._met = met | self._met
        self._written = self._known()

    def _known(self) -> dict[str, Any]:
        met = {folder: since.isoformat() for folder, since in list(self._met.items())}
        return {"tripped": self._tripped, "judged": sorted(self._judged), "met": met}

    def _write_down(self) -> None:
        known = self._known()
        if known == self._written:
            return
        try:
            replace_durably(self._memory, json.dumps(known, indent=1).encode())
            self._written = known
        except OSError as error:  # this process knows it all the same
            log.warning("what is held cannot be written down: %s", error)


@lru_cache(maxsize=256)
def _real(folder: str) -> str:
    return os.path.realpath(folder)
