"""Re-filing: an archived sidecar follows the photo that came after it to the photo's day."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from photo_factory.librarian import collision_handler
from photo_factory.librarian.filing import reveal
from photo_factory.librarian.grouping import follow_day
from photo_factory.librarian.groups import Newcomer
from photo_factory.librarian.records import Mate, Records
from photo_factory.shared import manifest
from photo_factory.shared.errors import Held
from photo_factory.shared.files import fsync_folder, make_folder
from photo_factory.shared.journal import Entry, Journal
from photo_factory.shared.paths import Paths
from photo_factory.shared.rows import Row

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


def refile(
    row: Row,
    folder: Path,
    records: Records,
    journal: Journal,
    paths: Paths,
    *,
    name: str | None = None,
) -> None:
    """Give an asset another day folder: the new name first, then its row, then the old name.

    One whose file is missing stays where it is. OSError leaves the asset under its old name.
    """
    old = paths.on_disk(row["final_path"])
    moved_from = row["final_path"]
    if old.parent != folder:
        if not os.path.lexists(old):
            log.warning("%s is missing and stays where it was", moved_from)
            return
        make_folder(folder)
        wanted, taken = name or old.name, _Taken(records, paths, moved_from)
        new, _ = collision_handler.free_path(folder, wanted, taken, lambda path: _same(path, old))
        row["final_path"] = paths.in_ledger(new)
        journal.intend([Entry(row, moved_from=moved_from)])
    try:
        finish_refiling(row, moved_from, records, paths)
    except (OSError, Held):
        _take_back(row, moved_from, records, paths)
        raise


class _Taken:
    """The names that assets of the ledger have, also those whose file is missing just now."""

    def __init__(self, records: Records, paths: Paths, own: str) -> None:
        self._records, self._paths, self._own = records, paths, own

    def __contains__(self, path: object) -> bool:
        named = self._paths.in_ledger(str(path))
        return named != self._own and self._records.has_final_path(named)


def _take_back(row: Row, moved_from: str, records: Records, paths: Paths) -> None:
    """Of a move that failed, the new name goes, unless the ledger knows the asset by it."""
    old, new = paths.on_disk(moved_from), paths.on_disk(row["final_path"])
    if new == old or not _same(new, old) or records.holder(row["final_path"]) is not None:
        return
    manifest.amend(new.parent, absent=[row["final_path"]])
    new.unlink()


def finish_refiling(row: Row, moved_from: str, records: Records, paths: Paths) -> None:
    """Bring a journaled re-filing to its end, from wherever a crash left it."""
    now = records.asset(row["id"])
    if now and now["final_path"] not in (moved_from, row["final_path"]):
        return  # it moved on since: what stands under these names now is not ours to touch
    old, new = paths.on_disk(moved_from), paths.on_disk(row["final_path"])
    if not os.path.lexists(new) and not os.path.lexists(old):
        log.error("%s is missing and cannot be re-filed", old)
        return
    if records.holder(row["final_path"]) not in (None, row["id"]):
        # Another asset has that name, though perhaps no file: its proof is not overwritten.
        log.error("%s is not re-filed: another asset is %s", moved_from, row["final_path"])
        if new != old and _same(new, old):
            new.unlink()
        return
    if new != old and not os.path.lexists(new):
        reveal(old, new)
        fsync_folder(new.parent)
    manifest.amend(new.parent, present=[row])
    records.moved(row)
    if new != old and old.parent.is_dir() and not _is_taken(old, new, row["file_hash"]):
        manifest.amend(old.parent, absent=[moved_from])
        old.unlink(missing_ok=True)
        manifest.remove_if_empty(old.parent)
        log.info("%s is re-filed as %s", moved_from, row["final_path"])


def _is_taken(old: Path, new: Path, file_hash: str) -> bool:
    """Whether the old name was given to a newcomer since: not where it is a second copy."""
    if not os.path.lexists(old) or _same(new, old):
        return False
    return not all(collision_handler.holds(path, file_hash) for path in (old, new))


def _same(one: Path, other: Path) -> bool:
    """Whether two names are of one file; False where one of them is missing."""
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except FileNotFoundError:
        return False
