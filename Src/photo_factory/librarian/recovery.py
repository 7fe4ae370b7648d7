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

from photo_factory.librarian import collision_handler, filing
from photo_factory.librarian.arrivals import Outcome
from photo_factory.librarian.free_names import give_free_names
from photo_factory.librarian.grouping import BatchGroups
from photo_factory.librarian.recorder import Recorder, kept_as
from photo_factory.librarian.records import Kept
from photo_factory.librarian.refiling import bring_together, finish_refiling, refile, tell_groups
from photo_factory.shared import manifest
from photo_factory.shared.errors import LedgerAway, NameTaken
from photo_factory.shared.files import fsync_file, fsync_folder, make_folder, set_aside
from photo_factory.shared.journal import Entry
from photo_factory.shared.paths import Paths
from photo_factory.shared.rows import Row

log = logging.getLogger(__name__)

T = TypeVar("T")

AT_ONCE = 200
"""Entries per transaction: a journal of any length is gone through in flat memory."""


def recover(recorder: Recorder) -> None:
    """Bring everything the journal speaks of to its end, as far as the ledger can be reached."""
    recorder.pending.clear()
    recorder.needs_recovery = True  # until the end: the journal may not be cleared before
    replaced: dict[UUID, UUID] = {}
    for folder in recorder.journal.folders():
        _remove_partials(recorder.paths.on_disk(folder))
    for portion in _portions(recorder.journal.entries()):
        placed = [entry for entry, is_placed in portion if is_placed or entry.moved_from]
        found = _found(
            [e for e, is_placed in portion if not is_placed and not e.moved_from], recorder
        )
        try:
            if recorder.pending or not recorder.records.may_be_back():
                raise LedgerAway("rows before these wait")
            _give_free_names(placed + found, recorder)
            _enter_in_manifests(placed + found, recorder)
            _record(placed + found, recorder, replaced)
        except (LedgerAway, NameTaken) as error:
            log.log(logging.WARNING if isinstance(error, NameTaken) else logging.DEBUG, "%s", error)
            _enter_in_manifests([e for e in found if not _is_listed(e, recorder.paths)], recorder)
            recorder.journal.placed([str(entry.row["id"]) for entry in found])
            recorder.pending |= {
                e.row["file_hash"]: _kept_now(e, recorder.paths) for e in placed + found
            }
    if not recorder.pending:
        _finish(recorder, replaced)


def _give_free_names(entries: Sequence[Entry], recorder: Recorder) -> None:
    filed = [entry for entry in entries if not entry.moved_from]
    give_free_names(filed, recorder.records, recorder.journal, recorder.paths)


def _is_listed(entry: Entry, paths: Paths) -> bool:
    """Whether the day folder gives the entry's name to another asset, which keeps its line."""
    final = paths.on_disk(entry.row["final_path"])
    return manifest.is_anothers(manifest.listed(final.parent), final.name, entry.row["file_hash"])


def _kept_now(entry: Entry, paths: Paths) -> Kept:
    """Where the bytes stand: of a move that was only journaled, still under the old name."""
    kept = kept_as(entry.row)
    if entry.moved_from is None:
        return kept
    new, old = paths.on_disk(kept.final_path), paths.on_disk(entry.moved_from)
    has_moved = os.path.lexists(new) and not os.path.lexists(old)
    if has_moved or collision_handler.holds(new, kept.file_hash):
        return kept
    return kept_as({**entry.row, "final_path": entry.moved_from})


def _finish(recorder: Recorder, replaced: dict[UUID, UUID]) -> None:
    try:
        for noted in _portions(recorder.journal.noted()):
            for row in noted:
                row["asset_id"] = replaced.get(row["asset_id"], row["asset_id"])
            recorder.records.record([], noted)
    except LedgerAway:
        return
    recorder.needs_recovery = False
    recorder.checkpoint()


