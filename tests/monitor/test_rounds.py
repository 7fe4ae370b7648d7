"""A round: a probe that hangs or fails is told, and keeps none of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.monitor.rounds import Rounds
from photo_factory.shared.errors import LedgerAway

WATCH: Watch = None  # type: ignore[assignment] -- the probes here look at nothing


@pytest.fixture
def hung() -> Iterator[threading.Event]:
    release = threading.Event()
    yield release
    release.set()


def _fine(_watch: Watch) -> Reading:
    return Reading("OK", "fine")


def test_one_that_hangs_is_told_and_not_sent_out_again(hung: threading.Event) -> None:
    sent = []

    def hangs(_watch: Watch) -> Reading:
        sent.append(1)
        hung.wait(60)
        return Reading("OK", "back")

    rounds = Rounds({"nfs": hangs, "fine": _fine}, patience=0.3)
    for _ in range(2):
        found = rounds.run(WATCH, {"nfs", "fine"}, threading.Event())
        assert found["fine"].status == "OK"
        assert found["nfs"].status == "ERROR" and "not answered" in str(found["nfs"].message)
    assert sent == [1]
    hung.set()
    until = time.monotonic() + 10
    while found["nfs"].status != "OK" and time.monotonic() < until:
        found = rounds.run(WATCH, {"nfs", "fine"}, threading.Event())
    assert found["nfs"].task == "back"


def test_one_that_fails_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    def fails(_watch: Watch) -> Reading:
        raise KeyError("first\nsecond")

    found = Rounds({"bad": fails}).run(WATCH, {"bad"}, threading.Event())["bad"]
    assert found.status == "ERROR" and "KeyError" in str(found.message)
    assert "\n" not in str(found.message)
    assert "the probe bad failed" in caplog.text


def test_a_ledger_that_goes_away_meanwhile_is_no_fault_of_the_probe() -> None:
    def away(_watch: Watch) -> Reading:
        raise LedgerAway("gone")

    found = Rounds({"backlog": away}).run(WATCH, {"backlog"}, threading.Event())["backlog"]
    assert (found.status, found.message) == ("WARNING", "gone")


def test_a_stop_is_heeded_at_once(hung: threading.Event) -> None:
    def hangs(_watch: Watch) -> Reading:
        hung.wait(60)
        return Reading("OK", "back")

    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    assert Rounds({"nfs": hangs}).run(WATCH, {"nfs"}, stop) == {}
    assert time.monotonic() - began < 5


def test_two_rounds_at_once_share_a_probe_that_is_on_its_way() -> None:
    asked = []

    def slow(_watch: Watch) -> Reading:
        asked.append(1)
        time.sleep(0.5)
        return Reading("OK", "looked")

    rounds = Rounds({"slow": slow})
    brought: list[dict[str, Reading]] = []

    def run() -> None:
        brought.append(rounds.run(WATCH, {"slow"}, threading.Event()))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one["slow"].task for one in brought] == ["looked", "looked"]
    assert len(asked) == 1
