"""The ledger made anew from the archive alone: every row, and every column that can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from photo_factory.librarian.metadata_extractor import MetadataExtractor
from photo_factory.librarian.rebuild import Rebuilt, rebuild
from photo_factory.librarian.records import Records
from photo_factory.shared import manifest
from photo_factory.shared.ledger import database
from photo_factory.shared.rows import COLUMNS
from tests.factory import Factory, Row, photo
from tests.shared.media import made

LATER = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)

FROM_BYTES = (
    "file_hash", "final_path", "size_bytes", "media_type", "mime_type", "width", "height",
    "captured_at", "captured_at_source", "captured_at_confidence",
    "location", "is_ingested", "is_thumbnailed", "has_errors",
)  # fmt: skip
"""What a file itself can say, when nobody else can."""


@pytest.fixture
def household(embedded: Factory) -> Factory:
    """Several days, several kinds, a group that came together late, a sidecar that moved."""
    embedded.drop("a/IMG_1.jpg", photo("2023:12:25 12:34:56"))
    embedded.drop("a/IMG_2.jpg", photo("2024:05:01 08:00:00"))
    embedded.drop("a/IMG_3.aae", b"<?xml version='1.0'?><plist/>", at=LATER)
    embedded.drop("b/damaged.jpg", b"\xff\xd8\xff\xe0 not much of a picture", at=LATER)
    embedded.ingest()
    embedded.drop("a/IMG_1.xmp", made.xmp(tiff_Make="Canon"), at=LATER)
    embedded.drop("a/IMG_3.jpg", photo("2022:02:02 02:02:02"))
    embedded.drop("b/IMG_1.jpg", photo("2023:12:25 12:34:56"))
    assert embedded.ingest().filed == 3
    return embedded


def lose_the_ledger(factory: Factory) -> list[Row]:
    """Delete the SQLite file; what was in it."""
    before = factory.assets()
    factory.close()
    for path in factory.paths.storage.glob("ledger.sqlite3*"):
        path.unlink()
    return before


def rebuilt(factory: Factory) -> Rebuilt:
    extractor = MetadataExtractor(factory.settings())
    try:
        return rebuild(factory.paths, Records(factory.engine, 5), extractor, lambda _folder: None)
    finally:
        extractor.close()


def test_it_restores_every_column_from_the_day_folders(household: Factory) -> None:
    before = lose_the_ledger(household)
    found = rebuilt(household)
    assert (found.from_folders, found.from_files) == (len(before), 0)
    assert household.assets() == before
    assert household.verify().all_is_well


def test_day_folders_tell_all_that_the_librarian_writes(household: Factory) -> None:
    for ledger in household.paths.originals.rglob(manifest.LEDGER):
        for line in ledger.read_text().splitlines():
            assert sorted(json.loads(line)) == sorted(COLUMNS)


def test_it_reads_the_files_where_the_folders_say_nothing(household: Factory) -> None:
    before = {row["final_path"]: row for row in lose_the_ledger(household)}
    for path in household.paths.originals.rglob(manifest.LEDGER):
        path.unlink()
    found = rebuilt(household)
    assert (found.from_folders, found.from_files) == (0, len(before))
    for row in household.assets():
        if row["media_type"] != "sidecar":  # whose day is that of a photo
            old = before[row["final_path"]]
            assert {name: row[name] for name in FROM_BYTES} == {n: old[n] for n in FROM_BYTES}
    assert household.verify().all_is_well


def test_it_reads_the_file_whose_line_was_torn(household: Factory) -> None:
    before = lose_the_ledger(household)
    ledger = next(household.paths.originals.rglob("2024-05-01/ledger.jsonl"))
    ledger.write_bytes(ledger.read_bytes()[:-30])
    found = rebuilt(household)
    assert (found.from_folders, found.from_files) == (len(before) - 1, 1)
    assert household.verify().all_is_well


def _flip(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


@pytest.mark.parametrize("change", [Path.unlink, _flip])
def test_it_believes_no_folder_that_the_files_contradict(
    household: Factory, change: Callable[[Path], None]
) -> None:
    row = household.asset("IMG_2.jpg")
    before = lose_the_ledger(household)
    change(household.on_disk(row))
    rebuilt(household)
    hashes = {row["file_hash"] for row in household.assets()}
    assert row["file_hash"] not in hashes
    assert len(hashes) == len(before) - (change is Path.unlink)
    assert household.verify().all_is_well


def test_it_leaves_rows_alone_that_are_there(household: Factory) -> None:
    before = household.assets()
    with household.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE media_assets SET is_thumbnailed = TRUE")
    found = rebuilt(household)
    assert (found.from_folders, found.from_files) == (0, 0)
    assert household.assets() == [{**row, "is_thumbnailed": True} for row in before]


def test_it_takes_no_unfinished_copy_for_a_photo(household: Factory) -> None:
    before = lose_the_ledger(household)
    photo_path = household.on_disk(before[0])
    (photo_path.parent / ".0123.partial").write_bytes(photo_path.read_bytes())
    (photo_path.parent / manifest.LEDGER).unlink()
    rebuilt(household)
    assert {row["final_path"] for row in household.assets()} == {r["final_path"] for r in before}


def test_it_rebuilds_another_database_the_same_way(factory: Factory) -> None:
    for number in range(3):
        factory.drop(f"IMG_{number}.jpg")
    factory.ingest()
    before = factory.assets()
    with factory.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM arrivals")
        connection.exec_driver_sql("DELETE FROM media_assets")
    rebuilt(factory)
    assert factory.assets() == before


def test_it_files_into_a_rebuilt_ledger_as_into_the_old_one(household: Factory) -> None:
    copy = household.on_disk(household.asset("IMG_2.jpg")).read_bytes()
    lose_the_ledger(household)
    rebuilt(household)
    household.drop("c/copy.jpg", copy)
    household.drop("a/IMG_2.aae", b"<?xml version='1.0'?><plist>2</plist>", at=LATER)
    summary = household.ingest()
    assert (summary.duplicates, summary.filed) == (1, 1)
    assert household.asset("IMG_2.aae")["group_id"] == household.asset("IMG_2.jpg")["id"]


def test_it_makes_a_ledger_newly_where_there_was_none(tmp_path: Path, household: Factory) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'elsewhere' / 'new.sqlite3'}")
    extractor = MetadataExtractor(household.settings())
    found = rebuild(household.paths, Records(engine, 5), extractor, lambda _folder: None)
    extractor.close()
    engine.dispose()
    assert found.from_folders == len(household.assets())


def test_a_file_that_changed_stops_nobody_and_takes_no_row_away(embedded: Factory) -> None:
    """A rebuild into a ledger that knows the name already."""
    embedded.drop("a/IMG_1.jpg")
    embedded.ingest()
    asset = embedded.asset("IMG_1.jpg")
    embedded.on_disk(asset).write_bytes(photo())
    embedded.on_disk(asset).with_name("new.jpg").write_bytes(photo())
    assert rebuilt(embedded) == Rebuilt(from_folders=0, from_files=1)
    assert embedded.asset("IMG_1.jpg") == asset
