"""Breakers that trip and reset at any moment, and kills: what is held stays, nothing is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import Engine

from photo_factory.shared import breakers
from photo_factory.shared.ledger.database import connect
from tests.faults import invariant
from tests.faults.factory import Factory
from tests.faults.lives import Lives
from tests.faults.stream import Stream

KILLS = 12
HELD = "pixel-7"

pytestmark = pytest.mark.timeout(300)


def set_breaker(engine: Engine, is_tripped: bool) -> None:
    change = breakers.trip if is_tripped else breakers.reset
    with engine.begin() as connection:
        name = breakers.inbox_breaker(HELD)
        change(connection, name, *(["it would delete"] if is_tripped else []))


def held_files(factory: Factory) -> set[Path]:
    return {path for path in (factory.inbox / HELD).rglob("*") if path.is_file()}


def test_it_empties_nothing_that_is_held_and_loses_nothing_in_kills(
    tmp_path: Path, ledger_url: str
) -> None:
    factory = Factory(tmp_path, ledger_url, stability_delay=0, workers=1)
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 -- shown where the test fails
    stream = Stream(factory, seed)
    engine = connect(factory.database_url)
    killed = checked = 0
    with Lives(factory) as lives:
        stream.more(8)
        longest = lives.whole().seconds
        while killed < KILLS:
            is_tripped = stream.random.random() < 0.7
            set_breaker(engine, is_tripped)
            stream.more(4)
            before = held_files(factory)
            lives.begin(kill_after=stream.random.uniform(0.005, longest))
            if not is_tripped:  # it trips in the middle
                set_breaker(engine, True)
            killed += lives.end().killed
            if is_tripped:
                assert before <= held_files(factory), "it emptied what is held"
                checked += len(before)
            invariant.check_bytes_only(factory, factory.given)
            invariant.check_rows_only(factory)
        set_breaker(engine, False)
        lives.whole()
        invariant.check(factory, factory.given)
    engine.dispose()
    assert checked
