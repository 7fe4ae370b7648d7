"""Going through the journal: after a crash, after a refused write, and when the ledger is back.

Every step may be done twice. The inbox is not touched here: what is in the ledger by the end is
met again in the next listing, where the duplicate rule lets it go.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from photo_factory.librarian import collision_handler, filing, manifest
from photo_factory.librarian.arrivals import Outcome
from photo_factory.librarian.filer import Filer
from photo_factory.librarian.grouping import BatchGroups
from photo_factory.librarian.journal import Entry
from photo_factory.librarian.records import Kept
from photo_factory.librarian.refiling import bring_together, finish_refiling, refile, tell_groups
from photo_factory.librarian.rows import Row
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.files import fsync_file, fsync_folder, make_folder

log = logging.getLogger(__name__)

T = TypeVar("T")

AT_ONCE = 200
"""Entries per transaction: a journal of any length is gone through in flat memory."""


def recover(filer: Filer) -> None:
    """Bring everything the journal speaks of to its end, as far as the ledger can be reached."""
    filer.pending.clear()
    filer.needs_recovery = True  # until the end: the journal may not be cleared before
    replaced: dict[UUID, UUID] = {}
    for folder in filer.journal.folders():
        _remove_partials(filer.paths.on_disk(folder))
    for portion in _portions(filer.journal.entries()):
        placed = [entry for entry, is_placed in portion if is_placed or entry.moved_from]
        found = _found([e for e, is_placed in portion if not is_placed and not e.moved_from], filer)
        try:
            if filer.pending or not filer.records.may_be_back():
                raise LedgerAway("rows before these wait")
            _enter_in_manifests(placed + found, filer)
            _record(placed + found, filer, replaced)
        except LedgerAway:
            _enter_in_manifests(found, filer)
            filer.journal.placed([str(entry.row["id"]) for entry in found])
            filer.pending |= {e.row["file_hash"]: _kept(e.row) for e in placed + found}
    if not filer.pending:
        _finish(filer, replaced)


def _kept(row: Row) -> Kept:
    return Kept(row["id"], row["file_hash"], row["final_path"])


def _finish(filer: Filer, replaced: dict[UUID, UUID]) -> None:
    try:
        for noted in _portions(filer.journal.noted()):
            for row in noted:
                row["asset_id"] = replaced.get(row["asset_id"], row["asset_id"])
            filer.records.record([], noted)
    except LedgerAway:
        return
    filer.needs_recovery = False
    filer.checkpoint()


def _portions(all_of_them: Iterable[T]) -> Iterator[list[T]]:
    source = iter(all_of_them)
    while portion := list(islice(source, AT_ONCE)):
        yield portion


def _found(entries: Sequence[Entry], filer: Filer) -> list[Entry]:
    """The entries whose bytes reached the archive; the others never left the inbox."""
    found = []
    for entry in entries:
        final = filer.paths.on_disk(entry.row["final_path"])
        if collision_handler.holds(final, entry.row["file_hash"]):
            fsync_file(final)
            fsync_folder(final.parent)
            found.append(entry)
    return found


def _remove_partials(folder: Path) -> None:
    for partial in folder.glob(f".*{filing.PARTIAL}"):
        log.info("removing the unfinished copy %s; its original is in the inbox", partial)
        partial.unlink()


def _enter_in_manifests(entries: Sequence[Entry], filer: Filer) -> None:
    filed = [entry.row for entry in entries if not entry.moved_from]
    for folder in {filer.paths.on_disk(row["final_path"]).parent for row in filed}:
        here = [row for row in filed if filer.paths.on_disk(row["final_path"]).parent == folder]
        present = [row for row in here if os.path.lexists(filer.paths.on_disk(row["final_path"]))]
        if present:
            manifest.amend(folder, present=present)


def _record(entries: Sequence[Entry], filer: Filer, replaced: dict[UUID, UUID]) -> None:
    filed = [entry for entry in entries if not entry.moved_from]
    twins = filer.records.record(filed)
    for entry in filed:
        kept = twins.get(entry.row["file_hash"])
        if kept:
            replaced[entry.row["id"]] = kept.asset_id
            _settle_twin(entry, kept, filer)
    for entry in entries:
        if entry.moved_from:
            finish_refiling(entry.row, entry.moved_from, filer.records, filer.paths)
    _bring_together([entry.row for entry in filed if entry.row["id"] not in replaced], filer)


def _settle_twin(entry: Entry, kept: Kept, filer: Filer) -> None:
    """Two copies of the same bytes were archived: keep the recorded one, proven or repaired."""
    paths = filer.paths
    ours, theirs = paths.on_disk(entry.row["final_path"]), paths.on_disk(kept.final_path)
    reason = None
    if ours != theirs and os.path.lexists(ours):
        if not collision_handler.holds(theirs, kept.file_hash):
            reason = _repair(theirs, ours, kept, filer)
        manifest.amend(ours.parent, absent=[entry.row["final_path"]])
        ours.unlink(missing_ok=True)
    if ours == theirs or reason:  # the folder speaks of the asset that the ledger has
        manifest.amend(theirs.parent, present=filer.records.assets([kept.asset_id]))
    if entry.arrival:
        outcome = Outcome("duplicate", reason, kept.asset_id)
        filer.records.record([], [{**entry.arrival, **_as_columns(outcome)}])


def _repair(theirs: Path, ours: Path, kept: Kept, filer: Filer) -> str | None:
    if not collision_handler.holds(ours, kept.file_hash):
        log.error("neither %s nor its copy %s is whole: the copy is set aside", theirs, ours)
        collision_handler.set_aside(ours, filer.paths.quarantine)
        return None
    make_folder(theirs.parent)
    aside = collision_handler.set_aside(theirs, filer.paths.quarantine)
    filing.reveal(ours, theirs)
    fsync_folder(theirs.parent)
    what = f"was damaged (set aside as {aside.name})" if aside else "was missing"
    log.warning("%s %s and was repaired", theirs, what)
    return f"the archive's copy {what} and was repaired from this file"


def _as_columns(outcome: Outcome) -> Row:
    return {"state": outcome.state, "reason": outcome.reason, "asset_id": outcome.asset_id}


def _bring_together(rows: Sequence[Row], filer: Filer) -> None:
    """Group what was filed while the ledger could not say what belongs together."""
    paths, records, journal = filer.paths, filer.records, filer.journal
    # As the ledger has them: an earlier replay may have brought them together already. One that
    # leads may still have to call the sidecar that came before it.
    current = records.assets([row["id"] for row in rows])
    alone = [row for row in current if row["group_id"] in (None, row["id"])]
    if not alone:
        return
    groups = BatchGroups.of_rows(records, alone)
    folders = groups.arrange(alone, paths)
    for row, folder in zip(alone, folders, strict=True):
        if row["group_id"] is not None:
            refile(row, folder, records, journal, paths)
    tell_groups(groups.grouping.joins, records, paths)
    records.record([], [], groups.grouping.joins)
    bring_together(groups.grouping.follow, records, journal, paths)
