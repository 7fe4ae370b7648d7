"""Names that are free for a newcomer: on the disk, in the ledger and in the day folder's list.

An asset whose file is missing keeps its name. Only its row and its line say what was there, and
by these it is found and repaired.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from photo_factory.librarian import collision_handler
from photo_factory.librarian.filing import reveal
from photo_factory.librarian.records import Records
from photo_factory.shared import manifest
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.files import fsync_file, fsync_folder
from photo_factory.shared.journal import Entry, Journal
from photo_factory.shared.paths import Paths
from photo_factory.shared.rows import Row

log = logging.getLogger(__name__)


class FreeNames:
    """Chooses names for a batch, none of them twice.

    While the ledger is away the day folders' lists alone tell of missing files; where they too
    are lost, recovery gives the newcomer another name.
    """

    def __init__(self, records: Records, paths: Paths, chosen: Iterable[Path] = ()) -> None:
        self._records, self._paths = records, paths
        self._chosen = set(chosen)
        self._asked: dict[Path, bool] = {}
        self._listed: dict[Path, Mapping[bytes, bytes]] = {}

    def ask(self, wanted: Sequence[tuple[Path, str]]) -> None:
        """Ask the ledger about many first choices at once, each a folder and a name."""
        self._ask({folder / next(_candidates(name)) for folder, name in wanted})

    def choose(self, folder: Path, name: str, file_hash: str, size: int) -> tuple[Path, bool]:
        """The first name that is free, or that holds these very bytes already (then True)."""

        def is_ours(path: Path) -> bool:
            if not path.is_file() or path.stat().st_size != size:
                return False
            # Whose it is while the ledger is away shows when the journal is replayed.
            return collision_handler.holds(path, file_hash) and not self._has_asset(path)

        found = collision_handler.free_path(folder, name, self.taken(file_hash), is_ours)
        self._chosen.add(found[0])
        return found

    def taken(self, file_hash: str) -> Container[Path]:
        """The names that are given away, and not to these bytes."""
        return _Taken(self, file_hash)

    def is_taken(self, path: Path, file_hash: str) -> bool:
        """Whether a name is given away, as far as that does not show on the disk."""
        if path in self._chosen:
            return True
        if path.parent not in self._listed:
            self._listed[path.parent] = manifest.listed(path.parent)
        if manifest.is_anothers(self._listed[path.parent], path.name, file_hash):
            return True
        return not os.path.lexists(path) and self._has_asset(path)

    def _has_asset(self, path: Path) -> bool:
        if path not in self._asked:
            self._ask({path})
        return self._asked[path]

    def _ask(self, names: Collection[Path]) -> None:
        asked = {self._paths.in_ledger(path): path for path in names}
        try:
            held = self._records.holders(asked)
        except LedgerAway:
            held = {}
        self._asked |= {path: final_path in held for final_path, path in asked.items()}


@dataclass(frozen=True)
class _Taken:
    """The names that are not free for some bytes."""

    names: FreeNames
    file_hash: str

    def __contains__(self, path: object) -> bool:
        return isinstance(path, Path) and self.names.is_taken(path, self.file_hash)


def _candidates(name: str) -> Iterator[str]:
    return collision_handler.names(collision_handler.archive_name(name))


def give_free_names(
    entries: Sequence[Entry], records: Records, journal: Journal, paths: Paths
) -> None:
    """Give journaled files that stand under another asset's name one of their own.

    The other's line in the day folder is set right, and the journal learns the new names, which
    the entries' rows have from then on. LedgerAway; OSError leaves the rest for the next replay.
    """
    claimed = [paths.on_disk(entry.row["final_path"]) for entry in entries]
    names = FreeNames(records, paths, claimed)
    for entry, holder in _contested(entries, records):
        named = entry.row["final_path"]
        manifest.amend(paths.on_disk(named).parent, present=[holder])
        entry.row["final_path"] = paths.in_ledger(_brought(entry.row, paths.on_disk(named), names))
        journal.intend([entry])
        log.warning("%s is another asset's: a newer file is %s", named, entry.row["final_path"])


def _contested(entries: Sequence[Entry], records: Records) -> Iterator[tuple[Entry, Row]]:
    """Entries whose name another asset has, in the ledger or earlier in the journal; its row."""
    known = records.known([entry.row["file_hash"] for entry in entries])
    kept = {file_hash: one.asset_id for file_hash, one in known.items()}
    holders = records.holders([entry.row["final_path"] for entry in entries])
    claims: dict[str, Row] = {}
    for entry in entries:
        row, own = entry.row, kept.get(entry.row["file_hash"])
        if own == row["id"]:
            continue  # recorded before, and perhaps moved on since
        holder = holders.get(row["final_path"])
        if holder is None:
            claim = claims.setdefault(row["final_path"], row)
            if claim["file_hash"] != row["file_hash"]:
                yield entry, claim
        elif holder != own and (held := records.asset(holder)):
            yield entry, held


def _brought(row: Row, old: Path, names: FreeNames) -> Path:
    """The free name under which the row's bytes stand durably now, and no more under the old.

    The same name is found again after a crash, before the journal has it: it holds the bytes.
    """
    new, stands = names.choose(old.parent, old.name, row["file_hash"], row["size_bytes"])
    is_old = collision_handler.holds(old, row["file_hash"])
    if is_old and not stands:
        reveal(old, new)
    if is_old or stands:
        fsync_file(new)
        fsync_folder(new.parent)
    if is_old:
        old.unlink(missing_ok=True)  # where there are no links, it was renamed
        fsync_folder(old.parent)
    return new
