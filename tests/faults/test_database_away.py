"""The database is away: filing goes on, and the ledger gets every row when it comes back."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photo_factory.librarian import batch
from photo_factory.librarian.records import Records
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.ledger import on_postgresql, on_sqlite
from tests.faults.outages import Frozen, Locked, Moved, Outage, ReadOnly, Stopped, away, prepared
from tests.faults.workshop import Workshop, photo
from tests.parts import PostgreSQL, require_part
from tests.shared.media.made import xmp

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """A server that only these tests stop and freeze."""
    require_part("PostgreSQL", "postgresql", PostgreSQL.is_installed())
    own = PostgreSQL.create(fsync=False)
    own.start()
    yield own
    own.destroy()


@pytest.fixture(autouse=True)
def impatient(quick: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody waits as long as in a household."""
    monkeypatch.setattr(on_sqlite, "_LOCK_WAIT_S", 0.05)
    monkeypatch.setattr(on_postgresql, "_CONNECT_S", 1)
    with on_postgresql.patience(1):
        yield


@pytest.fixture
def outage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outage]:
    """The kind of outage named by the test, over a migrated ledger."""
    kind = request.param
    if kind in (Stopped, Frozen):
        made = kind(request.getfixturevalue("server"), f"away_{next(_numbers)}")
    else:
        made = kind(tmp_path)
    yield prepared(made)
    made.end()
    if isinstance(made, ReadOnly):
        made.remove()


@pytest.fixture
def shop(tmp_path: Path, outage: Outage) -> Workshop:
    """A Librarian whose database has the outage."""
    return Workshop(tmp_path, outage.url)


def outages(*kinds: type) -> Any:
    return pytest.mark.parametrize("outage", kinds, indirect=True, ids=lambda kind: kind.__name__)


every_outage = outages(Locked, Moved, ReadOnly, Stopped, Frozen)
either = outages(Moved, Stopped)


def caught_up(shop: Workshop) -> None:
    """One more run with the database up leaves nothing waiting."""
    summary = shop.run()
    assert (summary.pending_ledger, summary.all_went_well) == (0, True), shop.reasons()
    assert (shop.paths.journal / "filing.jsonl").stat().st_size == 0


@every_outage
def test_it_files_without_a_database_and_writes_the_rows_in_order(
    shop: Workshop, outage: Outage
) -> None:
    contents = [photo(number) for number in range(6)]
    with away(outage):
        for evening in range(3):  # each run is a program started anew
            for number in (2 * evening, 2 * evening + 1):
                shop.put(f"phone/IMG_{number}.jpg", contents[number])
            summary = shop.run()
            assert (summary.filed, summary.held) == (2, 0), shop.reasons()
            assert summary.pending_ledger == 2 * (evening + 1)
            assert not summary.all_went_well
            assert shop.left() == []
    caught_up(shop)
    shop.check(*contents)
    assert [row["name"] for row in shop.arrivals()] == [f"IMG_{n}.jpg" for n in range(6)]
    assert {row["state"] for row in shop.arrivals()} == {"filed"}
    caught_up(shop)
    assert len(shop.arrivals()) == 6


