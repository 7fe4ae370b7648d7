"""The page of the backup: true numbers, reasons in words, and lists to download."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from photo_factory.dashboard.queries import backup
from photo_factory.shared.ledger.models import Arrival
from photo_factory.shared.safety import Demands
from tests.dashboard.conftest import OpenPage, text_of
from tests.dashboard.household import TARGETS, Household, household
from tests.dashboard.viewers import as_viewer
from tests.factory import Factory
from tests.parts import free_port


@pytest.fixture
def home(engine: Engine, ledger_url: str, tmp_path: Path) -> Iterator[Household]:
    """The household, on each kind of database."""
    factory = Factory(tmp_path / "both", ledger_url)
    yield household(factory)
    factory.close()


def coverage(home: Household) -> backup.Coverage:
    return backup.coverage(home.factory.engine, home.factory.settings(BACKUP_TARGETS="/mnt/usb"))


def test_it_counts_proven_copies_and_what_is_missing(home: Household) -> None:
    found = coverage(home)
    assert found.assets == 8
    assert found.by_copies == {0: 2, 1: 1, 2: 5}
    assert (found.with_copies(1), found.with_copies(2)) == (6, 5)
    assert (found.waiting, found.parked) == (8, {"the name is too long for the target": 1})
    assert [one.path for one in found.problems] == ["Originals/3.jpg"] * 2


def test_it_joins_what_the_probe_said_with_what_the_ledger_knows(home: Household) -> None:
    usb, nas = coverage(home).targets
    assert (usb.name, usb.state, usb.copies, usb.verified) == (TARGETS[0], "OK", 7, 6)
    assert usb.drill and usb.drill.went_well and usb.drill.files == 20
    assert (nas.state, nas.verified, nas.problems) == ("ERROR", 5, 1)
    assert nas.message == "it does not answer: is the NAS on?" and nas.drill is None
    assert usb.oldest_verified_at and usb.last_verified_at


def test_the_list_of_a_phone_has_every_file_with_its_reason(home: Household) -> None:
    home.change(Arrival, Arrival.name == "odd.jpg", path='pixel-7/=odd.jpg\n,"')
    content = backup.safe_list(home.factory.engine, Demands(90, 2), "pixel-7", only_safe=False)
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert {row["safe"] for row in rows} == {"yes", "no"}
    assert all(bool(row["why_not"]) == (row["safe"] == "no") for row in rows)
    assert 'pixel-7/=odd.jpg\n,"' in [row["path"] for row in rows]
    safe = backup.safe_list(home.factory.engine, Demands(90, 2), "pixel-7", only_safe=True)
    listed = list(csv.DictReader(io.StringIO(safe.decode())))
    assert listed == [row for row in rows if row["safe"] == "yes"]


def test_without_a_target_it_says_so_first(open_page: OpenPage, factory: Factory) -> None:
    assert factory.engine
    page = open_page("backup")
    assert "No backup is set up" in text_of(page)
    assert "Nothing has come from a device yet" in text_of(page)


def test_it_tells_the_truth_in_one_sentence(open_page: OpenPage, factory: Factory) -> None:
    household(factory)
    page = open_page("backup", BACKUP_TARGETS="/mnt/usb")
    assert not page.exception
    told = text_of(page)
    assert "5 of 8 files are backed up at both targets, and proven." in told
    assert "No proven copy 2" in told
    assert "1 file given up: the name is too long for the target" in told
    assert "last restore drill went well" in told
    assert "**iphone**: 3 of 5 files are safe to delete" in told
    downloads = page.get("download_button")
    assert len(downloads) == 4


def test_a_viewer_sees_the_same(
    open_page: OpenPage, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    household(factory)
    as_viewer(monkeypatch)
    assert "5 of 8 files" in text_of(open_page("backup", BACKUP_TARGETS="/mnt/usb"))


def test_a_ledger_that_is_away_is_told(open_page: OpenPage) -> None:
    page = open_page("backup", DATABASE_URL=f"postgresql://x@127.0.0.1:{free_port()}/photos")
    assert not page.exception
    assert "The backup cannot be shown since" in text_of(page)
