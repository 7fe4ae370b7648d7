"""Opens a page of the dashboard without a browser, on a factory of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from photo_factory.dashboard import access
from photo_factory.dashboard import app as app_module
from photo_factory.dashboard.context import forget_context
from tests.factory import Factory

APP = str(Path(app_module.__file__))

PATIENCE = 60.0
"""Seconds a page may take on a busy machine; how fast it is, is measured elsewhere."""


class OpenPage(Protocol):
    """Opens a page by the name of its file; keywords are settings, such as DASHBOARD_CONTROL."""

    def __call__(self, name: str = "overview", **settings: str) -> AppTest: ...


@pytest.fixture
def factory(tmp_path: Path) -> Iterator[Factory]:
    """An empty factory on SQLite; its ledger is made when it is first asked for."""
    made = Factory(tmp_path / "factory")
    yield made
    made.close()


@pytest.fixture
def open_page(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPage]:
    """Every page that is opened sees the factory of this test, and nothing of another test."""

    def opened(name: str = "overview", **settings: str) -> AppTest:
        for variable, value in factory.environment(**settings).items():
            monkeypatch.setenv(variable, value)
        forget()
        page = AppTest.from_file(APP, default_timeout=PATIENCE)
        if name != "overview":  # the default page has no path of its own
            page.switch_page(f"app_pages/{name}.py")
        return page.run()

    config.set_option("runner.magicEnabled", False)  # as the dashboard's own server has it
    forget()
    yield opened
    forget()


def forget() -> None:
    """Let go of what the dashboard keeps for all its sessions, the ledger's engine with it."""
    forget_context()
    access.forget_doors()
    st.cache_resource.clear()
    st.cache_data.clear()


def text_of(page: AppTest) -> str:
    """Everything a page says in words, for a test that asks whether something is told."""
    kinds = (
        page.title, page.header, page.subheader, page.markdown, page.caption, page.text,
        page.error, page.warning, page.info, page.success, page.sidebar.markdown,
        page.sidebar.caption,
    )  # fmt: skip
    told = [str(one.value) for kind in kinds for one in kind]
    told += [f"{one.label} {one.value} {one.delta or ''}" for one in page.metric]
    return "\n".join(told)
