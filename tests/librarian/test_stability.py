"""When a file has settled."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from photo_factory.librarian.arrivals import Arrival
from photo_factory.librarian.stability import Stability


def arrival(path: Path) -> Arrival:
    return Arrival.of(str(path), str(path.parent), path.lstat())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x")
    return path


def test_it_believes_the_kernel_how_old_the_last_change_is(file: Path) -> None:
    assert 50 < Stability(60).wait_for(arrival(file)) <= 60
    time.sleep(0.05)
    assert Stability(0.01).wait_for(arrival(file)) == 0


def test_it_is_not_deceived_by_an_old_mtime(file: Path) -> None:
    os.utime(file, (0, 0))
    assert Stability(60).wait_for(arrival(file)) > 50


@pytest.mark.parametrize("trusts_ctime", [True, False])
def test_it_watches_what_claims_to_be_of_the_future(file: Path, trusts_ctime: bool) -> None:
    future = time.time() + 1e6
    os.utime(file, (future, future))
    stability = Stability(0.1, trusts_ctime=trusts_ctime)
    assert stability.wait_for(arrival(file)) > 0
    time.sleep(0.15)
    assert stability.wait_for(arrival(file)) == 0


def test_it_believes_only_itself_where_another_clock_stamps(file: Path) -> None:
    time.sleep(0.15)
    stability = Stability(0.1, trusts_ctime=False)
    assert stability.wait_for(arrival(file)) > 0
    time.sleep(0.15)
    assert stability.wait_for(arrival(file)) == 0


def test_it_begins_anew_with_every_change(file: Path) -> None:
    stability = Stability(0.2, trusts_ctime=False)
    for content in (b"xx", b"xxx"):
        stability.wait_for(arrival(file))
        time.sleep(0.15)
        file.write_bytes(content)
    assert stability.wait_for(arrival(file)) > 0.15


def test_it_counts_a_rename_into_place_as_settled_once(file: Path) -> None:
    stability = Stability(60)
    stability.renamed_into_place(str(file))
    assert stability.wait_for(arrival(file)) == 0
    assert stability.wait_for(arrival(file)) > 50


def test_it_forgets_what_left(file: Path) -> None:
    stability = Stability(60)
    stability.renamed_into_place(str(file))
    stability.forget(str(file))
    assert stability.wait_for(arrival(file)) > 50


def test_it_needs_no_quiet_period_of_no_length(file: Path) -> None:
    assert Stability(0).wait_for(arrival(file)) == 0
