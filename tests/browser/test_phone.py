"""On a phone everything can be read: nothing is cut off at the right, and nothing lies on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE, Serve, open_page
from tests.dashboard.household import household
from tests.dashboard.ledgers import photos, place, taken
from tests.factory import Factory, photo

pytestmark = pytest.mark.part("chromium")

WIDTH = 390


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A window of a phone's, that is touched."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": 844}, is_mobile=True, has_touch=True,
        color_scheme="dark", timezone_id="Europe/Berlin", locale="en-GB",
    )  # fmt: skip
    context.set_default_timeout(PATIENCE * 1000)
    yield context.new_page()
    context.close()


def is_inside(shown: Locator) -> bool:
    expect(shown).to_be_visible()
    box = shown.bounding_box()
    return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= WIDTH


def test_the_timeline_shows_the_whole_year(factory: Factory, serve: Serve, phone: Page) -> None:
    for number, day in enumerate(("2023:01:01 12:00:00", "2023:12:31 12:00:00")):
        factory.drop(f"pixel-7/{number}.jpg", photo(day))
    factory.ingest()
    open_page(phone, serve(), "timeline")
    first, last = (phone.locator(f'[data-day="2023-{day}"]') for day in ("01-01", "12-31"))
    assert is_inside(first)
    assert is_inside(last)
    last.tap()
    expect(phone.get_by_role("heading", name="31 December 2023")).to_be_visible()


def test_all_that_can_be_chosen_is_seen(factory: Factory, serve: Serve, phone: Page) -> None:
    household(factory)
    dashboard = serve()
    for name in ("people", "attention"):
        open_page(phone, dashboard, name)
        choices = phone.get_by_role("radiogroup").first.get_by_role("radio")
        expect(choices.first).to_be_visible()
        assert choices.count() >= 5
        assert all(is_inside(choices.nth(number)) for number in range(choices.count()))


def test_a_probe_stands_beside_its_state(serve: Serve, phone: Page) -> None:
    open_page(phone, serve("up"), "")
    probe = phone.get_by_text("disk-database")
    expect(probe).to_be_visible()
    line = probe.locator("xpath=ancestor-or-self::p[1]")
    box = line.bounding_box()
    assert box is not None and box["height"] < 40
    expect(line).to_contain_text("disk-database")
    expect(line).to_contain_text("OK")


def test_the_map_shows_the_whole_world(factory: Factory, serve: Serve, phone: Page) -> None:
    for city, latitude, longitude in (("Vancouver", 49.2, -123.1), ("Sydney", -33.9, 151.2)):
        there = place(factory.engine, city, latitude=latitude, longitude=longitude)
        photos(factory.engine, *taken("2024-05-01", place_id=there))
    open_page(phone, serve(), "map")
    marks = phone.locator(".leaflet-marker-icon")
    expect(marks.filter(visible=True)).to_have_count(2)
    assert all(is_inside(marks.nth(number)) for number in range(2))
