"""The monitor's own files: durable, and no reason to stand still when their disk hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from photo_factory.monitor import keeping
from photo_factory.monitor.keeping import Keeper
from photo_factory.shared.files import replace_durably


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until it is set, every write hangs as on a disk that is away."""
    back = threading.Event()

    def write(path: Path, content: bytes) -> None:
        back.wait()
        replace_durably(path, content)

    monkeypatch.setattr(keeping, "replace_durably", write)
    yield back
    back.set()


def test_it_is_written_when_it_returns(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "new" / "spool.json")
    for content in (b"first", b"second"):
        keeper.keep(content)
        assert (tmp_path / "new" / "spool.json").read_bytes() == content


def test_a_disk_that_hangs_is_waited_for_once(tmp_path: Path, hung: threading.Event) -> None:
    keeper = Keeper(tmp_path / "spool.json", patience=0.3)
    began = time.monotonic()
    for number in range(20):
        keeper.keep(f"number {number}".encode())
    assert 0.3 <= time.monotonic() - began < 2
    hung.set()
    deadline = time.monotonic() + 10
    while keeper._writer is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (tmp_path / "spool.json").read_bytes() == b"number 19"


def test_a_write_that_fails_is_told_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    keeper = Keeper(tmp_path / "file" / "spool.json")
    for _ in range(2):
        with pytest.raises(OSError, match="file"):
            keeper.keep(b"lost")
