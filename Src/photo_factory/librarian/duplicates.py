"""The duplicate rule: the arriving file goes only when the kept copy is proven whole."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from photo_factory.librarian import collision_handler
from photo_factory.librarian.batch import Item
from photo_factory.librarian.records import Kept
from photo_factory.shared.files import fsync_folder, make_folder, set_aside, sha256_of
from photo_factory.shared.paths import Paths

log = logging.getLogger(__name__)


def settle_duplicate(
    item: Item, kept: Kept, paths: Paths, bring: Callable[[Item, Path], None]
) -> str | None:
    """Prove the kept copy, or repair it from the arriving file; says what was repaired."""
    path = paths.on_disk(kept.final_path)
    if _is_same_file(item, path):
        item.final, item.placed = path, True  # a late writer must not reach the archive's inode
        return None
    if collision_handler.holds(path, item.file_hash, read=sha256_of):
        return None
    make_folder(path.parent)
    aside = set_aside(path, paths.quarantine)
    bring(item, path)
    fsync_folder(path.parent)
    what = f"was damaged (set aside as {aside.name})" if aside else "was missing"
    log.warning("%s %s and was repaired from %s", kept.final_path, what, item.arrival.path)
    return f"the archive's copy {what} and was repaired from this file"


def _is_same_file(item: Item, path: Path) -> bool:
    """Whether the archive's name is one more name of the arriving file itself."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(item.descriptor))
    except FileNotFoundError:
        return False
