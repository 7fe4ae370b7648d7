"""Re-filing: an archived sidecar follows the photo that came after it to the photo's day."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from photo_factory.librarian import collision_handler, manifest
from photo_factory.librarian.filing import reveal
from photo_factory.librarian.grouping import follow_day
from photo_factory.librarian.groups import Newcomer
from photo_factory.librarian.journal import Entry, Journal
from photo_factory.librarian.records import Mate, Records
from photo_factory.librarian.rows import Row
from photo_factory.shared.files import fsync_folder, make_folder
from photo_factory.shared.paths import Paths

log = logging.getLogger(__name__)


def bring_together(
    follow: Sequence[tuple[Mate, Newcomer]], records: Records, journal: Journal, paths: Paths
) -> None:
    """Re-file sidecars beside the photos they belong to."""
    for sidecar, photo in follow:
        row = records.asset(sidecar.asset_id)
        leader = records.asset(photo.asset_id)
        if row and leader:
            follow_day(row, photo)
            row["group_id"] = leader["group_id"]
            refile(row, paths.on_disk(leader["final_path"]).parent, records, journal, paths)


def tell_groups(joins: Mapping[UUID, UUID], records: Records, paths: Paths) -> None:
    """Let the day folders of assets that are no longer alone know the group as well."""
    told: dict[Path, list[Row]] = defaultdict(list)
    for row in records.assets(list(joins)) if joins else ():
        row["group_id"] = joins[row["id"]]
        told[paths.on_disk(row["final_path"]).parent].append(row)
    for folder, rows in told.items():  # each folder is written once, however many joined in it
        manifest.amend(folder, present=rows)


def refile(row: Row, folder: Path, records: Records, journal: Journal, paths: Paths) -> None:
    """Give an asset another day folder: the new name first, then its row, then the old name."""
    old = paths.on_disk(row["final_path"])
    moved_from = row["final_path"]
    if old.parent != folder:
        make_folder(folder)
        new, _ = collision_handler.free_path(folder, old.name, (), lambda path: _same(path, old))
        row["final_path"] = paths.in_ledger(new)
        journal.intend([Entry(row, moved_from=moved_from)])
    finish_refiling(row, moved_from, records, paths)


def finish_refiling(row: Row, moved_from: str, records: Records, paths: Paths) -> None:
    """Bring a journaled re-filing to its end, from wherever a crash left it."""
    old, new = paths.on_disk(moved_from), paths.on_disk(row["final_path"])
    if new != old and not os.path.lexists(new):
        reveal(old, new)
        fsync_folder(new.parent)
    manifest.amend(new.parent, present=[row])
    records.moved(row)
    if new != old and old.parent.is_dir():
        manifest.amend(old.parent, absent=[moved_from])
        if os.path.lexists(old) and _same(new, old):
            old.unlink()
        manifest.remove_if_empty(old.parent)
        log.info("%s now stands beside its photo: %s", moved_from, row["final_path"])


def _same(one: Path, other: Path) -> bool:
    """Whether two names are of one file."""
    return os.path.samestat(os.lstat(one), os.lstat(other))
