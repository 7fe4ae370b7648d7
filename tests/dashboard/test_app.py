"""Every page opens."""

from __future__ import annotations

import pytest

from photo_factory.dashboard.app import PAGES
from tests.dashboard.conftest import OpenPage
from tests.factory import Factory
from tests.parts import free_port

NAMES = [name for name, _title, _icon in PAGES]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_in_an_empty_factory(name: str, open_page: OpenPage, factory: Factory) -> None:
    assert factory.engine
    page = open_page(name)
    assert not page.exception


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_while_the_database_is_away(name: str, open_page: OpenPage) -> None:
    away = f"postgresql://photo@127.0.0.1:{free_port()}/photos"
    page = open_page(name, DATABASE_URL=away)
    assert not page.exception
