"""The ledger anew from the archive alone: from what each day folder says, else from the files."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from photo_factory.librarian.arrivals import Arrival
from photo_factory.librarian.batch import Item, batches, examine
from photo_factory.librarian.filing import PARTIAL
from photo_factory.librarian.metadata_extractor import MetadataExtractor, asset_row
from photo_factory.librarian.records import Records
from photo_factory.shared import manifest
from photo_factory.shared.files import sha256_from_disk
from photo_factory.shared.journal import Entry
from photo_factory.shared.paths import Paths
from photo_factory.shared.roots import MARKER
from photo_factory.shared.rows import Row

log = logging.getLogger(__name__)

AT_ONCE = 200


@dataclass
class Rebuilt:
    """How many rows were written from which source."""

    from_folders: int = 0
    from_files: int = 0


def rebuild(
    paths: Paths, records: Records, extractor: MetadataExtractor, told: Callable[[str], None]
) -> Rebuilt:
    """Write a row for every archived file that has none; rows that are there stay as they are."""
    rebuilt = Rebuilt()
    for folder in _day_folders(paths):
        told(str(folder))
        said = {row["final_path"]: row for row in manifest.read(folder)}
        files = {paths.in_ledger(path): path for path in _files(folder)}
        known = [row for final_path, row in said.items() if _is_true(row, files.get(final_path))]
        rebuilt.from_folders += _write(known, records)
        told_paths = {row["final_path"] for row in known}
        unsaid = [path for final_path, path in files.items() if final_path not in told_paths]
        rebuilt.from_files += _write(_described(unsaid, paths, extractor), records)
    return rebuilt


def _day_folders(paths: Paths) -> Iterator[Path]:
    for folder, folders, files in os.walk(paths.originals):
        folders.sort()
        if files:
            yield Path(folder)


def _files(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(
            Path(entry.path)
            for entry in entries
            if entry.is_file(follow_symlinks=False)
            and entry.name not in manifest.FILES
            and entry.name != MARKER
            and not entry.name.endswith(PARTIAL)  # what a crash left half done
        )


def _is_true(row: Row, path: Path | None) -> bool:
    """Whether the file a folder speaks of is there with these bytes."""
    return path is not None and sha256_from_disk(path) == row["file_hash"]


def _described(files: Iterable[Path], paths: Paths, extractor: MetadataExtractor) -> Iterator[Row]:
    """Rows for files their folder does not name, from their own bytes."""
    originals = str(paths.originals)
    arrivals = (Arrival.of(str(path), originals, path.lstat()) for path in files)
    for batch in batches(arrivals):
        for item in batch.items:
            examine(item, lambda _count: None)
        extractor.finish(extractor.start(list(batch.open_items()), {}))
        for item in batch.items:
            if item.facts and item.is_open:
                yield _row_in_place(item, paths)
            else:
                log.warning("%s gets no row: %s", item.arrival.path, item.outcome)
        batch.close()


def _row_in_place(item: Item, paths: Paths) -> Row:
    row = asset_row(item)
    row["final_path"] = paths.in_ledger(item.arrival.path)
    row["source_device"] = None
    return row


def _write(rows: Iterable[Row], records: Records) -> int:
    written = 0
    portion: list[Row] = []
    for row in rows:
        portion.append(row)
        if len(portion) == AT_ONCE:
            written += _write_portion(portion, records)
            portion = []
    return written + (_write_portion(portion, records) if portion else 0)


def _write_portion(rows: list[Row], records: Records) -> int:
    before = records.known([row["file_hash"] for row in rows])
    held = records.holders([row["final_path"] for row in rows])
    unknown = [row for row in rows if row["file_hash"] not in before]
    fresh = [row for row in unknown if row["final_path"] not in held]
    for row in unknown:
        if row["final_path"] in held:
            log.warning("%s gets no row: it is not what its asset was", row["final_path"])
    for row in fresh:
        row.setdefault("verified_at", row["ingested_at"])  # lines of before step 0002 have none
    records.record([Entry(row) for row in fresh])
    return len(fresh)
