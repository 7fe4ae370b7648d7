"""A ledger as an earlier program left it, on each kind of database."""

from __future__ import annotations

import pytest

from tests.upgrade import ledgers


@pytest.fixture(params=ledgers.STEPS)
def step(request: pytest.FixtureRequest) -> str:
    """The step of a kept ledger."""
    kept: str = request.param
    return kept


@pytest.fixture
def old_url(step: str, ledger_url: str) -> str:
    """The URL of a kept ledger, which nothing has migrated yet."""
    ledgers.load(step, ledger_url)
    return ledger_url
