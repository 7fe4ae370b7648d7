"""Letting inbox entries go whose end is durable, and keeping late writers off the archive."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from photo_factory.librarian import filing
from photo_factory.librarian.batch import Batch, Item
from photo_factory.librarian.filing import Bytes

log = logging.getLogger(__name__)


def release(batch: Batch) -> list[int]:
    """Remove the inbox entries of filed items and duplicates; fingerprints of those gone."""
    ended = [i for i in batch.items if i.outcome and i.outcome.state in ("filed", "duplicate")]
    return [item.arrival.fingerprint for item in ended if _release_one(item)]


def _release_one(item: Item) -> bool:
    try:
        is_gone = filing.take_away(item.arrival.path, item.descriptor, item.is_unchanged)
        _part_from_writer(item)
    except FileNotFoundError:
        return False  # its owner removed it first; the archive holds it
    except OSError as error:
        item.stays = True
        log.warning("filed, but it stays in the inbox: %s", filing.held(error))
        return False
    return is_gone


def _part_from_writer(item: Item) -> None:
    """Give the archive an inode of its own, and a writer that waits for this one its name.

    Asked after the name is gone, from when on no writer can come.
    """
    if item.final and item.placed and item.has_writer():
        with contextlib.suppress(FileExistsError):
            filing.reveal(item.final, Path(item.arrival.path))
        filing.unshare(bytes_of(item), item.final)


def bytes_of(item: Item) -> Bytes:
    """The item as filing takes it."""
    return Bytes(item.arrival.path, item.descriptor, item.file_hash)
