"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from photo_factory.librarian import metadata_extractor, records
from photo_factory.shared.media.child import MODULES
from photo_factory.shared.media.sandbox import Sandbox
from tests.faults.workshop import Workshop


class _Lasting:
    """A sandbox that outlives the Librarians that think they close it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.map = sandbox.map

    def close(self) -> None:
        pass


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[_Lasting]:
    sandbox = Sandbox(workers=1, preload=MODULES)
    yield _Lasting(sandbox)
    sandbox.close()


@pytest.fixture
def quick(_sandbox: _Lasting, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sandbox for all runs, and a database that is asked again at once."""
    monkeypatch.setattr(metadata_extractor, "Sandbox", lambda **_: _sandbox)
    monkeypatch.setattr(records, "RETRY_AFTER", 0.0)


@pytest.fixture
def workshop(tmp_path: Path, quick: None) -> Workshop:
    """A Librarian in this process, on SQLite."""
    return Workshop(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite3")


@pytest.fixture
def both(tmp_path: Path, quick: None, ledger_url: str) -> Workshop:
    """A Librarian in this process, once on each database."""
    return Workshop(tmp_path, ledger_url)


@pytest.fixture
def made(tmp_path: Path, quick: None) -> Callable[..., Workshop]:
    """Makes a workshop with settings of its own."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    return lambda **settings: Workshop(tmp_path, settings.pop("url", url), **settings)
