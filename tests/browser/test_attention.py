"""In a real browser: a parked asset is retried, people are named and merged, a report is taken."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from photo_factory.shared.ledger.models import Person, StageRun
from tests.browser.conftest import Serve, open_page
from tests.dashboard.household import Household, household
from tests.factory import Factory

pytestmark = pytest.mark.part("chromium")


@pytest.fixture
def home(factory: Factory) -> Household:
    """The household, before the dashboard opens."""
    return household(factory)


def parked(home: Household) -> set[str]:
    with home.factory.engine.connect() as connection:
        query = select(StageRun.stage).where(StageRun.parked_at.is_not(None))
        return set(connection.scalars(query))


def names(home: Household) -> set[str | None]:
    with home.factory.engine.connect() as connection:
        return set(connection.scalars(select(Person.name)))


def test_a_parked_asset_is_retried(page: Page, serve: Serve, home: Household) -> None:
    open_page(page, serve(), "attention?kind=parked")
    expect(page.get_by_text("the name is too long for the target")).to_be_visible()
    page.locator(".st-key-attention_list label", has_text="IMG").first.click()
    page.get_by_role("button", name="Retry 1").click()
    expect(page.get_by_text("1 run will be tried again at once")).to_be_visible()
    assert parked(home) == {"face"}
    page.get_by_role("button", name="Retry everything").click()
    expect(page.get_by_text("2 runs will be tried again at once")).to_be_visible()
    assert parked(home) == set()


def test_a_person_is_named_and_merged(page: Page, serve: Serve, home: Household) -> None:
    dashboard = serve()
    open_page(page, dashboard, f"people?person={home.persons['nameless']}")
    page.get_by_label("Name", exact=True).fill("Zoë")
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_role("heading", name="Zoë")).to_be_visible()
    assert names(home) == {"Marie", "Pierre", "Zoë"}
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_role("heading", name="Nameless")).to_be_visible()
    page.get_by_role("button", name="All people").click()
    # The box itself is hidden beneath the one that is drawn.
    for whose in ("nameless", "Marie"):
        page.locator(f".st-key-pick_person_{home.persons[whose]} label").click()
    expect(page.get_by_text("2 are one person. Who stays?")).to_be_visible()
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("They are one person now, with 13 faces")).to_be_visible()
    assert names(home) == {"Marie", "Pierre"}


def test_a_report_is_run_and_downloaded(
    page: Page, serve: Serve, home: Household, tmp_path: Path
) -> None:
    open_page(page, serve(), "reports?report=sql")
    box = page.get_by_label("SQL", exact=True)
    box.fill("SELECT original_name, size_bytes FROM media_assets ORDER BY original_name")
    box.press("Control+Enter")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("8 rows")).to_be_visible()
    with page.expect_download() as waiting:
        page.locator(".st-key-CSV_answer button").click()
    waiting.value.save_as(tmp_path / "answer.csv")
    with (tmp_path / "answer.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["original_name"] for row in rows] == [f"IMG_{n:04}.jpg" for n in range(8)]
    box.fill("DROP TABLE media_assets")
    box.press("Control+Enter")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Not answered")).to_be_visible()


def test_the_list_of_a_phone_is_downloaded(
    page: Page, serve: Serve, home: Household, tmp_path: Path
) -> None:
    open_page(page, serve(BACKUP_TARGETS="/mnt/usb"), "backup")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Safe files").first.click()
    waiting.value.save_as(tmp_path / "safe.csv")
    with (tmp_path / "safe.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 and {row["safe"] for row in rows} == {"yes"}
    assert all(row["path"].startswith("iphone/") for row in rows)