@outages(Locked, Stopped, Frozen)
def test_it_goes_on_when_the_database_leaves_in_the_middle(
    shop: Workshop, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_FILES", 2)
    contents = [photo(number) for number in range(10)]
    for number, content in enumerate(contents):
        shop.put(f"phone/IMG_{number}.jpg", content)
    begun: list[bool] = []

    def leave() -> None:
        if len(shop.ends) >= 4 and not begun:
            begun.append(True)
            outage.begin()

    try:
        summary = shop.run(between=leave)
    finally:
        outage.end()
    assert summary.filed == 10, shop.reasons()
    assert summary.pending_ledger >= 6
    assert shop.left() == []
    caught_up(shop)
    shop.check(*contents)
    assert [row["name"] for row in shop.arrivals()] == [f"IMG_{n}.jpg" for n in range(10)]


@outages(Locked, Stopped)
def test_it_catches_up_within_the_run_when_the_database_returns(
    shop: Workshop, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_FILES", 2)
    contents = [photo(number) for number in range(10)]
    for number, content in enumerate(contents):
        shop.put(f"phone/IMG_{number}.jpg", content)
    outage.begin()
    try:
        summary = shop.run(between=lambda: outage.end() if len(shop.ends) >= 4 else None)
    finally:
        outage.end()
    assert (summary.filed, summary.pending_ledger) == (10, 0)
    shop.check(*contents)
    assert [row["name"] for row in shop.arrivals()] == [f"IMG_{n}.jpg" for n in range(10)]


@every_outage
def test_it_settles_a_duplicate_that_came_meanwhile(shop: Workshop, outage: Outage) -> None:
    shop.put("phone/IMG_1.jpg", photo(1))
    shop.run()
    kept = shop.assets()
    with away(outage):
        again = shop.put("tablet/holiday.jpg", photo(1))
        os.utime(again, (1, 1))
        assert shop.run().all_went_well is False
        assert shop.left() == []
    caught_up(shop)
    shop.check(photo(1))
    assert shop.assets() == kept
    states = {row["name"]: (row["state"], row["asset_id"]) for row in shop.arrivals()}
    assert states["holiday.jpg"] == ("duplicate", kept[0]["id"])


@either
def test_it_settles_a_duplicate_of_the_same_name(shop: Workshop, outage: Outage) -> None:
    shop.put("phone/IMG_1.jpg", photo(1))
    shop.run()
    kept = shop.assets()
    with away(outage):
        shop.put("tablet/IMG_1.jpg", photo(1))
        shop.run()
    caught_up(shop)
    shop.check(photo(1))
    assert shop.assets() == kept
    folder = shop.paths.on_disk(kept[0]["final_path"]).parent
    said = [json.loads(line)["id"] for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert said == [str(kept[0]["id"])], "the day folder names the asset as the ledger does"


@either
@pytest.mark.parametrize("harm", ["missing", "damaged", "folder missing"])
def test_it_repairs_the_kept_copy_from_a_duplicate_that_came_meanwhile(
    shop: Workshop, outage: Outage, harm: str
) -> None:
    shop.put("phone/IMG_1.jpg", photo(1))
    shop.run()
    kept = shop.paths.on_disk(shop.assets()[0]["final_path"])
    rotten = bytearray(photo(1))
    rotten[100] ^= 1
    if harm == "damaged":
        kept.write_bytes(rotten)
    else:
        kept.unlink()
    if harm == "folder missing":
        for file in kept.parent.iterdir():
            file.unlink()
        kept.parent.rmdir()
    with away(outage):
        shop.put("tablet/holiday.jpg", photo(1))
        shop.run()
        assert shop.left() == []
    caught_up(shop)
    shop.check(photo(1))
    aside = list(shop.paths.quarantine.glob("*"))
    assert [path.read_bytes() for path in aside] == ([rotten] if harm == "damaged" else [])
    [reason] = [row["reason"] for row in shop.arrivals() if row["name"] == "holiday.jpg"]
    assert "repaired" in reason


@every_outage
def test_it_knows_duplicates_of_what_waits(shop: Workshop, outage: Outage) -> None:
    with away(outage):
        shop.put("phone/IMG_1.jpg", photo(1))
        shop.put("phone/IMG_2.jpg", photo(1))
        assert shop.run().filed == 1
        shop.put("tablet/IMG_3.jpg", photo(1))
        summary = shop.run()
        assert (summary.filed, summary.duplicates) == (0, 1)
        assert shop.left() == []
        assert summary.pending_ledger == 3
    caught_up(shop)
    shop.check(photo(1))
    [asset] = shop.assets()
    states = {row["name"]: (row["state"], row["asset_id"]) for row in shop.arrivals()}
    assert states == {
        "IMG_1.jpg": ("filed", asset["id"]),
        "IMG_2.jpg": ("duplicate", asset["id"]),
        "IMG_3.jpg": ("duplicate", asset["id"]),
    }


@either
@pytest.mark.parametrize("order", ["photo first", "sidecar first", "both while away", "together"])
def test_it_brings_groups_together_that_came_meanwhile(
    shop: Workshop, outage: Outage, order: str
) -> None:
    day = photo(1, "2021:05:06 07:08:09")
    sidecar = xmp(xmp_Rating="5")
    steps = [("IMG_1.jpg", day), ("IMG_1.xmp", sidecar)]
    if order == "sidecar first":
        steps.reverse()
    if order in ("photo first", "sidecar first"):
        name, content = steps.pop(0)
        shop.put(f"phone/{name}", content)
        shop.run()
    with away(outage):
        for name, content in steps:
            shop.put(f"phone/{name}", content)
            if order != "together":
                shop.run()
        shop.run()
    caught_up(shop)
    shop.check(day, sidecar)
    assert {path.parent.name for path in shop.archived()} == {"2021-05-06"}
    assert len({row["group_id"] for row in shop.assets()} - {None}) == 1


@either
def test_it_replays_a_journal_twice_as_well_as_once(shop: Workshop, outage: Outage) -> None:
    """A crash between the replay and the clearing of the journal."""
    shop.put("phone/IMG_9.jpg", photo(9))
    shop.run()
    journal = shop.paths.journal / "filing.jsonl"
    with away(outage):
        shop.put("phone/IMG_1.jpg", photo(1, "2021:05:06 07:08:09"))
        shop.run()
        shop.put("phone/IMG_1.xmp", xmp(xmp_Rating="5"))
        shop.put("phone/IMG_2.jpg", photo(1, "2021:05:06 07:08:09"))
        shop.put("phone/IMG_3.jpg", photo(9))
        shop.run()
        before = journal.read_bytes()
    caught_up(shop)
    once = shop.assets()
    journal.write_bytes(before)
    caught_up(shop)
    shop.check(photo(1, "2021:05:06 07:08:09"), xmp(xmp_Rating="5"), photo(9))
    assert shop.assets() == once


def test_it_enters_the_name_that_was_taken_in_the_end(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger takes the chosen name between the intent and the link, and nobody may write."""
    outage = prepared(Locked(tmp_path))
    link, taken = os.link, []

    def raced(source: str, target: Path, **options: bool) -> None:
        if not taken and Path(target).name == "IMG_1.jpg":
            taken.append(target)
            Path(target).write_bytes(b"a stranger's")
        link(source, target, **options)

    monkeypatch.setattr(os, "link", raced)
    with away(outage):
        workshop.put("phone/IMG_1.jpg", photo(1))
        workshop.run()
    caught_up(workshop)
    [asset] = workshop.assets()
    assert workshop.paths.on_disk(asset["final_path"]).read_bytes() == photo(1)
    assert asset["final_path"].endswith("IMG_1_1.jpg")
    Path(taken[0]).unlink()
    workshop.check(photo(1))


@either
@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_it_enters_what_was_harmed_while_its_row_waited(
    shop: Workshop, outage: Outage, harm: str
) -> None:
    """Its original has left the inbox: only a row makes `verify` say that something is wrong."""
    with away(outage):
        shop.put("phone/IMG_1.jpg", photo(1))
        shop.run()
        [path] = shop.archived()
        path.unlink()
        if harm == "damaged":
            path.write_bytes(b"rotten")
    caught_up(shop)
    assert [row["final_path"] for row in shop.assets()] == [shop.paths.in_ledger(path)]


def test_it_does_not_forget_duplicates_when_the_database_leaves_again(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back for the assets' rows, away again before the duplicates' rows."""
    outage = prepared(Locked(tmp_path))
    with away(outage):
        workshop.put("phone/IMG_1.jpg", photo(1))
        workshop.put("phone/IMG_2.jpg", photo(1))
        workshop.run()
    record = Records.record

    def flaky(self: Records, entries: Any, arrivals: Any = (), joins: Any = None) -> Any:
        if arrivals and not entries:
            raise LedgerAway("gone again")
        return record(self, entries, arrivals, joins)

    monkeypatch.setattr(Records, "record", flaky)
    assert workshop.run().all_went_well is False
    monkeypatch.setattr(Records, "record", record)
    caught_up(workshop)
    assert {row["name"]: row["state"] for row in workshop.arrivals()} == {
        "IMG_1.jpg": "filed",
        "IMG_2.jpg": "duplicate",
    }
