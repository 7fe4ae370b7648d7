"""The library, the map and the timeline in a real browser, on real photos."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Dashboard, Serve, open_page, screenshot, settled
from tests.browser.samples import CAMERA, TOWN, photo_factory
from tests.factory import Factory

pytestmark = pytest.mark.part("chromium")

IMAGES = Path(os.environ.get("SCREENSHOTS") or tempfile.gettempdir()) / "photo-factory"
"""SCREENSHOTS names another folder, to make those of docs/images anew."""


@pytest.fixture
def factory(filed: Path, tmp_path: Path) -> Iterator[Factory]:
    """A copy of it that this test may change."""
    shutil.copytree(filed, tmp_path / "factory")
    made = Factory(tmp_path / "factory")
    yield made
    made.close()


def test_a_photo_is_three_clicks_away(page: Page, serve: Serve) -> None:
    open_page(page, serve(), "library")
    page.get_by_role("radio", name=CAMERA).first.click()
    page.get_by_role("radio", name=TOWN).first.click()
    expect(page).to_have_url(re.compile("camera=.*where="))
    expect(page.locator(".tile")).to_have_count(9)
    page.locator(".tile").nth(2).click()
    expect(page.get_by_text("22 October 2008, 16:52")).to_be_visible()
    expect(page.locator(".photo img")).to_have_js_property("complete", True)
    shown = page.url
    screenshot(page, IMAGES / "photo.png")
    page.get_by_role("button", name="Older").click()
    expect(page).not_to_have_url(shown)
    page.go_back()
    expect(page).to_have_url(shown)
    page.reload()  # an address can be kept and shared
    expect(page.get_by_text("22 October 2008")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download original").click()
    assert saved.value.suggested_filename.startswith("DSCN")
    settled(page)
    page.keyboard.press("Escape")
    expect(page.locator(".tile")).to_have_count(9)
    screenshot(page, IMAGES / "library.png")


def test_it_corrects_a_date_and_undoes_it(page: Page, serve: Serve, factory: Factory) -> None:
    asset = next(row for row in factory.assets() if row["original_name"] == "DSCN0010.jpg")
    dashboard = serve()
    open_page(page, dashboard, f"library?asset={asset['id']}")
    correct_date(page, "2011-02-03")
    expect(page.get_by_text("WAITS", exact=True).first).to_be_visible()
    photo_factory(factory, "run", "librarian", "--once")
    expect(page.get_by_text("RE-FILED", exact=True).first).to_be_visible()
    expect(page.get_by_text("3 February 2011", exact=False).first).to_be_visible()
    moved = factory.asset("DSCN0010.jpg")
    assert "/2011-02-03/" in moved["final_path"]
    assert factory.on_disk(moved).is_file()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("WAITS", exact=True).first).to_be_visible()
    photo_factory(factory, "run", "librarian", "--once")
    expect(page.get_by_text("22 October 2008").first).to_be_visible()
    assert factory.asset("DSCN0010.jpg")["final_path"] == asset["final_path"]
    assert factory.sums_hold()


def correct_date(page: Page, day: str) -> None:
    page.get_by_role("button", name="Correct date").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("spinbutton", name="year, Day").click()
    page.keyboard.type(day.replace("-", ""))
    dialog.get_by_text("The wall clock").click()  # the calendar closes
    dialog.get_by_role("button", name="Correct", exact=True).click()


def test_it_selects_several(page: Page, serve: Serve) -> None:
    open_page(page, serve(), "library?where=IT~Tuscany~Arezzo")
    page.get_by_text("Select several").click()
    expect(page.locator(".tile .mark")).to_have_count(9)
    page.locator(".tile").nth(0).click()
    expect(page.get_by_text("1 photo selected")).to_be_visible()
    page.locator(".tile").nth(3).click()
    expect(page.get_by_text("2 photos selected")).to_be_visible()
    page.get_by_role("button", name="Shift date").click()
    page.get_by_label("Hours").fill("1")
    page.get_by_label("Hours").press("Enter")
    page.get_by_role("button", name="Shift 2 dates").click()
    expect(page.get_by_text("Asked for 2 corrections")).to_be_visible()


def test_the_map_asks_no_other_machine_and_leads_to_photos(page: Page, serve: Serve) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.split("/")[2].split(":")[0]))
    open_page(page, serve(), "map")
    expect(page.locator(".cluster")).not_to_have_count(0)
    page.locator(".leaflet-control-zoom-in").click()
    page.wait_for_timeout(1500)
    page.locator(".leaflet-control-zoom-out").click()
    page.wait_for_timeout(1500)
    screenshot(page, IMAGES / "map.png")
    page.locator(".cluster button").filter(has_text="10").click()
    expect(page).to_have_url(re.compile("library.*box="))
    expect(page.locator(".tile")).to_have_count(10)
    assert {host for host in asked if host} == {"127.0.0.1"}


def test_a_day_of_the_timeline_leads_to_its_photos(page: Page, serve: Serve) -> None:
    open_page(page, serve(), "timeline")
    screenshot(page, IMAGES / "timeline.png")
    page.get_by_role("button", name="Show").click()
    page.locator('[data-day="2008-10-22"]').click()
    expect(page).to_have_url(re.compile("first=2008-10-22"))
    expect(page.get_by_role("heading", name="Wednesday, 22 October 2008")).to_be_visible()
    expect(page.locator(".tile")).not_to_have_count(0)


def test_it_fits_a_phone(page: Page, serve: Serve) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    dashboard: Dashboard = serve()
    for name in ("library", "map", "timeline"):
        open_page(page, dashboard, name)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390
