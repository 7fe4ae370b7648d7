"""The probe `backup-targets`: every target that is set is accounted for, by its own name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, update

from photo_factory.monitor.probes.backup_targets import backup_targets
from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import clock
from photo_factory.shared.ledger.models import Arrival, BackupCopy, MediaAsset, RestoreDrill
from tests.factory import Factory

USB, NAS = "/mnt/usb", "sftp://photo@nas.example/photos"
SECRET = "sftp://photo:hunter2@nas.example/photos"


class Archive:
    """Three assets, and what the ledger tells of their copies."""

    def __init__(self, home: Path, engine: Engine) -> None:
        self.engine = engine
        self.factory = Factory(home, engine.url.render_as_string(hide_password=False))
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            self.factory.drop(name)
        self.factory.ingest()

    def change(self, *statements: Any) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def is_copied(self, target: str, number: int = 3, *, days_ago: float = 0.0) -> None:
        at = clock.now() - timedelta(days=days_ago)
        told = {"target": target, "path": "x", "copied_at": at, "verified_at": at}
        for asset in self.factory.assets()[:number]:
            row = {**told, "asset_id": asset["id"], "verified_how": "read back"}
            self.change(insert(BackupCopy).values(row))

    def is_of(self, days_ago: float) -> None:
        at = clock.now() - timedelta(days=days_ago)
        self.change(update(MediaAsset).values(ingested_at=at))

    def drill(self, target: str, days_ago: float, failed: int = 0) -> None:
        at = clock.now() - timedelta(days=days_ago)
        row = {"target": target, "started_at": at, "finished_at": at, "failed": failed}
        self.change(insert(RestoreDrill).values(assets=3, **row))

    def read(self, targets: str, **changes: Any) -> Reading:
        settings = self.factory.settings(BACKUP_TARGETS=targets, **changes)
        return backup_targets(Watch(settings, self.factory.paths, self.engine))


@pytest.fixture
def archive(tmp_path: Path, engine: Engine) -> Iterator[Archive]:
    one = Archive(tmp_path / "home", engine)
    yield one
    one.factory.close()


def test_a_target_that_holds_all_is_well(archive: Archive) -> None:
    archive.is_of(days_ago=2)
    archive.is_copied(USB)
    found = archive.read(USB)
    assert (found.status, found.message) == ("OK", None)
    (told,) = found.details["targets"]
    assert (told["target"], told["verified"], told["assets"]) == (USB, 3, 3)


def test_a_target_that_never_got_anything_is_told(archive: Archive) -> None:
    archive.is_of(days_ago=2)
    archive.is_copied(USB)
    found = archive.read(f"{USB},{SECRET}")
    assert found.status == "WARNING"
    assert found.message == f"{NAS}: 3 assets have no proven copy there after a day"


def test_no_password_is_told(archive: Archive) -> None:
    found = archive.read(SECRET)
    assert NAS in str(found) and "hunter2" not in str(found)


def test_what_was_filed_today_is_not_missed_yet(archive: Archive) -> None:
    assert archive.read(USB).status == "OK"


def test_a_copy_that_is_missing_for_over_a_day_is_told(archive: Archive) -> None:
    archive.is_of(days_ago=1.1)
    archive.is_copied(USB, 2)
    assert archive.read(USB).message == f"{USB}: 1 assets have no proven copy there after a day"


def test_a_target_that_is_set_no_more_is_not_watched(archive: Archive) -> None:
    archive.is_copied(USB)
    archive.drill(NAS, days_ago=20, failed=3)
    found = archive.read(USB)
    assert (found.status, len(found.details["targets"])) == ("OK", 1)


@pytest.mark.parametrize(
    ("drills", "message"),
    [
        ([(1, 0)], None),
        ([(6.9, 0)], None),
        ([(8, 0)], "no restore drill went well for 8 days"),
        ([(8, 0), (1, 2)], "the last restore drill failed: 2 files"),
        ([(2, 2), (1, 0)], None),
        ([], "no restore drill went well for 9 days"),
    ],
)
def test_a_drill_must_go_well_once_a_week(
    archive: Archive, drills: list[tuple[float, int]], message: str | None
) -> None:
    archive.is_copied(USB, days_ago=9)
    for days_ago, failed in drills:
        archive.drill(USB, days_ago, failed)
    found = archive.read(USB)
    assert found.message == (f"{USB}: {message}" if message else None)
    assert found.status == ("WARNING" if message else "OK")


def test_no_drill_is_missed_where_none_is_wished(archive: Archive) -> None:
    archive.is_copied(USB, days_ago=30)
    assert archive.read(USB, RESTORE_DRILL="never").status == "OK"


def test_a_new_target_has_a_week_for_its_first_drill(archive: Archive) -> None:
    archive.is_copied(USB, days_ago=6)
    assert archive.read(USB).status == "OK"


def test_copies_that_are_wrong_are_an_error(archive: Archive) -> None:
    archive.is_copied(USB)
    archive.change(update(BackupCopy).values(problem="it differs"))
    found = archive.read(USB)
    assert found.status == "ERROR" and "3 copies are wrong" in str(found.message)


def test_a_setting_that_cannot_be_read_is_an_error(archive: Archive) -> None:
    found = archive.read("ftp://nas/photos")
    assert found.status == "ERROR" and "BACKUP_TARGETS" in str(found.message)


def test_an_empty_archive_needs_no_copies(archive: Archive) -> None:
    archive.change(delete(BackupCopy))
    archive.change(delete(Arrival))
    archive.change(delete(MediaAsset))
    assert archive.read(USB).status == "OK"
