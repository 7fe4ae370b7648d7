"""The dashboard in the stack: behind a password, and with the containers as Docker sees them."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import settled
from tests.stack.engine import Stack, until

URL = "http://127.0.0.1:8501"


def enter(page: Page, password: str) -> None:
    page.goto(URL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name=re.compile("Enter|Sign in|Log in")).click()


def open_page(page: Page, name: str) -> None:
    """Open a page whole: while an engine makes networks, Chromium gives up what it is loading."""
    for _ in range(5):
        page.goto(f"{URL}/{name}")
        settled(page)
        if not page.get_by_text("Failed to fetch dynamically imported module").count():
            break


def test_syncthing_is_healthy_by_now(stack: Stack) -> None:
    """The one container that nobody waits for: Docker asks it every two minutes only."""
    until(lambda: stack.is_healthy("syncthing"))


def test_a_wrong_password_shows_nothing(stack: Stack, page: Page) -> None:
    enter(page, "wrong")
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_role("heading", name="Overview")).to_have_count(0)


def test_the_password_of_init_shows_the_containers(stack: Stack, page: Page) -> None:
    enter(page, stack.password)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    open_page(page, "services")
    # Whichever service the page opens with: one that starts comes before those that are well.
    told = r"container photo-factory-\S+ \w+.*, up since .+, image (photo-factory:core|haproxy:2)"
    expect(page.get_by_text(re.compile(told)).first).to_be_visible()
    # A table is drawn on a canvas; what stands in it is there for screen readers.
    expect(page.locator("[role=gridcell]", has_text="factory-db").first).to_be_attached()


def test_nothing_can_be_stopped_where_that_is_not_allowed(
    stack: Stack, page: Page, browser: Browser
) -> None:
    enter(page, stack.password)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    open_page(page, "services")
    expect(page.get_by_role("button", name="Restart")).to_have_count(0)
