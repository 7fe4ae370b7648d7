"""The lists on a target: written again after a crash, never where the marker is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from photo_factory.addons.backup import sums
from photo_factory.addons.backup.targets import MARKER, open_target
from tests.addons.backup.test_service import a_target, rows, run, sums_hold
from tests.factory import Factory


def test_lists_that_a_crash_prevented_are_written_at_the_next_start(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    usb = a_target(factory)
    factory.drop("a.jpg")
    factory.ingest()
    with monkeypatch.context() as crashing:
        crashing.setattr(sums.Sums, "flush", lambda _self: None)
        run(factory, usb)
    assert sums_hold(usb) == 0
    assert run(factory, usb)
    assert sums_hold(usb) == 1


def test_lists_are_not_written_where_the_marker_is_gone(factory: Factory) -> None:
    """As when a disk is not mounted: what it was mounted on is still there."""
    usb = a_target(factory)
    factory.drop("a.jpg")
    factory.ingest()
    assert run(factory, usb)
    unmounted = factory.home / "away"
    usb.rename(unmounted)
    usb.mkdir()
    assert run(factory, usb)
    assert list(usb.iterdir()) == []
    (usb / MARKER).touch()
    assert run(factory, usb)
    assert [one.name for one in usb.rglob("SHA256SUMS")] == ["SHA256SUMS"]


class Timers:
    """In the place of threading.Timer: how long each one was to wait, and none runs by itself."""

    def __init__(self) -> None:
        self.spans: list[float] = []
        self.daemon, self._due = False, [lambda: None]

    def __call__(self, span: float, then: Callable[[], None]) -> Timers:
        self.spans.append(span)
        self._due.append(then)
        return self

    def start(self) -> None:
        """It is called by `ring`."""

    def cancel(self) -> None:
        self._due.append(lambda: None)

    def ring(self) -> None:
        self._due[-1]()


def test_lists_of_a_target_that_is_away_are_tried_ever_more_rarely(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    usb, timers = a_target(factory), Timers()
    factory.drop("a.jpg")
    factory.ingest()
    assert run(factory, usb)
    target = open_target(str(usb), factory.settings())
    lists = sums.Sums(target, factory.engine, factory.paths)
    monkeypatch.setattr(threading, "Timer", timers)
    (listed,) = usb.rglob("SHA256SUMS")
    listed.unlink()
    (usb / MARKER).rename(usb / "hidden")
    lists.changed(rows(factory)[0]["path"])
    for _ in range(10):
        timers.ring()
    assert timers.spans == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert not listed.exists()
    (usb / "hidden").rename(usb / MARKER)
    timers.ring()
    assert listed.exists() and len(timers.spans) == 11
    lists.changed(rows(factory)[0]["path"])
    assert timers.spans[-1] == 2, "what is back is written to as before"


def test_nothing_is_tried_again_once_the_service_has_ended(factory: Factory) -> None:
    usb = a_target(factory)
    factory.drop("a.jpg")
    factory.ingest()
    assert run(factory, usb)
    (usb / MARKER).unlink()
    before = set(threading.enumerate())
    assert run(factory, usb)
    waiting = set(threading.enumerate()) - before
    timers = [one for one in waiting if isinstance(one, threading.Timer)]
    assert all(one.finished.is_set() for one in timers)
