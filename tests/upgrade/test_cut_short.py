"""A migration that dies on its way leaves the ledger as it was; run again, it gets through."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from photo_factory.shared.ledger.migrations import HEAD
from tests.upgrade import ledgers


@pytest.mark.parametrize("step", ledgers.STEPS[-1:], indirect=True)
def test_it_may_be_killed_at_any_statement(old_url: str) -> None:
    before = ledgers.without_step(ledgers.content(old_url))
    done = subprocess.run(
        [sys.executable, "-m", "tests.upgrade.kills", old_url], cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # It drops and makes each view, makes each table, and more.
    assert int(done.stdout) > 40
    assert ledgers.content(old_url, before) == before
    assert ledgers.step_of(old_url) == HEAD