def _portions(all_of_them: Iterable[T]) -> Iterator[list[T]]:
    source = iter(all_of_them)
    while portion := list(islice(source, AT_ONCE)):
        yield portion


def _found(entries: Sequence[Entry], recorder: Recorder) -> list[Entry]:
    """The entries whose bytes reached the archive; the others never left the inbox."""
    found = []
    for entry in entries:
        final = recorder.paths.on_disk(entry.row["final_path"])
        if collision_handler.holds(final, entry.row["file_hash"]):
            fsync_file(final)
            fsync_folder(final.parent)
            found.append(entry)
    return found


def _remove_partials(folder: Path) -> None:
    for partial in folder.glob(f".*{filing.PARTIAL}"):
        log.info("removing the unfinished copy %s; its original is in the inbox", partial)
        partial.unlink()


def _enter_in_manifests(entries: Sequence[Entry], recorder: Recorder) -> None:
    filed = [entry.row for entry in entries if not entry.moved_from]
    for folder in {recorder.paths.on_disk(row["final_path"]).parent for row in filed}:
        here = [row for row in filed if recorder.paths.on_disk(row["final_path"]).parent == folder]
        present = [
            row for row in here if os.path.lexists(recorder.paths.on_disk(row["final_path"]))
        ]
        if present:
            manifest.amend(folder, present=present)


def _record(entries: Sequence[Entry], recorder: Recorder, replaced: dict[UUID, UUID]) -> None:
    filed = [entry for entry in entries if not entry.moved_from]
    twins = recorder.records.record(filed)
    for entry in filed:
        kept = twins.get(entry.row["file_hash"])
        if kept:
            replaced[entry.row["id"]] = kept.asset_id
            _settle_twin(entry, kept, recorder)
    for entry in entries:
        if entry.moved_from:
            finish_refiling(entry.row, entry.moved_from, recorder.records, recorder.paths)
    _bring_together([entry.row for entry in filed if entry.row["id"] not in replaced], recorder)


def _settle_twin(entry: Entry, kept: Kept, recorder: Recorder) -> None:
    """Two copies of the same bytes were archived: keep the recorded one, proven or repaired."""
    paths = recorder.paths
    ours, theirs = paths.on_disk(entry.row["final_path"]), paths.on_disk(kept.final_path)
    reason = None
    if ours != theirs and os.path.lexists(ours):
        if not collision_handler.holds(theirs, kept.file_hash):
            reason = _repair(theirs, ours, kept, recorder)
        manifest.amend(ours.parent, absent=[entry.row["final_path"]])
        ours.unlink(missing_ok=True)
    if ours == theirs or reason:  # the folder speaks of the asset that the ledger has
        manifest.amend(theirs.parent, present=recorder.records.assets([kept.asset_id]))
    if entry.arrival:
        outcome = Outcome("duplicate", reason, kept.asset_id)
        recorder.records.record([], [{**entry.arrival, **_as_columns(outcome)}])


def _repair(theirs: Path, ours: Path, kept: Kept, recorder: Recorder) -> str | None:
    if not collision_handler.holds(ours, kept.file_hash):
        log.error("neither %s nor its copy %s is whole: the copy is set aside", theirs, ours)
        set_aside(ours, recorder.paths.quarantine)
        return None
    make_folder(theirs.parent)
    aside = set_aside(theirs, recorder.paths.quarantine)
    filing.reveal(ours, theirs)
    fsync_folder(theirs.parent)
    what = f"was damaged (set aside as {aside.name})" if aside else "was missing"
    log.warning("%s %s and was repaired", theirs, what)
    return f"the archive's copy {what} and was repaired from this file"


def _as_columns(outcome: Outcome) -> Row:
    return {"state": outcome.state, "reason": outcome.reason, "asset_id": outcome.asset_id}


def _bring_together(rows: Sequence[Row], recorder: Recorder) -> None:
    """Group what was filed while the ledger could not say what belongs together."""
    paths, records, journal = recorder.paths, recorder.records, recorder.journal
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
