"""What tests of services in a browser look at."""

from __future__ import annotations

import re
import time
from typing import Any

from playwright.sync_api import Page, expect

from photo_factory.shared import processes
from tests.browser.conftest import PATIENCE, settled
from tests.factory import Factory

SEEN_WITHIN_S = 10
"""Seconds within which somebody who looks sees that a service is down."""


def pid_of(factory: Factory, name: str) -> int | None:
    told = processes.told(factory.paths.services)
    return next((one.pid for one in told.processes if one.name == name), None) if told else None


def until(condition: Any) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert value
    return value


def card(page: Page, name: str) -> Any:
    """The card of a service on the Overview."""
    title = page.get_by_test_id("stMarkdownContainer").filter(
        has=page.get_by_text(name, exact=True)
    )
    return page.get_by_test_id("stVerticalBlock").filter(has=title).last


def choose(page: Page, name: str) -> None:
    """Choose a service by typing: of a long list only what is near the chosen one is drawn."""
    settled(page)
    box = page.locator(".st-key-service").get_by_role("combobox")
    if box.input_value() != name:
        box.click()
        box.fill(name)
        page.get_by_role("option", name=name, exact=True).click()
    expect(box).to_have_value(name)
    settled(page)


def is_red(colour: str) -> bool:
    red, green, blue = (int(float(one)) for one in re.findall(r"[\d.]+", colour)[:3])
    return red > 1.5 * max(green, blue)
