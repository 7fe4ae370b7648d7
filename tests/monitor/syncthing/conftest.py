"""Two real Syncthings, a phone and a NAS, that know each other; and a factory beside the NAS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from photo_factory.shared.settings import Settings
from tests.factory import Factory
from tests.parts import Syncthing, require_part

PATIENCE = 60.0
"""Seconds after which something counts as not happening: a reconnection may take 20."""


def until(condition: Callable[[], Any], what: str = "") -> Any:
    """Wait for something to become true; its value."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, what or condition
        time.sleep(0.1)
    return value


class Pair:
    """A phone and a NAS."""

    def __init__(self, home: Path) -> None:
        self.phone = Syncthing(home / "phone", "phone")
        self.nas = Syncthing(home / "nas", "nas")

    def start(self) -> None:
        for one in (self.phone, self.nas):
            one.create()
            one.start()
        self.meet()

    def meet(self) -> None:
        """Have them know each other, and wait until they do."""
        self.phone.knows(self.nas)
        self.nas.knows(self.phone)
        until(lambda: self.nas.is_connected_to(self.phone), "they do not connect")

    def stop(self) -> None:
        self.phone.stop()
        self.nas.stop()

    def forget_folders(self) -> None:
        for one in (self.phone, self.nas):
            for folder in one.ask("config/folders"):
                one.ask(f"config/folders/{folder['id']}", method="DELETE")


@pytest.fixture(scope="session")
def _pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    require_part("Syncthing", "syncthing", Syncthing.is_installed())
    pair = Pair(tmp_path_factory.mktemp("syncthing"))
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()


@pytest.fixture
def pair(_pair: Pair) -> Iterator[Pair]:
    """They share nothing when the test begins."""
    yield _pair
    _pair.forget_folders()


@pytest.fixture
def factory(tmp_path: Path) -> Iterator[Factory]:
    """A factory with the embedded ledger."""
    made = Factory(tmp_path / "factory")
    yield made
    made.close()


def asking(factory: Factory, syncthing: Syncthing, **changes: Any) -> Settings:
    """The factory's settings when this Syncthing feeds its inbox."""
    given = {"SYNCTHING_URL": syncthing.url, "SYNCTHING_API_KEY": syncthing.key, **changes}
    return factory.settings(**given)
