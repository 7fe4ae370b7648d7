"""A factory on each database, and a quick one for what the ledger has no part in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.factory import Factory


@pytest.fixture
def factory(tmp_path: Path, ledger_url: str, engine: Engine) -> Iterator[Factory]:
    """A factory; the test runs once on each kind of database."""
    made = Factory(tmp_path / "factory", ledger_url)
    yield made
    made.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Factory]:
    """A factory with the embedded ledger inside its storage, not made yet."""
    made = Factory(tmp_path / "factory")
    yield made
    made.close()
