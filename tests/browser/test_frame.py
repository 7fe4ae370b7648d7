"""The dashboard in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve, open_page

pytestmark = pytest.mark.part("chromium")


def test_it_opens(page: Page, serve: Serve) -> None:
    open_page(page, serve())
    expect(page.get_by_role("link", name="Overview")).to_be_visible()
