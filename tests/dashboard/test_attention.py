"""The page of what needs attention: every kind, its words, and what its buttons really do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update
from streamlit.testing.v1 import AppTest

from photo_factory.dashboard.queries import attention
from photo_factory.shared import clock
from photo_factory.shared.ledger.models import (
    Action,
    Arrival,
    Breaker,
    Correction,
    Finding,
    MediaAsset,
    StageRun,
)
from tests.dashboard.conftest import OpenPage, text_of
from tests.dashboard.household import Household, _arrival, household
from tests.dashboard.viewers import as_viewer
from tests.factory import Factory
from tests.parts import free_port


@pytest.fixture
def home(engine: Engine, ledger_url: str, tmp_path: Path) -> Iterator[Household]:
    """The household, on each kind of database."""
    factory = Factory(tmp_path / "both", ledger_url)
    yield household(factory)
    factory.close()


@pytest.fixture
def full(factory: Factory) -> Household:
    """The household that `open_page` shows."""
    return household(factory)


ALL = {"halted": 1, "findings": 1, "held": 2, "parked": 3, "duplicates": 1, "dates": 2}


def test_it_counts_every_kind_and_lists_as_many(home: Household) -> None:
    engine = home.factory.engine
    assert attention.counts(engine) == ALL
    kinds = (attention.findings, attention.held, attention.parked, attention.duplicates)
    for ask in (*kinds, attention.unsure_dates):
        page = ask(engine)
        name = {"unsure_dates": "dates"}.get(ask.__name__, ask.__name__)
        assert (len(page.items), page.after) == (ALL[name], None)
    assert [one.name for one in attention.halted(engine)] == ["inbox/iphone"]
    assert attention.parked_services(engine) == {"backup": 1, "face": 2}


@pytest.mark.parametrize("kind", ["held", "parked", "unsure_dates"])
def test_it_turns_pages_by_key_and_leaves_nothing_out(home: Household, kind: str) -> None:
    ask = getattr(attention, kind)
    found, after = [], None
    while True:
        page = ask(home.factory.engine, after, 1)
        found += page.items
        if (after := page.after) is None:
            break
    assert found == list(ask(home.factory.engine).items)


def test_a_date_somebody_has_spoken_of_is_not_asked_about_again(home: Household) -> None:
    said = {"asset_id": home.assets[-1], "asked_at": clock.now(), "asked_by": "x",
            "captured_at": clock.now().replace(tzinfo=None)}  # fmt: skip
    home.put(Correction, said)
    assert len(attention.unsure_dates(home.factory.engine).items) == 1
    home.change(Correction, Correction.asked_by == "x", problem="the day folder is read-only")
    assert len(attention.unsure_dates(home.factory.engine).items) == 2


def test_a_duplicate_is_in_doubt_while_its_kept_copy_is_damaged(home: Household) -> None:
    engine, second = home.factory.engine, home.assets[1]
    home.put(Arrival, {**_arrival("duplicate", "iphone/b.jpg", ""), "reason": None,
                       "asset_id": second})  # fmt: skip
    titles = [item.title for item in attention.duplicates(engine).items]
    assert titles == ["iphone/again.jpg", "iphone/b.jpg"]
    home.change(Finding, Finding.asset_id == second, repaired_at=clock.now())
    assert [item.title for item in attention.duplicates(engine).items] == ["iphone/again.jpg"]


def rows(home: Household, query: Any) -> list[Any]:
    with home.factory.engine.connect() as connection:
        return list(connection.execute(query))


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [one for one in page.button if one.label == label]
    page = button.click().run()
    assert not page.exception
    return page


def show(page: AppTest, kind: str) -> AppTest:
    page.session_state["attention_kind"] = kind
    page = page.run()
    assert not page.exception
    return page


def tick(page: AppTest, number: int = 0) -> AppTest:
    """Tick one item of the list."""
    return boxes(page)[number].check().run()


def tick_all(page: AppTest) -> AppTest:
    (box,) = [one for one in page.checkbox if one.label.startswith("Tick all")]
    return box.check().run()


def boxes(page: AppTest) -> list[Any]:
    found = [one for one in page.checkbox if str(one.key).startswith("pick_attention_")]
    return [one for one in found if "_all_" not in str(one.key)]


def told(page: AppTest) -> str:
    return "; ".join(one.value for one in page.toast)


def test_nothing_needs_you(open_page: OpenPage, factory: Factory) -> None:
    assert factory.engine
    page = open_page("attention")
    assert [one.value for one in page.success] == ["Nothing needs you."]
    assert not page.button


def test_it_opens_with_what_is_most_urgent(open_page: OpenPage, full: Household) -> None:
    page = open_page("attention")
    assert "The inbox folder iphone" in text_of(page)
    (choice,) = page.button_group
    assert choice.options == [
        "Standing still · 1", "Damaged originals · 1", "Held files · 2", "Parked · 3",
        "Duplicates in doubt · 1", "Unsure dates · 2",
    ]  # fmt: skip


def test_a_breaker_is_reset(open_page: OpenPage, full: Household) -> None:
    page = press(open_page("attention"), "The cause is gone: let it go on")
    assert rows(full, select(Breaker.name)) == []
    assert told(page) == "The inbox folder iphone goes on"


def test_a_repair_is_asked_for(open_page: OpenPage, full: Household) -> None:
    page = tick(show(open_page("attention"), "findings"))
    page = press(page, "Repair 1 from a backup")
    (row,) = rows(full, select(Finding.repair_asked_at, Finding.problem))
    assert row.repair_asked_at is not None
    assert "a repair was asked for" in text_of(page)
    full.change(Finding, Finding.id > 0, problem="no target holds a verified copy")
    assert "no target holds a verified copy" in text_of(page.run())
    press(tick(page), "Repair 1 from a backup")
    assert rows(full, select(Finding.problem))[0].problem is None


def test_held_files_are_tried_at_once(open_page: OpenPage, full: Household) -> None:
    page = show(open_page("attention"), "held")
    assert "every 60 seconds by itself" in text_of(page)
    page = press(tick(page, 1), "Try 1 now")
    undecided = rows(full, select(Arrival.name).where(Arrival.settled_at.is_(None)))
    assert [row.name for row in undecided] == ["odd.jpg"]
    press(page, "Try all held files now")
    waiting = select(Arrival.state).where(Arrival.settled_at.is_(None)).order_by(Arrival.state)
    assert [row.state for row in rows(full, waiting)] == ["failed", "held"]


def test_parked_assets_are_retried_by_choice(open_page: OpenPage, full: Household) -> None:
    page = show(open_page("attention"), "parked")
    press(tick_all(page), "Retry 3")
    assert rows(full, select(StageRun.stage).where(StageRun.parked_at.is_not(None))) == []
    assert {row.tries_left for row in rows(full, select(StageRun.tries_left))} == {5}
    assert not any(row[0] for row in rows(full, select(MediaAsset.has_errors)))


def test_parked_assets_are_retried_service_by_service(open_page: OpenPage, full: Household) -> None:
    page = show(open_page("attention"), "parked")
    next(one for one in page.selectbox if one.label == "Service").select("face").run()
    page = press(page, "Retry everything of face")
    parked = rows(full, select(StageRun.stage).where(StageRun.parked_at.is_not(None)))
    assert [row.stage for row in parked] == ["backup"]
    assert "2 runs will be tried again" in told(page)


def test_a_duplicate_is_said_to_be_in_order(open_page: OpenPage, full: Household) -> None:
    page = tick(show(open_page("attention"), "duplicates"))
    press(page, "1 are in order")
    assert attention.counts(full.factory.engine)["duplicates"] == 0


def test_a_date_is_accepted(open_page: OpenPage, full: Household) -> None:
    page = tick(show(open_page("attention"), "dates"))
    item = attention.unsure_dates(full.factory.engine).items[0]
    press(page, "Accept 1 as they are")
    (row,) = rows(full, select(Correction))
    assert (row.asset_id, row.captured_at, row.asked_by) == (
        item.asset_id, item.taken, "this machine",
    )  # fmt: skip
    assert attention.counts(full.factory.engine)["dates"] == 1


def test_dates_are_corrected_and_keep_their_time_of_day(
    open_page: OpenPage, full: Household
) -> None:
    page = tick_all(show(open_page("attention"), "dates"))
    page.date_input[0].set_value(clock.now().date().replace(2001, 2, 3)).run()
    press(page, "Save the date")
    said = rows(full, select(Correction.captured_at, MediaAsset.captured_at.label("before"))
                .join(MediaAsset, MediaAsset.id == Correction.asset_id))  # fmt: skip
    assert len(said) == 2
    for row in said:
        assert f"{row.captured_at:%Y-%m-%d}" == "2001-02-03"
        assert row.captured_at.time() == row.before.time()


def test_what_was_done_is_logged_with_who(open_page: OpenPage, full: Household) -> None:
    press(open_page("attention"), "The cause is gone: let it go on")
    last = rows(full, select(Action).order_by(Action.id.desc()).limit(1))[0]
    assert (last.who, last.action, last.subject) == (
        "this machine", "reset breaker", "inbox/iphone",
    )  # fmt: skip


def test_a_kind_that_is_done_gives_way_to_the_next(open_page: OpenPage, full: Household) -> None:
    page = press(open_page("attention"), "The cause is gone: let it go on")
    assert "These originals were read again" in text_of(page)


@pytest.mark.parametrize("kind", ALL)
def test_a_viewer_sees_it_and_has_no_button(
    kind: str, open_page: OpenPage, full: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_viewer(monkeypatch)
    page = show(open_page("attention"), kind)
    assert not page.button and not page.checkbox
    assert "an owner can" in text_of(page)


def test_a_ledger_that_goes_away_is_told(open_page: OpenPage) -> None:
    page = open_page("attention", DATABASE_URL=f"postgresql://x@127.0.0.1:{free_port()}/photos")
    assert not page.exception
    assert "cannot be shown since" in text_of(page)


def test_a_long_list_is_turned_page_by_page(open_page: OpenPage, full: Household) -> None:
    with full.factory.engine.begin() as connection:
        connection.execute(delete(Breaker))
        many = [_arrival("held", f"pixel-7/x{number:03}.jpg", "why") for number in range(60)]
        connection.execute(insert(Arrival), many)
        connection.execute(update(Finding).values(repaired_at=clock.now()))
    page = show(open_page("attention"), "held")
    assert len(boxes(page)) == 25
    page = press(press(page, "Next page"), "Next page")
    assert len(boxes(page)) == 12
    (following,) = [one for one in page.button if one.label == "Next page"]
    assert following.disabled
    assert len(boxes(press(page, "First page"))) == 25
