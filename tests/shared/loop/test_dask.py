"""EXECUTOR=dask://… hands the work to a cluster: a real scheduler and two worker processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from photo_factory.shared import clock
from tests.dask_cluster import dask_cluster
from tests.parts import free_port
from tests.shared.loop import work
from tests.shared.loop.conftest import Shop, until

# Dask and Tornado keep sockets of their own until the process ends.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dask_cluster(2, tmp_path_factory.mktemp("dask")) as address:
        yield address


def test_both_workers_of_a_cluster_do_the_work(shop: Shop, cluster: str) -> None:
    shop.add(*(f"pid-{i}.jpg" for i in range(24)), "bad.jpg", "breaks.jpg")
    assert shop.run(EXECUTOR=cluster, RETRY_AFTER="60") is False
    assets = shop.assets()
    assert len({assets[f"pid-{i}.jpg"]["mime_type"] for i in range(24)}) == 2
    assert "it is no picture" in assets["bad.jpg"]["error_message"]
    assert shop.runs()["breaks.jpg"]["last_error"] == "ValueError: surprise"


def test_a_worker_decodes_in_children_too(shop: Shop, cluster: str) -> None:
    shop.add("crash.jpg", "pid.jpg")
    other = shop.change(in_child=True)
    assert other.run(EXECUTOR=cluster, RETRY_AFTER="60") is False
    assert other.assets()["pid.jpg"]["is_thumbnailed"]
    assert "signal 11" in other.runs()["crash.jpg"]["last_error"]


def test_a_cluster_that_is_away_costs_no_tries(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.add("a.jpg")
    monkeypatch.setattr("photo_factory.shared.executors.CONNECT_S", 0.5)
    assert shop.run(EXECUTOR=f"dask://127.0.0.1:{free_port()}") is False
    assert shop.runs() == {}
    assert "does not answer" in shop.status()["message"]


def test_what_was_begun_is_not_worked_twice_because_of_a_pause(shop: Shop, cluster: str) -> None:
    shop.add("begun-1.jpg", "begun-2.jpg", "later.jpg")
    work.away(shop.settings()).touch()
    shop.run(EXECUTOR=cluster)
    assert shop.runs()["later.jpg"]["last_error"] == "the provider does not answer"
    begun = work.begun(shop.settings()).read_text().split()
    assert "begun-2.jpg" in begun
    assert len(begun) == len(set(begun))
    assert all(shop.assets()[name]["is_thumbnailed"] for name in begun)


def test_what_was_begun_is_waited_for_at_a_stop(shop: Shop, cluster: str) -> None:
    shop.add("begun.jpg", "hang.jpg")
    settings, stop = shop.settings(EXECUTOR=cluster, LEASE="60"), threading.Event()
    thread = threading.Thread(target=shop.service.run, args=(settings, stop))
    thread.start()
    until(lambda: work.begun(settings).exists())
    stop.set()
    thread.join(20)
    assert shop.assets()["begun.jpg"]["is_thumbnailed"]
    # It may go on there: who takes it at once would work it at the same time.
    hangs = shop.runs()["hang.jpg"]
    assert (hangs["leased_by"], hangs["tries_left"]) == (None, 5)
    assert (hangs["not_before"] - clock.now()).total_seconds() > 30


def test_a_cluster_that_goes_away_makes_a_pause(
    shop: Shop, tmp_path: Path, running: Callable[..., threading.Thread]
) -> None:
    shop.add("begun-1.jpg", "begun-2.jpg", "begun-3.jpg")
    with dask_cluster(1, tmp_path / "dask") as address:
        thread = running(shop, EXECUTOR=address, HEARTBEAT_INTERVAL="1")
        until(lambda: work.begun(shop.settings()).exists())
    until(lambda: "scheduler" in shop.status()["message"])
    assert shop.status()["status"] == "WARNING"
    assert thread.is_alive()
    unfinished = [run for run in shop.runs().values() if not run["finished_at"]]
    assert {(run["leased_by"], run["tries_left"]) for run in unfinished} == {(None, 5)}
