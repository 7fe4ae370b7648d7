"""Power cuts: a disk that forgets what was not fsynced, in the middle of the work."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from photo_factory.shared.files import fsync_file, fsync_folder
from tests.faults import invariant
from tests.faults.disks import PowerCutDisk, power_cut_disk
from tests.faults.factory import Factory
from tests.faults.lives import Lives
from tests.faults.stream import Stream
from tests.parts import PostgreSQL

CUTS = 20 if os.environ.get("FAULTS") == "long" else 3

INBOXES = ["inbox elsewhere", "inbox on the same disk"]

pytestmark = pytest.mark.timeout(300 * CUTS)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[PowerCutDisk]:
    with power_cut_disk(tmp_path) as disk:
        yield disk


@pytest.mark.parametrize("inbox", INBOXES)
@pytest.mark.parametrize("ledger", ["sqlite", "postgresql"])
def test_it_keeps_the_promise_through_power_cuts(
    tmp_path: Path, disk: PowerCutDisk, inbox: str, ledger: str, request: pytest.FixtureRequest
) -> None:
    url = _postgresql(request) if ledger == "postgresql" else None  # SQLite: on the disk itself
    factory = Factory(
        tmp_path,
        url,
        disk.folder / "Storage",
        disk.folder / "Photos_Inbox" if inbox == INBOXES[1] else None,
        stability_delay=0,
    )
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 -- shown where the test fails
    stream = Stream(factory, seed)
    with Lives(factory) as lives:
        stream.more(6)
        lives.whole()  # makes the ledger
        longest = _seconds_of_a_run(stream, lives)
        interrupted = 0
        while interrupted < CUTS:  # a cut that came after the work proves little
            stream.more(40)
            _sync(factory.inbox)
            # Nothing ends the life before the cut but the cut: the disk fails while it works.
            lives.begin(kill_after=longest + 5)
            time.sleep(stream.random.uniform(0.01, longest))
            disk.cut()
            interrupted += lives.end().code != 0
            disk.unplug()
            disk.plug_in()
            invariant.check_bytes_only(factory, factory.given)
            invariant.check_rows_only(factory)
            lives.whole()
            invariant.check(factory, factory.given)


def _seconds_of_a_run(stream: Stream, lives: Lives) -> float:
    stream.more(40)
    return lives.whole().seconds


def _postgresql(request: pytest.FixtureRequest) -> str:
    server: PostgreSQL = request.getfixturevalue("postgres")
    return server.create_database(f"cuts_{random.randrange(1 << 32)}")


def _sync(inbox: Path) -> None:
    """What arrived is on the disk, whatever the program that brought it does about that."""
    for folder, _, names in os.walk(inbox):
        for name in names:
            fsync_file(Path(folder, name))
        fsync_folder(folder)
