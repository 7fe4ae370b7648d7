"""What a person does with runs: see them, retry them, have them done again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, text, update

from photo_factory.shared import clock, runs
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.models import MediaAsset, StageRun
from tests.shared.loop import work
from tests.shared.loop.conftest import Shop


def test_it_lists_what_is_parked_and_why(shop: Shop) -> None:
    shop.add("bad.jpg", "good.jpg")
    shop.run()
    (found,) = runs.parked(shop.engine)
    assert (found.service, found.reason) == ("pretend", "it is no picture")
    assert found.final_path.endswith("/bad.jpg")
    assert runs.parked(shop.engine, "other") == []


def test_a_retry_gives_all_tries_back_and_forgets_the_error(shop: Shop) -> None:
    shop.add("bad-1.jpg", "bad-2.jpg")
    shop.run()
    one = shop.assets()["bad-1.jpg"]
    assert runs.retry(shop.engine, shop.settings(), "pretend", one["file_hash"]) == 1
    assert (shop.assets()["bad-1.jpg"]["has_errors"], shop.assets()["bad-2.jpg"]["has_errors"]) == (
        False, True,
    )  # fmt: skip
    assert shop.runs()["bad-1.jpg"]["tries_left"] == 5
    work.calls.clear()
    shop.run()
    assert work.calls == ["bad-1.jpg"]


def test_a_retry_keeps_the_error_that_another_service_left(shop: Shop) -> None:
    shop.add("bad.jpg")
    shop.run()
    asset = shop.assets()["bad.jpg"]["id"]
    with shop.engine.begin() as connection:
        connection.execute(insert(StageRun), [
            {"asset_id": asset, "stage": "other", "tries_left": 0, "claims": 1,
             "not_before": clock.now(), "parked_at": clock.now(), "last_error": "x"},
        ])  # fmt: skip
    assert runs.retry(shop.engine, shop.settings(), "pretend") == 1
    assert shop.assets()["bad.jpg"]["has_errors"]
    assert shop.assets()["bad.jpg"]["error_message"].startswith("other: ")
    assert runs.retry(shop.engine, shop.settings()) == 1
    assert not shop.assets()["bad.jpg"]["has_errors"]


def test_a_retry_keeps_what_the_librarian_found_out(shop: Shop) -> None:
    told = {"has_errors": True, "error_message": "exifread: it has no end"}
    shop.add("breaks.jpg", **told)
    shop.run(RETRY_AFTER="3600")
    assert runs.retry(shop.engine, shop.settings()) == 1
    assert {name: shop.assets()["breaks.jpg"][name] for name in told} == told


def test_a_retry_does_not_wait_for_the_pause(shop: Shop) -> None:
    shop.add("breaks.jpg")
    shop.run(RETRY_AFTER="3600")
    assert runs.retry(shop.engine, shop.settings()) == 1
    work.calls.clear()
    shop.run(RETRY_AFTER="3600")
    assert work.calls == ["breaks.jpg"]


def test_a_retry_names_what_it_does_not_find(shop: Shop) -> None:
    with pytest.raises(PhotoFactoryError, match=r"no asset has.*'abc'"):
        runs.retry(shop.engine, shop.settings(), asset="abc")


def test_redo_lowers_the_flag_of_what_the_condition_names(shop: Shop) -> None:
    shop.add("1.jpg", "2.jpg", "3.jpg")
    shop.run()
    work.calls.clear()
    where = "original_name LIKE '%2.jpg' OR original_name = 'a:b%'"
    assert runs.redo(shop.engine, shop.settings(), shop.service, where) == 1
    row = shop.assets()["2.jpg"]
    assert (row["is_thumbnailed"], row["thumbnailed_at"]) == (False, None)
    shop.run()
    assert work.calls == ["2.jpg"]


def test_redo_goes_through_more_than_one_part(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_AT_ONCE", 3)
    shop.add(*(f"{i}.jpg" for i in range(10)))
    shop.run()
    assert runs.redo(shop.engine, shop.settings(), shop.service) == 10
    assert not any(row["is_thumbnailed"] for row in shop.assets().values())


def test_redo_counts_for_what_is_in_hand_too(shop: Shop) -> None:
    shop.add("a.jpg")
    shop.run()
    with shop.engine.begin() as connection:
        connection.execute(update(StageRun).values(finished_at=None, leased_by="somebody"))
    runs.redo(shop.engine, shop.settings(), shop.service)
    assert (shop.runs()["a.jpg"]["leased_by"], shop.runs()["a.jpg"]["claims"]) == (None, 2)


@pytest.mark.parametrize(
    "where", ["no_such = 1", "1 = 1; DROP TABLE arrivals", "SELEKT", "1 = 1) --"]
)
def test_redo_refuses_what_is_no_condition(shop: Shop, where: str) -> None:
    with pytest.raises(PhotoFactoryError, match="--where"):
        runs.redo(shop.engine, shop.settings(), shop.service, where)


def test_it_counts_how_far_a_flag_is(shop: Shop) -> None:
    shop.add("1.jpg", "2.jpg", "bad.jpg")
    shop.run()
    shop.add("held.jpg", "new.jpg", "new2.jpg")
    shop.add("a.xmp", media_type="sidecar")
    held = shop.assets()["held.jpg"]["id"]
    with shop.engine.begin() as connection:
        connection.execute(insert(StageRun), [
            {"asset_id": held, "stage": "pretend", "tries_left": 1,
             "claims": 1, "not_before": clock.now() + timedelta(hours=1), "leased_by": "x"},
        ])  # fmt: skip
    (found,) = runs.progress(shop.engine, [shop.service], shop.settings())
    assert (found.done, found.waiting, found.running, found.parked, found.not_applicable) == (
        2, 2, 1, 1, 1,
    )  # fmt: skip
    assert found.last_hour == 2


@pytest.mark.parametrize(("minutes", "seconds_left"), [(59, 59 * 60), (10, 600), (0, 10)])
def test_the_time_left_goes_by_the_pace_since_the_work_of_this_hour_began(
    shop: Shop, minutes: int, seconds_left: float
) -> None:
    shop.add("1.jpg", "2.jpg", "3.jpg")
    shop.run()
    began = clock.now() - timedelta(minutes=minutes)
    first = StageRun.asset_id == shop.assets()["1.jpg"]["id"]
    with shop.engine.begin() as connection:
        connection.execute(update(StageRun).where(first).values(finished_at=began))
    shop.add("4.jpg", "5.jpg", "6.jpg")
    (found,) = runs.progress(shop.engine, [shop.service], shop.settings())
    assert (found.last_hour, found.waiting) == (3, 3)
    assert found.seconds_left == pytest.approx(seconds_left, abs=8)


def test_what_is_parked_counts_only_while_its_flag_applies(shop: Shop) -> None:
    shop.add("bad-1.jpg", "bad-2.jpg", "bad-3.jpg")
    shop.run()
    shop.add("new-1.jpg", "new-2.jpg")
    with shop.engine.begin() as connection:
        for name, change in (
            ("bad-1.jpg", {"media_type": "sidecar"}),
            ("bad-2.jpg", {"is_thumbnailed": True}),
        ):
            connection.execute(
                update(MediaAsset).where(MediaAsset.original_name == name).values(change)
            )
        connection.execute(update(StageRun).values(stage="thumbnail"))
        row = connection.execute(
            text("SELECT * FROM v_pipeline WHERE flag = 'is_thumbnailed'")
        ).one()
    service = shop.change(name="thumbnail").service
    (found,) = runs.progress(shop.engine, [service], shop.settings())
    assert (found.done, found.waiting, found.parked, found.not_applicable) == (1, 2, 1, 1)
    assert (row.done, row.waiting, row.parked, row.not_applicable) == (1, 2, 1, 1)


def test_a_flag_applies_to_nothing_while_its_service_has_nothing_to_do_at_all(shop: Shop) -> None:
    shop.add("1.jpg", "2.jpg")
    idle = shop.change(idle=lambda settings: "no target is set").service
    (found,) = runs.progress(shop.engine, [idle], shop.settings())
    assert (found.waiting, found.not_applicable, found.idle) == (0, 2, "no target is set")
