"""What is told of one photo, on both databases."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from photo_factory.dashboard.queries.detail import Detail, detail
from photo_factory.shared.ledger.models import Arrival, BackupCopy, Correction, Finding
from tests.dashboard.ledgers import NOW, add, park, person, photos, place
from tests.shared.ledger.rows import an_arrival


def told(found: Detail | None) -> list[str]:
    """Its history in words."""
    assert found
    return [event.what for event in found.history]


def test_it_knows_nothing_of_strangers(engine: Engine) -> None:
    assert detail(engine, uuid.uuid4()) is None


def test_it_tells_the_way_from_arrival_to_backup(engine: Engine) -> None:
    def after(minutes: int) -> datetime:
        return NOW + timedelta(minutes=minutes)

    (one,) = photos(
        engine,
        {"ingested_at": after(1), "is_thumbnailed": True, "thumbnailed_at": after(3),
         "is_backed_up": True, "backed_up_at": after(5), "verified_at": after(60),
         "final_path": "Storage/Originals/x.jpg"},
    )  # fmt: skip
    add(engine, Arrival, an_arrival(
        asset_id=one, state="filed", first_seen_at=NOW, settled_at=after(1), removed_at=after(2),
        source_device="pixel-7", path="pixel-7/IMG_1.jpg"))  # fmt: skip
    add(engine, BackupCopy, {
        "asset_id": one, "target": "nas", "path": "x", "copied_at": after(4),
        "verified_at": after(5), "verified_how": "read back", "problem": None})  # fmt: skip
    assert told(detail(engine, one)) == [
        "seen in the inbox from pixel-7: pixel-7/IMG_1.jpg",
        f"filed as Storage/Originals/{one}.jpg",
        "taken out of the inbox",
        "small pictures made",
        "copied to nas",
        "backed up",
        "copy on nas verified (read back)",
        "read again and found right",
    ]


def test_it_tells_what_went_wrong(engine: Engine) -> None:
    (one,) = photos(engine, {"ingested_at": NOW - timedelta(days=1)})
    park(engine, one)
    add(engine, Finding, {"asset_id": one, "kind": "missing", "found_at": NOW, "message": "gone"})
    add(engine, BackupCopy, {
        "asset_id": one, "target": "nas", "path": "x", "copied_at": NOW, "verified_at": None,
        "verified_how": None, "problem": "it reads differently"})  # fmt: skip
    found = detail(engine, one)
    assert found
    trouble = [event.what for event in found.history if event.trouble]
    assert sorted(trouble) == [
        "copy on nas: it reads differently",
        "found missing: gone",
        "thumbnail gave up: it cannot be decoded",
    ]
    assert [run["stage"] for run in found.parked] == ["thumbnail"]


def test_it_tells_what_people_corrected(engine: Engine) -> None:
    (one,) = photos(engine, {})
    add(engine, Correction, {
        "asset_id": one, "asked_at": NOW, "asked_by": "anna", "captured_at": datetime(2001, 1, 1),
        "applied_at": NOW + timedelta(seconds=5)})  # fmt: skip
    add(engine, Correction, {
        "asset_id": one, "asked_at": NOW + timedelta(minutes=1), "asked_by": "ben",
        "captured_at": datetime(2002, 1, 1), "applied_at": NOW + timedelta(minutes=2),
        "problem": "the disk is full"})  # fmt: skip
    found = detail(engine, one)
    assert found
    assert [row["asked_by"] for row in found.corrections] == ["ben", "anna"]
    assert told(found)[-4:] == [
        "date corrected by anna", "re-filed", "date corrected by ben",
        "not re-filed: the disk is full",
    ]  # fmt: skip


def test_it_names_who_and_what_belongs_to_it(engine: Engine) -> None:
    group = uuid.uuid4()
    here = place(engine, "Frankfurt")
    one, film = photos(
        engine, {"group_id": group, "place_id": here}, {"group_id": group, "media_type": "video"}
    )
    person(engine, "Zoe", one)
    person(engine, "Anna", one, film)
    person(engine, "Nobody", one, is_face=False)
    found = detail(engine, one)
    assert found and found.place
    assert found.place["display"] == "Frankfurt, DE"
    assert [row["name"] for row in found.people] == ["Anna", "Zoe"]
    assert [row["id"] for row in found.neighbours] == [film]


def test_it_explains_every_source_of_a_date_there_is() -> None:
    from photo_factory.dashboard.app_pages.library_why import in_words
    from photo_factory.shared.corrections import SOURCE

    docs = (Path(__file__).parents[2] / "docs" / "DATES.md").read_text()
    assert "`sidecar:takeout`" in docs
    for source in ("exif:DateTimeOriginal", "quicktime:mvhd", "filename", "mtime", SOURCE):
        assert in_words(source) != source
    assert in_words("sidecar:xmp, exif:DateTimeOriginal") == in_words("sidecar:xmp")
    assert in_words("png:Creation Time") == "png:Creation Time"
