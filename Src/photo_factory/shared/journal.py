"""The journal: what filing is about to do, durable before it does it.

Each entry carries the complete ledger row, so the journal is also where rows wait while the
database is away. Everything that reads it may be done twice: an entry stays until its row is in
the ledger, its day folder says so durably, and the inbox entry is gone.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photo_factory.shared import rows
from photo_factory.shared.files import fsync_folder, make_folder, naming
from photo_factory.shared.rows import Row

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """An intent: the row to be, and the arrival it is made of (None in a re-filing)."""

    row: Row
    arrival: Row | None = None
    moved_from: str | None = None
    """The final path a re-filed asset had before; its old name goes when the row says so."""


class Journal:
    """An append-only file of JSON lines; one Librarian at a time holds it."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._path = folder / "filing.jsonl"
        self._file = self._path.open("ab", buffering=0)
        fsync_folder(folder)
        if not self._ends_whole():
            self._file.write(b"\n")  # else the next line would be torn together with the last one
        self._good_length = self._file.tell()
        self._lock = threading.Lock()

    def _ends_whole(self) -> bool:
        with self._path.open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(length - 1, 0))
            return file.read() in (b"", b"\n")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is under way or waiting."""
        return self._good_length == 0

    def intend(self, entries: Sequence[Entry]) -> None:
        """Write intents; when this returns they survive a power cut."""
        self._append([_entry_line(entry) for entry in entries])

    def placed(self, ids: Collection[str]) -> None:
        """Promise durably that these rows' files stand whole under their final names."""
        if ids:
            self._append([{"placed": list(ids)}])

    def work_in(self, folder: str) -> None:
        """Say durably that an unfinished file may lie in a folder where no intent leads."""
        with self._lock:  # repairs are done in threads
            self._append([{"folder": folder}])

    def folders(self) -> set[str]:
        """Every folder in which a crash may have left something unfinished."""
        found = set()
        for line in self._lines():
            if "folder" in line:
                found.add(line["folder"])
            if "row" in line:
                paths = (line["row"]["final_path"], line.get("moved_from"))
                found |= {os.path.dirname(path) for path in paths if path}
        return found

    def note(self, arrivals: Sequence[Row]) -> None:
        """Keep the end states of arrivals that leave the inbox while the database is away."""
        if arrivals:
            self._append([{"noted": row} for row in arrivals])

    def entries(self) -> Iterator[tuple[Entry, bool]]:
        """Every intent in order, and whether its file is known to be placed.

        Where the chosen name was taken by another meanwhile, only the last intent counts.
        """
        placed: set[str] = set()
        last: dict[str, int] = {}
        for number, line in enumerate(self._lines()):
            placed.update(line.get("placed", ()))
            if _is_filing(line):
                last[line["row"]["id"]] = number
        for number, line in enumerate(self._lines()):
            if "row" in line:
                row_id = line["row"]["id"]
                if not _is_filing(line) or last[row_id] == number:
                    yield _entry(line), row_id in placed

    def noted(self) -> Iterator[Row]:
        """The end states that wait for the database, in order."""
        return (rows.typed(line["noted"]) for line in self._lines() if "noted" in line)

    def clear(self) -> None:
        """Forget everything: it is all in the ledger and in the day folders."""
        with naming(self._path):
            os.ftruncate(self._file.fileno(), 0)
            os.fsync(self._file.fileno())
        self._good_length = 0

    def _append(self, lines: Sequence[dict[str, Any]]) -> None:
        text = b"".join(rows.to_json(line).encode() + b"\n" for line in lines)
        try:
            with naming(self._path):
                written = 0
                while written < len(text):
                    written += self._file.write(text[written:]) or 0
                os.fsync(self._file.fileno())
        except OSError:
            # A half-written line must not stand before the next one. Should cutting it off fail
            # too, the reader still passes over it.
            os.ftruncate(self._file.fileno(), self._good_length)
            raise
        self._good_length += len(text)

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                try:
                    yield json.loads(text)
                except ValueError:
                    # Torn by a crash while it was written, so nothing was done in its name.
                    log.warning("journal line %d is torn and passed over", number)


def _is_filing(line: dict[str, Any]) -> bool:
    return "row" in line and not line.get("moved_from")


def _entry_line(entry: Entry) -> dict[str, Any]:
    return {"row": entry.row, "arrival": entry.arrival, "moved_from": entry.moved_from}


def _entry(line: dict[str, Any]) -> Entry:
    arrival = line["arrival"] and rows.typed(line["arrival"])
    return Entry(rows.typed(line["row"]), arrival, line["moved_from"])
