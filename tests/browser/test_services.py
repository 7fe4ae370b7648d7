"""A whole factory under `photo-factory up`, watched and steered in a real browser."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from photo_factory.shared import processes
from tests.browser.conftest import PATIENCE, Dashboard, Serve, open_page, settled
from tests.browser.watching import SEEN_WITHIN_S, card, choose, is_red, pid_of, until
from tests.factory import Factory, photo

pytestmark = pytest.mark.part("chromium")


@pytest.fixture
def up(serve: Serve, factory: Factory) -> Dashboard:
    """Everything runs, and a photo is filed."""
    factory.drop("pixel-7/a.jpg", photo())
    dashboard = serve("up", HEARTBEAT_INTERVAL="1", DASHBOARD_CONTROL="true", DASHBOARD_REFRESH="2")
    until(factory.assets)
    until(lambda: factory.status("geocode")["current_task"] == "waiting for photos")
    return dashboard


def test_it_sees_within_ten_seconds_what_befalls_a_service(
    page: Page, up: Dashboard, factory: Factory
) -> None:
    open_page(page, up)
    geocode = card(page, "geocode")
    expect(geocode).to_contain_text("OK")
    expect(page.get_by_text("In the archive")).to_be_visible()

    # Frozen: its process is there, and does nothing.
    frozen = until(lambda: pid_of(factory, "geocode"))
    os.kill(frozen, signal.SIGSTOP)
    try:
        expect(geocode).to_contain_text("ERROR", timeout=SEEN_WITHIN_S * 1000)
        expect(geocode).to_contain_text("frozen (stopped by a signal)")
        red = geocode.get_by_text("ERROR", exact=True)
        assert is_red(red.evaluate("element => getComputedStyle(element).color"))
        expect(page.get_by_text(re.compile(r"geocode: its process is frozen"))).to_be_visible()
    finally:
        os.kill(frozen, signal.SIGCONT)
    expect(geocode).to_contain_text("OK")

    # Wished away: it stays so, and that is no error.
    processes.wish(factory.paths.services, "geocode", processes.Wish("stopped"))
    expect(geocode).to_contain_text("STOPPED", timeout=SEEN_WITHIN_S * 1000)
    expect(geocode).to_contain_text("somebody stopped its process")


def test_it_sees_within_ten_seconds_that_a_service_dies(
    page: Page, up: Dashboard, factory: Factory
) -> None:
    open_page(page, up)
    backup = card(page, "backup")
    expect(backup).to_contain_text("OK")
    died = "died (signal SIGKILL) and is started again"
    # Killed again and again, so that the supervisor waits ever longer before it starts it.
    deadline = time.monotonic() + SEEN_WITHIN_S
    while time.monotonic() < deadline and died not in backup.inner_text():
        pid = pid_of(factory, "backup")
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        page.wait_for_timeout(200)
    expect(backup).to_contain_text(re.compile(f"ERROR.*{re.escape(died)}", re.DOTALL), timeout=2000)
    # It comes back by itself, and that it was gone is not hidden.
    expect(backup).to_contain_text("it ended, and was started again", timeout=3 * PATIENCE * 1000)
    expect(backup).to_contain_text("WARNING")


def test_it_restarts_a_service_when_one_is_sure(
    page: Page, up: Dashboard, factory: Factory
) -> None:
    before = until(lambda: pid_of(factory, "librarian"))
    open_page(page, up, "services")
    choose(page, "librarian")
    settled(page)
    page.get_by_role("button", name="Restart").click()
    page.get_by_role("button", name="Yes, restart it").click()
    until(lambda: (pid := pid_of(factory, "librarian")) and pid != before)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text(re.compile("supervisor: librarian is asked to end"))).to_be_visible()
    page.get_by_label("Search its log").fill("no such words")
    page.get_by_label("Search its log").press("Enter")
    expect(page.get_by_text("Nothing like that was said lately.")).to_be_visible()
    (acted,) = factory._rows(_actions())
    assert (acted["action"], acted["subject"], acted["who"]) == (
        "restart service", "librarian", "this machine",
    )  # fmt: skip


def _actions() -> Any:
    from sqlalchemy import select

    from photo_factory.shared.ledger.models import Action

    return select(Action.__table__)
