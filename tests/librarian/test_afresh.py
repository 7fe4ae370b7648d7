"""What services hold, or gave up on, of an asset that goes elsewhere begins anew."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text, update

from photo_factory.librarian.records import Records
from photo_factory.shared import corrections
from photo_factory.shared.claims import Claim, Claims, Facts
from photo_factory.shared.ledger.models import MediaAsset, StageRun
from tests.factory import Factory

HERE, THERE = {"lat": 50.11, "lon": 8.68}, {"lat": -33.86, "lon": 151.2}
SIDECAR = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
PHOTO = "IMG_1.jpg"


def of(factory: Factory, stage: str, **changes: Any) -> Claims:
    flag = {"backup": "is_backed_up", "geocode": "is_geocoded", "thumbnail": "is_thumbnailed"}
    return Claims(factory.engine, stage, flag[stage], factory.settings(**changes))


def claimed(claims: Claims) -> Claim:
    (claim,) = claims.claim(5)
    return claim


def parked(factory: Factory, stage: str, reason: str) -> None:
    claims = of(factory, stage)
    claims.park([(claimed(claims), reason)])


def correct(factory: Factory, **said: Any) -> None:
    with factory.engine.begin() as connection:
        corrections.ask(connection, factory.asset(PHOTO)["id"], "anna", **said)


def correct_place(factory: Factory, place: Mapping[str, float], **changes: Any) -> None:
    correct(factory, location=place, changes_location=True)
    factory.ingest(**changes)


@pytest.fixture
def placed(factory: Factory) -> Factory:
    """A photo with a place that a person gave it."""
    factory.drop(PHOTO)
    factory.ingest()
    correct_place(factory, HERE)
    return factory


def test_a_sidecar_that_is_re_filed_is_taken_from_the_backup_that_holds_it(
    factory: Factory,
) -> None:
    factory.drop("IMG_1.xmp", SIDECAR)
    factory.ingest()
    backup = of(factory, "backup")
    held = claimed(backup)
    factory.drop(PHOTO)
    factory.ingest()
    sidecar = factory.asset("IMG_1.xmp")
    assert held.asset.final_path != sidecar["final_path"]
    assert backup.finish([(held, Facts())]) == 0
    backup.park([(held, "it is missing: see `photo-factory verify`")])
    assert not factory.asset("IMG_1.xmp")["has_errors"]
    again = {claim.asset.id: claim for claim in backup.claim(5)}[sidecar["id"]]
    assert again.asset.final_path == sidecar["final_path"]
    assert again.tries_left == held.tries_left, "what was in hand has spent no try"


def test_a_corrected_place_is_looked_up_by_a_service_that_gave_up_on_the_one_before(
    placed: Factory,
) -> None:
    parked(placed, "geocode", "it is no position on Earth; correct the location")
    assert placed.asset(PHOTO)["has_errors"]
    correct_place(placed, THERE)
    asset = placed.asset(PHOTO)
    assert (asset["has_errors"], asset["error_message"]) == (False, None)
    claim = claimed(of(placed, "geocode"))
    assert (claim.asset.location, claim.tries_left) == (THERE, placed.settings().max_tries - 1)


def test_a_photo_that_goes_to_another_day_is_freed_from_what_stood_in_its_backups_way(
    placed: Factory,
) -> None:
    parked(placed, "backup", "usb has another file at Originals/2023/2023-12-25/IMG_1.jpg")
    correct(placed, captured_at=datetime(2020, 6, 7))
    placed.ingest()
    assert not placed.asset(PHOTO)["has_errors"]
    assert "/2020-06-07/" in claimed(of(placed, "backup")).asset.final_path


@pytest.mark.parametrize("stages", [["geocode", "thumbnail"], ["thumbnail", "geocode"]])
def test_what_another_service_gave_up_on_stays_and_is_told(
    placed: Factory, stages: list[str]
) -> None:
    for stage in stages:
        parked(placed, stage, f"{stage} cannot")
    correct_place(placed, THERE)
    asset = placed.asset(PHOTO)
    assert asset["has_errors"] and asset["error_message"].startswith("thumbnail: ")
    assert "thumbnail cannot" in asset["error_message"]
    assert of(placed, "thumbnail").due() == 0


def test_what_is_wrong_with_the_file_itself_stays_told(placed: Factory) -> None:
    told = "UPDATE media_assets SET has_errors = TRUE, error_message = 'its EXIF is cut off'"
    with placed.engine.begin() as connection:
        connection.execute(text(told))
    correct_place(placed, THERE)
    asset = placed.asset(PHOTO)
    assert (asset["has_errors"], asset["error_message"]) == (True, "its EXIF is cut off")


def test_what_was_in_hand_with_its_last_try_is_tried_again(placed: Factory) -> None:
    geocode = of(placed, "geocode", MAX_TRIES=1)
    assert claimed(geocode).tries_left == 0
    correct_place(placed, THERE, MAX_TRIES=1)
    assert claimed(geocode).asset.location == THERE
    assert not placed.asset(PHOTO)["has_errors"]


def test_what_failed_for_the_place_before_is_due_at_once_with_all_its_tries(
    placed: Factory,
) -> None:
    geocode = of(placed, "geocode")
    geocode.fail([(claimed(geocode), "no such place")])
    assert geocode.due() == 0
    correct_place(placed, THERE)
    assert claimed(geocode).tries_left == placed.settings().max_tries - 1
    (reason,) = placed._rows(select(StageRun.last_error).where(StageRun.stage == "geocode"))
    assert reason["last_error"] is None


def test_a_move_that_meets_the_end_of_a_backup_crosswise_is_made_all_the_same(
    factory: Factory,
) -> None:
    """Who ends work locks its run before the asset: PostgreSQL lets one of the two live."""
    factory.drop(PHOTO)
    factory.ingest()
    claimed(of(factory, "backup"))
    row = factory.asset(PHOTO)
    row["captured_at_source"] = "correction"
    with ThreadPoolExecutor(1) as librarian, factory.engine.begin() as ending:
        ending.execute(update(StageRun).values(last_error=None))
        moved = librarian.submit(Records(factory.engine, 5).moved, row)
        assert not wait([moved], timeout=0.5).done, "it waits for the run"
        ending.execute(update(MediaAsset).values(has_errors=False))
        ending.commit()
        moved.result()
    assert factory.asset(PHOTO)["captured_at_source"] == "correction"
