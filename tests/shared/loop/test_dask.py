"""EXECUTOR=dask://… hands the work to a cluster: a real scheduler and two worker processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dask_cluster import dask_cluster
from tests.parts import free_port
from tests.shared.loop.conftest import Shop

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
