"""The dashboard in a real browser: the frame around the pages, and the door."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from photo_factory.dashboard.doors import hashed
from tests.browser.conftest import Serve, open_page, settled

pytestmark = pytest.mark.part("chromium")

PASSWORD = "correct horse battery"


def test_it_asks_no_other_machine(page: Page, serve: Serve) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.split("/")[2].split(":")[0]))
    page.on("websocket", lambda socket: asked.add(socket.url.split("/")[2].split(":")[0]))
    open_page(page, serve())
    expect(page.get_by_role("link", name="Overview")).to_be_visible()
    assert asked == {"127.0.0.1"}


def test_it_lets_in_and_out(page: Page, serve: Serve) -> None:
    dashboard = serve(DASHBOARD_PASSWORD=hashed(PASSWORD), DASHBOARD_ADDRESS="127.0.0.1")
    page.goto(dashboard.url)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("That password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("owner at 127.0.0.1")).to_be_visible()
    page.reload()  # the session is the browser's, not one page's
    expect(page.get_by_text("owner at 127.0.0.1")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto(f"{dashboard.url}/library")
    expect(page.get_by_label("Password")).to_be_visible()
