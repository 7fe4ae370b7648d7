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
from tests.factory import Factory, photo

pytestmark = pytest.mark.part("chromium")

SEEN_WITHIN_S = 10


def pid_of(factory: Factory, name: str) -> int | None:
    told = processes.told(factory.paths.services)
    return next((one.pid for one in told.processes if one.name == name), None) if told else None


def until(condition: Any) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert value
    return value


@pytest.fixture
def up(serve: Serve, factory: Factory) -> Dashboard:
    """Everything runs, and a photo is filed."""
    factory.drop("pixel-7/a.jpg", photo())
    dashboard = serve("up", HEARTBEAT_INTERVAL="1", DASHBOARD_CONTROL="true", DASHBOARD_REFRESH="2")
    until(factory.assets)
    until(lambda: factory.status("geocode")["current_task"] == "waiting for photos")
    return dashboard


def card(page: Page, name: str) -> Any:
    """The card of a service on the Overview."""
    title = page.get_by_test_id("stMarkdownContainer").filter(
        has=page.get_by_text(name, exact=True)
    )
    return page.get_by_test_id("stVerticalBlock").filter(has=title).last


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
    # Killed again and again, so that the supervisor waits ever longer before it starts it.
    deadline = time.monotonic() + SEEN_WITHIN_S
    while time.monotonic() < deadline and "ERROR" not in backup.inner_text():
        pid = pid_of(factory, "backup")
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        page.wait_for_timeout(200)
    expect(backup).to_contain_text("died (signal SIGKILL) and is started again", timeout=2000)
    expect(backup).to_contain_text("OK")  # and it comes back by itself


def is_red(colour: str) -> bool:
    red, green, blue = (int(float(one)) for one in re.findall(r"[\d.]+", colour)[:3])
    return red > 1.5 * max(green, blue)


def test_it_restarts_a_service_when_one_is_sure(
    page: Page, up: Dashboard, factory: Factory
) -> None:
    before = until(lambda: pid_of(factory, "librarian"))
    open_page(page, up, "services")
    page.locator(".st-key-service").get_by_role("combobox").click()
    page.get_by_role("option", name="librarian").click()
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
