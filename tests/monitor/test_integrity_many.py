"""A disk that drops out, or a program gone wild, marks no photo: everything stops instead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from photo_factory.monitor import integrity, integrity_many
from photo_factory.monitor.integrity import Integrity
from photo_factory.monitor.integrity_looks import Original, Wrong
from photo_factory.monitor.reading import Watch
from photo_factory.shared import breakers, findings
from photo_factory.shared.findings import Kind
from photo_factory.shared.roots import ASK_EVERY_S, Halted
from tests.factory import Factory

Hurt = Callable[[Kind, int], None]


@pytest.fixture
def factory(tmp_path: Path, ledger_url: str) -> Factory:
    factory = Factory(tmp_path / "home", ledger_url)
    for number in range(24):
        factory.drop(f"{number:02d}.jpg")
    factory.ingest()
    return factory


@pytest.fixture
def hurt(monkeypatch: pytest.MonkeyPatch) -> Hurt:
    """Let so many originals, counted by their names, be wrong from now on."""

    def hurt(kind: Kind, number: int) -> None:
        def look(original: Original, path: Path, _told: Callable[[int], None]) -> Wrong | None:
            is_wrong = int(path.stem) < number
            return Wrong(original, kind, f"{path.name} is {kind}") if is_wrong else None

        monkeypatch.setattr(integrity, "look", look)

    monkeypatch.setattr(integrity, "pace", lambda _watch: 1e12)
    return hurt


def worker(factory: Factory) -> Integrity:
    return Integrity(Watch(factory.settings(), factory.paths, factory.engine), rest_s=0)


def works(factory: Factory, steps: int = 40) -> None:
    worked = worker(factory)
    for _ in range(steps):
        worked.work(threading.Event())


def test_a_disk_that_answers_nothing_but_errors_stops_everything_and_marks_nothing(
    factory: Factory, hurt: Hurt
) -> None:
    hurt("unreadable", 24)
    works(factory)
    assert findings.listed(factory.engine) == []
    reason = breakers.tripped(factory.engine)["archive"]
    assert "10 originals in a row cannot be read" in reason and "these marked" in reason


def test_a_disk_that_drops_out_again_stops_everything_again(factory: Factory, hurt: Hurt) -> None:
    hurt("unreadable", 24)
    worked = worker(factory)
    found = []
    for _ in range(3):
        go_on(factory)
        for _ in range(20):
            worked.work(threading.Event())
        found.append((len(findings.listed(factory.engine)), len(breakers.tripped(factory.engine))))
    assert found == [(0, 1), (10, 1), (24, 0)]  # those it stopped for are marked


def go_on(factory: Factory) -> None:
    """A person says so; for so long a guard does not ask."""
    with factory.engine.begin() as connection:
        breakers.reset(connection, "archive")
    time.sleep(ASK_EVERY_S)


def test_missing_ones_do_not_count_among_those_that_are_wrong(factory: Factory, hurt: Hurt) -> None:
    for row in factory.assets()[:9]:
        factory.on_disk(row).unlink()
    works(factory, steps=1)
    assert len(findings.listed(factory.engine)) == 9
    hurt("changed", 10)
    works(factory)
    assert breakers.tripped(factory.engine) == {}
    assert len(findings.listed(factory.engine)) == 10


@pytest.mark.parametrize("kind", ["changed", "unreadable"])
def test_more_than_a_few_wrong_in_one_round_stop_everything(
    factory: Factory, hurt: Hurt, kind: Kind
) -> None:
    hurt(kind, 7)
    works(factory)
    assert len(findings.listed(factory.engine)) == 7
    assert breakers.tripped(factory.engine) == {}
    hurt(kind, 12)
    with pytest.raises(Halted, match="of 24 originals were found wrong"):
        worker(factory).round(threading.Event(), 100, lambda _size: None)
    assert len(findings.listed(factory.engine)) == 7


def test_those_that_are_known_to_be_unreadable_do_not_count_again(
    factory: Factory, hurt: Hurt, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurt("unreadable", 12)
    monkeypatch.setattr(integrity_many, "MOST", 100)
    monkeypatch.setattr(integrity_many, "IN_A_ROW", 100)
    monkeypatch.setattr(integrity, "IN_A_ROW", 100)
    works(factory)
    assert len(findings.listed(factory.engine)) == 12
    monkeypatch.setattr(integrity_many, "IN_A_ROW", 10)
    monkeypatch.setattr(integrity, "IN_A_ROW", 10)
    works(factory)
    assert breakers.tripped(factory.engine) == {}
