"""Corrections: a photo goes to the day a person says, with its group, and back."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from photo_factory.cli import app
from photo_factory.librarian import service
from photo_factory.librarian.metadata_extractor import MetadataExtractor
from photo_factory.librarian.rebuild import rebuild
from photo_factory.librarian.records import Records
from photo_factory.librarian.refiling import finish_refiling
from photo_factory.shared import clock, corrections, rows
from photo_factory.shared.errors import LedgerAway, PhotoFactoryError
from photo_factory.shared.journal import Entry, Journal
from tests.factory import Factory, Row, photo

RIGHT = datetime(2020, 6, 7, 8, 9, 10)
ALSO_KEPT = (
    "captured_at", "captured_utc_offset", "captured_at_source", "captured_at_confidence",
    "location", "evidence", "final_path",
)  # fmt: skip


def correct(factory: Factory, row: Row, **said: Any) -> int:
    with factory.engine.begin() as connection:
        return corrections.ask(connection, row["id"], "anna", **said)


def undo(factory: Factory, number: int) -> None:
    with factory.engine.begin() as connection:
        corrections.undo(connection, number, "anna")


def history(factory: Factory, row: Row) -> list[dict[str, Any]]:
    with factory.engine.begin() as connection:
        return corrections.history(connection, row["id"])


@pytest.fixture
def filed(embedded: Factory) -> Factory:
    embedded.drop("pixel/IMG_1.jpg")
    embedded.drop("pixel/IMG_1.xmp", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    embedded.ingest()
    return embedded


def test_it_re_files_a_photo_with_its_sidecar(filed: Factory) -> None:
    number = correct(
        filed, filed.asset("IMG_1.jpg"), captured_at=RIGHT, captured_utc_offset="+02:00"
    )
    filed.ingest()
    photo, sidecar = filed.asset("IMG_1.jpg"), filed.asset("IMG_1.xmp")
    assert photo["final_path"] == "Storage/Originals/2020/2020-06-07/IMG_1.jpg"
    assert (photo["captured_at"], photo["captured_utc_offset"]) == (RIGHT, "+02:00")
    assert (photo["captured_at_source"], photo["captured_at_confidence"]) == ("correction", 1)
    assert sidecar["final_path"] == "Storage/Originals/2020/2020-06-07/IMG_1.xmp"
    assert sidecar["captured_at"] == RIGHT
    chosen = [one for one in photo["evidence"]["dates"] if one["chosen"]]
    assert [one["source"] for one in chosen] == ["correction"]
    assert len(photo["evidence"]["dates"]) > 1
    assert history(filed, photo)[0]["id"] == number
    assert history(filed, photo)[0]["applied_at"] is not None
    assert not (filed.paths.originals / "2023").joinpath("2023-12-25").exists()
    assert filed.verify().all_is_well and filed.sums_hold()


def test_undo_brings_back_exactly_what_was(filed: Factory) -> None:
    before = {row["id"]: row for row in filed.assets()}
    number = correct(filed, filed.asset("IMG_1.jpg"), captured_at=RIGHT)
    filed.ingest()
    undo(filed, number)
    filed.ingest()
    for row in filed.assets():
        assert {n: row[n] for n in ALSO_KEPT} == {n: before[row["id"]][n] for n in ALSO_KEPT}
    assert filed.verify().all_is_well and filed.sums_hold()


def test_undo_finds_its_former_name_though_another_name_was_taken(filed: Factory) -> None:
    before = filed.asset("IMG_1.jpg")
    filed.drop("other/IMG_1.jpg", made_on("2020:06:07 01:02:03"))
    filed.ingest()
    number = correct(filed, before, captured_at=RIGHT)
    filed.ingest()
    moved = next(row for row in filed.assets() if row["id"] == before["id"])
    assert moved["final_path"].endswith("/2020-06-07/IMG_1_1.jpg")
    undo(filed, number)
    filed.ingest()
    back = next(row for row in filed.assets() if row["id"] == before["id"])
    assert back["final_path"] == before["final_path"]
    assert filed.verify().all_is_well and filed.sums_hold()


def made_on(taken: str) -> bytes:
    from tests.factory import photo

    return photo(taken)


def test_a_rebuild_from_the_disk_alone_keeps_it(filed: Factory) -> None:
    place = {"lat": 50.11, "lon": 8.68}
    asset = filed.asset("IMG_1.jpg")
    correct(filed, asset, captured_at=RIGHT)
    correct(filed, asset, location=place, changes_location=True)
    filed.ingest()
    before = {row["id"]: {name: row[name] for name in rows.COLUMNS} for row in filed.assets()}
    filed.close()
    for path in filed.paths.storage.glob("ledger.sqlite3*"):
        path.unlink()
    extractor = MetadataExtractor(filed.settings())
    try:
        rebuild(filed.paths, Records(filed.engine, 5), extractor, lambda _: None)
    finally:
        extractor.close()
    again = {row["id"]: {name: row[name] for name in rows.COLUMNS} for row in filed.assets()}
    assert again == before
    assert filed.asset("IMG_1.jpg")["location"] == place


def test_a_place_is_looked_up_again_and_the_file_stays(filed: Factory) -> None:
    before = filed.asset("IMG_1.jpg")
    with filed.engine.begin() as connection:
        connection.execute(text("UPDATE media_assets SET is_geocoded = TRUE, is_backed_up = TRUE"))
    number = correct(filed, before, location={"lat": -33.86, "lon": 151.2}, changes_location=True)
    filed.ingest()
    now = filed.asset("IMG_1.jpg")
    assert now["location"] == {"lat": -33.86, "lon": 151.2}
    assert not now["is_geocoded"] and not now["is_backed_up"]
    assert (now["final_path"], now["captured_at"]) == (before["final_path"], before["captured_at"])
    undo(filed, number)
    filed.ingest()
    assert filed.asset("IMG_1.jpg")["location"] == before["location"]


def test_what_cannot_be_is_refused_where_it_is_asked(filed: Factory) -> None:
    asset = filed.asset("IMG_1.jpg")
    future = clock.now().replace(tzinfo=None) + timedelta(days=3)
    for said, reason in (
        ({"captured_at": future}, "in the future"),
        ({"captured_at": datetime(1700, 1, 1)}, "first photograph"),
        ({"captured_at": RIGHT, "captured_utc_offset": "2h"}, "distance from UTC"),
        ({"location": {"lat": 91, "lon": 0}, "changes_location": True}, "not on this earth"),
        ({}, "neither"),
    ):
        with pytest.raises(PhotoFactoryError, match=reason):
            correct(filed, asset, **said)


def test_a_bad_row_of_somebody_else_gets_a_problem(filed: Factory) -> None:
    asset = filed.asset("IMG_1.jpg")
    correct(filed, asset, captured_at=RIGHT)
    with filed.engine.begin() as connection:
        connection.execute(
            text("UPDATE corrections SET captured_at = '2199-01-01 00:00:00.000000'")
        )
    filed.ingest()
    (row,) = history(filed, asset)
    assert "in the future" in row["problem"] and row["applied_at"]
    assert filed.asset("IMG_1.jpg")["final_path"] == asset["final_path"]


def test_a_missing_file_is_not_re_filed(filed: Factory) -> None:
    asset = filed.asset("IMG_1.jpg")
    filed.on_disk(asset).unlink()
    correct(filed, asset, captured_at=RIGHT)
    filed.ingest()
    (row,) = history(filed, asset)
    assert "is missing" in row["problem"]
    assert filed.asset("IMG_1.jpg")["final_path"] == asset["final_path"]


def test_it_goes_on_beside_new_arrivals(filed: Factory) -> None:
    """What comes under the very name that becomes free is another photo, and both are filed."""
    asset = filed.asset("IMG_1.jpg")
    correct(filed, asset, captured_at=RIGHT)
    filed.drop("other/IMG_1.jpg")
    filed.ingest()
    paths = {row["final_path"] for row in filed.assets() if row["original_name"] == "IMG_1.jpg"}
    assert paths == {
        "Storage/Originals/2020/2020-06-07/IMG_1.jpg",
        "Storage/Originals/2023/2023-12-25/IMG_1.jpg",
    }
    assert filed.verify().all_is_well and filed.sums_hold()


def test_a_live_photos_film_goes_along_by_the_same_span(embedded: Factory, tmp_path: Path) -> None:
    embedded.drop("pixel/IMG_7.jpg", made_on("2023:12:25 12:00:00"))
    embedded.drop("pixel/IMG_7.tif", made_on("2023:12:25 12:00:01"))
    embedded.ingest()
    one, other = embedded.assets()
    assert one["group_id"] == other["group_id"] is not None
    correct(embedded, embedded.asset("IMG_7.jpg"), captured_at=RIGHT)
    embedded.ingest()
    moved = embedded.asset("IMG_7.tif")
    assert moved["captured_at"] == RIGHT + timedelta(seconds=1)
    assert moved["final_path"].startswith("Storage/Originals/2020/2020-06-07/")
    assert embedded.verify().all_is_well and embedded.sums_hold()


def test_the_name_of_an_asset_that_is_missing_is_not_given_away(embedded: Factory) -> None:
    """Its line in the lists is the proof that a repair goes by."""
    embedded.drop("pixel/IMG_1.jpg")
    embedded.drop("other/IMG_1.jpg", photo("2020:06:07 01:02:03"))
    embedded.drop("other/IMG_2.jpg", photo("2020:06:07 01:02:03"))
    embedded.ingest()
    first, missing = (
        next(r for r in embedded.assets() if f"{day}/IMG_1.jpg" in r["final_path"])
        for day in ("2023-12-25", "2020-06-07")
    )
    embedded.on_disk(missing).unlink()
    correct(embedded, first, captured_at=RIGHT)
    embedded.drop("pixel/NEW.jpg")
    assert embedded.ingest().filed == 1
    paths = {row["id"]: row["final_path"] for row in embedded.assets()}
    assert paths[first["id"]] == "Storage/Originals/2020/2020-06-07/IMG_1_1.jpg"
    assert paths[missing["id"]] == missing["final_path"]
    assert embedded.verify().missing == [missing["final_path"]]
    sums = (embedded.on_disk(missing).parent / "SHA256SUMS").read_text()
    assert f"{missing['file_hash']}  IMG_1.jpg" in sums


def test_a_name_that_was_given_away_meanwhile_leaves_the_photo_where_it_was(
    embedded: Factory,
) -> None:
    """As after a crash between the journal and the row: the next start goes on all the same."""
    embedded.drop("pixel/IMG_1.jpg")
    embedded.drop("other/IMG_2.jpg", photo("2020:06:07 01:02:03"))
    embedded.ingest()
    asset, other = embedded.asset("IMG_1.jpg"), embedded.asset("IMG_2.jpg")
    embedded.on_disk(other).unlink()
    row = {**asset, "final_path": other["final_path"]}
    finish_refiling(row, asset["final_path"], Records(embedded.engine, 5), embedded.paths)
    assert embedded.asset("IMG_1.jpg")["final_path"] == asset["final_path"]
    assert embedded.on_disk(asset).is_file() and not embedded.on_disk(other).exists()


def test_a_sidecar_that_is_missing_stays_behind_and_stops_nobody(filed: Factory) -> None:
    sidecar = filed.asset("IMG_1.xmp")
    filed.on_disk(sidecar).unlink()
    taken = filed.paths.day_folder("2020-06-07") / "IMG_1.xmp"
    taken.parent.mkdir(parents=True)
    taken.write_text("somebody else's")
    asset = filed.asset("IMG_1.jpg")
    correct(filed, asset, captured_at=RIGHT)
    filed.drop("pixel/NEW.jpg")
    assert filed.ingest().filed == 1
    (asked,) = history(filed, asset)
    assert asked["applied_at"] and asked["problem"] is None
    assert filed.asset("IMG_1.jpg")["final_path"].startswith("Storage/Originals/2020/2020-06-07/")
    assert filed.asset("IMG_1.xmp")["final_path"] == sidecar["final_path"]


def test_a_day_that_cannot_be_made_is_told_and_stops_nobody(filed: Factory) -> None:
    (filed.paths.originals / "2020").write_text("a file where the folder should be")
    asset = filed.asset("IMG_1.jpg")
    correct(filed, asset, captured_at=RIGHT)
    filed.drop("pixel/NEW.jpg")
    assert filed.ingest().filed == 1
    (asked,) = history(filed, asset)
    assert asked["applied_at"] and "2020" in asked["problem"]
    assert filed.asset("IMG_1.jpg")["final_path"] == asset["final_path"]
    assert filed.on_disk(asset).is_file()


def test_a_librarian_that_dies_says_so_in_its_last_beat(
    filed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise RuntimeError("it burns")

    monkeypatch.setattr(service.Service, "_turn", dies)
    with pytest.raises(RuntimeError):
        service.run(filed.settings(), threading.Event(), True)
    assert filed.status()["status"] == "ERROR"
    assert "it burns" in filed.status()["message"]


def test_a_duplicate_while_a_move_waits_for_the_ledger_does_not_double_the_photo(
    embedded: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.drop("pixel/IMG_1.jpg")
    embedded.ingest()
    asset = embedded.asset("IMG_1.jpg")
    moved = {**asset, "final_path": "Storage/Originals/2020/2020-06-07/IMG_1.jpg"}
    embedded.on_disk(moved).parent.mkdir(parents=True)
    own = {name: moved[name] for name in rows.COLUMNS}
    journal = Journal(embedded.paths.journal)
    journal.intend([Entry(own, moved_from=asset["final_path"])])
    journal.close()
    embedded.drop("other/again.jpg", embedded.on_disk(asset).read_bytes())
    with monkeypatch.context() as away:
        away.setattr(Records, "may_be_back", lambda _: False)
        away.setattr(Records, "known", is_away)
        embedded.ingest()
    assert not embedded.on_disk(moved).exists(), "nothing was missing that had to be repaired"
    embedded.ingest()
    assert embedded.asset("IMG_1.jpg")["final_path"] == moved["final_path"]
    assert not embedded.on_disk(asset).exists()
    assert embedded.verify().all_is_well and embedded.sums_hold()


def is_away(*_: object) -> None:
    raise LedgerAway("the database is away")


def test_of_two_copies_that_a_move_left_the_old_one_goes(embedded: Factory) -> None:
    embedded.drop("pixel/IMG_1.jpg")
    embedded.ingest()
    asset = embedded.asset("IMG_1.jpg")
    own = {name: asset[name] for name in rows.COLUMNS}
    own["final_path"] = "Storage/Originals/2020/2020-06-07/IMG_1.jpg"
    new = embedded.on_disk(own)
    new.parent.mkdir(parents=True)
    new.write_bytes(embedded.on_disk(asset).read_bytes())
    finish_refiling(own, asset["final_path"], Records(embedded.engine, 5), embedded.paths)
    assert new.is_file() and not embedded.on_disk(asset).exists()
    assert embedded.verify().all_is_well and embedded.sums_hold()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["X", "--offset", "+01:00"], "give both"),
        (["X", "--date", "2020-06-07", "--undo", "1"], "give it alone"),
        (["X", "--undo", "1"], "give it alone"),
    ],
)
def test_the_verb_refuses_what_it_would_not_heed(said: list[str], reason: str) -> None:
    done = CliRunner().invoke(app, ["correct", *said])
    assert done.exit_code == 2
    assert reason in " ".join(done.output.replace("│", " ").split())
