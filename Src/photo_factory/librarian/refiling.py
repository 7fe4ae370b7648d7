"""Re-filing: an archived sidecar follows the photo that came after it to the photo's day."""

from __future__ import annotations

import errno
import logging
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from photo_factory.librarian import collision_handler
from photo_factory.librarian.filing import reveal
from photo_factory.librarian.free_names import FreeNames
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


class NotTakenBack(OSError):
    """A move failed and could not be undone: only the journal knows of it, and has to stay."""


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

    One whose file is missing stays where it is. OSError leaves the asset under the name that the
    ledger has; NotTakenBack does not.
    """
    old = paths.on_disk(row["final_path"])
    moved_from = row["final_path"]
    before = _status(old)
    if old.parent != folder:
        if before is None:
            log.warning("%s is missing and stays where it was", moved_from)
            return
        make_folder(folder)
        taken = FreeNames(records, paths).taken(row["file_hash"])
        new, _ = collision_handler.free_path(
            folder, name or old.name, taken, lambda path: _same(path, old)
        )
        row["final_path"] = paths.in_ledger(new)
        journal.intend([Entry(row, moved_from=moved_from)])
    try:
        if old.parent != folder:
            _expect_writable(old.parent)
        finish_refiling(row, moved_from, records, paths)
    except (OSError, Held):
        with _stuck():
            _take_back(row, moved_from, before, records, paths)
        raise


@contextmanager
def _stuck() -> Iterator[None]:
    try:
        yield
    except (OSError, Held) as error:
        told = NotTakenBack(*error.args)
        told.filename = getattr(error, "filename", None)
        raise told from error


def _expect_writable(folder: Path) -> None:
    """The old name goes last: where it could not go, the move is not begun."""
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def _take_back(
    row: Row, moved_from: str, before: os.stat_result | None, records: Records, paths: Paths
) -> None:
    """Of a move that failed, the new name goes, unless the ledger knows the asset by it.

    Where there are no hard links the old name is gone already, and comes back first.
    """
    old, new = paths.on_disk(moved_from), paths.on_disk(row["final_path"])
    if new == old or records.holder(row["final_path"]) is not None:
        return
    if not os.path.lexists(old) and _is_ours(new, before, row["file_hash"]):
        reveal(new, old)
        fsync_folder(old.parent)
    elif not _same(new, old):
        return
    # Before the lists, which may be what cannot be written.
    new.unlink(missing_ok=True)
    fsync_folder(new.parent)
    _unsay(row, new.parent)


def _is_ours(new: Path, before: os.stat_result | None, file_hash: str) -> bool:
    """Whether a name is the asset's file; a damaged one is known by what it was before."""
    now = _status(new)
    if now and before and os.path.samestat(now, before):
        return True
    return now is not None and collision_handler.holds(new, file_hash)


def _unsay(row: Row, folder: Path) -> None:
    """Take an asset out of the lists of a folder, which goes if nothing else is in it."""
    if _is_said(row, folder):
        manifest.amend(folder, absent=[row["final_path"]])
        manifest.remove_if_empty(folder)
    with suppress(OSError):  # no lists were made, or others stand there
        folder.rmdir()


def _is_said(row: Row, folder: Path) -> bool:
    """Whether one of the lists speaks of it: a write that failed may have reached the first."""
    if any(one["final_path"] == row["final_path"] for one in manifest.read(folder)):
        return True
    line = manifest.sums_line(row["file_hash"], Path(row["final_path"]).name)
    try:
        return line.encode() in (folder / manifest.SUMS).read_bytes()
    except FileNotFoundError:
        return False


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
        make_folder(new.parent)  # another move of this journal may have emptied it
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
    first, second = _status(one), _status(other)
    return first is not None and second is not None and os.path.samestat(first, second)


def _status(path: Path) -> os.stat_result | None:
    """What the file system says of a name; None where there is none."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None
