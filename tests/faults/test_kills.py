"""SIGKILL at any moment: no input is lost, no name lies, and the next run puts all in order."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import invariant
from tests.faults.disks import tmpfs
from tests.faults.factory import Factory
from tests.faults.lives import Lives
from tests.faults.stream import Stream

MANY = 20 if os.environ.get("FAULTS") == "long" else 1
KILLS = 55 * MANY
"""On each database and each layout of file systems."""

LAYOUTS = ["one file system", "two file systems"]

pytestmark = pytest.mark.timeout(300 * MANY)


@pytest.fixture(params=LAYOUTS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Where the archive stands: beside the inbox, or on another file system."""
    if request.param == LAYOUTS[0]:
        yield tmp_path / "Storage"
        return
    with tmpfs(tmp_path / "disk") as disk:
        yield disk / "Storage"


@pytest.fixture
def factory(tmp_path: Path, ledger_url: str, storage: Path) -> Factory:
    return Factory(tmp_path, ledger_url, storage, stability_delay=0, workers=1)


@pytest.fixture
def lives(factory: Factory) -> Iterator[Lives]:
    with Lives(factory) as lives:
        yield lives


def test_it_keeps_the_promise_through_kills_at_random_moments(
    factory: Factory, lives: Lives
) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 -- shown where the test fails
    stream = Stream(factory, seed)
    stream.more(8)
    lives.whole()  # makes the ledger
    stream.more(8)
    longest = lives.whole().seconds
    killed = 0
    while killed < KILLS:
        # One kill, or several before a run comes to its end: recovery is killed as well.
        for _ in range(stream.random.choice((1, 1, 2, 3))):
            stream.more(stream.random.randint(1, 5))
            lives.begin(kill_after=stream.random.uniform(0.005, longest))
            stream.more(stream.random.randint(0, 2))
            killed += lives.end().killed
            invariant.check_bytes_only(factory, factory.given)
            invariant.check_rows_only(factory)
        longest = 0.9 * longest + 0.1 * lives.whole().seconds
        invariant.check(factory, factory.given)
