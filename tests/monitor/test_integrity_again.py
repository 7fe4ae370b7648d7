"""What was found wrong is looked at again when that may help, and keeps nothing else waiting."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photo_factory.monitor import integrity, integrity_again, integrity_sweep
from photo_factory.monitor.integrity import Integrity
from photo_factory.monitor.integrity_looks import Original, Wrong, look
from photo_factory.monitor.integrity_sweep import Sweep
from photo_factory.monitor.reading import Watch
from photo_factory.shared import findings
from tests.factory import Factory

Looks = Counter[str]


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    factory = Factory(tmp_path / "home")
    for number in range(4):
        factory.drop(f"{number:02d}.jpg")
    factory.ingest()
    return factory


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """How often each name was read."""
    counted: Looks = Counter()

    def counting(original: Original, path: Path, told: Callable[[int], None]) -> Wrong | None:
        counted[path.name[-6:]] += 1
        return look(original, path, told)

    monkeypatch.setattr(integrity, "look", counting)
    monkeypatch.setattr(integrity, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(integrity, "pace", lambda _watch: 1e12)
    return counted


def reader(factory: Factory) -> Integrity:
    return Integrity(Watch(factory.settings(), factory.paths, factory.engine), rest_s=0)


def works(worker: Integrity, steps: int) -> None:
    for _ in range(steps):
        worker.work(threading.Event())


def damage(factory: Factory, name: str, content: bytes = b"x") -> Path:
    path = factory.on_disk(factory.asset(name))
    path.write_bytes(path.read_bytes()[: -len(content)] + content)
    return path


def kinds(factory: Factory) -> list[str]:
    return [one.kind for one in findings.listed(factory.engine)]


def found_by_hand(factory: Factory) -> None:
    reader(factory).round(threading.Event(), 100, lambda _size: None)


def test_a_damaged_original_that_stays_as_it_is_is_not_read_again_and_again(
    factory: Factory, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(factory, "03.jpg")
    found_by_hand(factory)
    looks.clear()
    worker = reader(factory)
    works(worker, 5)
    monkeypatch.setattr(integrity, "LOOK_AGAIN_S", 300.0)
    works(worker, 20)
    assert looks["03.jpg"] == 1
    assert all(looks[name] for name in ("00.jpg", "01.jpg", "02.jpg"))
    monkeypatch.setattr(integrity_again, "STALE_AFTER_S", 0.0)
    monkeypatch.setattr(worker, "_look_again_at", 0.0)
    works(worker, 3)
    assert looks["03.jpg"] == 2


def test_a_damaged_original_is_read_again_as_soon_as_its_file_is_another_one(
    factory: Factory, looks: Looks
) -> None:
    path = damage(factory, "03.jpg")
    right = path.read_bytes()
    found_by_hand(factory)
    looks.clear()
    worker = reader(factory)
    works(worker, 3)
    assert looks["03.jpg"] == 0  # and nothing else is due in these steps
    path.write_bytes(right + b"half")
    works(worker, 1)
    assert looks["03.jpg"] == 0  # of another size: it cannot be right
    path.write_bytes(right[:-1] + b"z")
    works(worker, 1)
    assert looks["03.jpg"] == 1
    assert kinds(factory) == ["changed"]


def test_findings_beyond_the_first_ones_have_their_turn(
    factory: Factory, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity_again, "AT_ONCE", 1)
    rights = {}
    for name in ("01.jpg", "02.jpg", "03.jpg"):
        path = factory.on_disk(factory.asset(name))
        rights[path] = path.read_bytes()
        damage(factory, name)
    found_by_hand(factory)
    worker = reader(factory)
    works(worker, 6)
    for path, content in rights.items():
        path.write_bytes(content)
    works(worker, 4)
    assert kinds(factory) == []


def test_a_damaged_original_that_is_removed_becomes_missing_without_a_sweep(
    factory: Factory, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps: list[Any] = []

    def counting(watch: Watch) -> Any:
        sweeps.append(Sweep(watch))
        return sweeps[-1]

    monkeypatch.setattr(integrity, "Sweep", counting)
    path = damage(factory, "03.jpg")
    found_by_hand(factory)
    worker = reader(factory)
    works(worker, 2)
    sweeps.clear()
    path.unlink()
    works(worker, 20)
    assert (kinds(factory), sweeps) == (["missing"], [])


def test_a_restart_begins_no_sweep_anew_until_a_day_is_over(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    works(reader(factory), 1)
    path = factory.on_disk(factory.asset("03.jpg"))
    path.unlink()
    works(reader(factory), 1)
    assert kinds(factory) == []
    monkeypatch.setattr(integrity, "SWEEP_EVERY_S", 0.0)
    works(reader(factory), 1)
    assert kinds(factory) == ["missing"]


def test_a_sweep_goes_by_the_paths_whatever_the_ids_are(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(integrity_sweep, "AT_ONCE", 1)

    def size_of(_watch: Watch, original: Original) -> int:
        seen.append(original.final_path)
        return original.size_bytes

    monkeypatch.setattr(integrity_sweep, "size_of", size_of)
    sweep = Sweep(Watch(factory.settings(), factory.paths, factory.engine))
    while sweep.slice():
        pass
    assert seen == sorted(row["final_path"] for row in factory.assets())
