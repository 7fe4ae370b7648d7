"""From a filed photo to proven copies everywhere, through the real loop."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from photo_factory.addons import backup
from photo_factory.addons.backup import copies, copying
from photo_factory.addons.backup.targets import open_target
from photo_factory.shared import executors, files
from photo_factory.shared.errors import TryLater
from photo_factory.shared.facts import Asset
from photo_factory.shared.ledger.addon_models import BackupCopy
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.roots import Guard, Halted
from tests.addons.backup.conftest import Place
from tests.factory import Factory, photo


def a_target(factory: Factory, name: str = "usb") -> Path:
    """A folder that was initialised as a target."""
    folder = factory.home / name
    folder.mkdir()
    open_target(str(folder), factory.settings()).initialise()
    return folder


def run(factory: Factory, *targets: Any, **changes: Any) -> bool:
    settings = factory.settings(BACKUP_TARGETS=" ".join(map(str, targets)), **changes)
    try:
        return backup.run(settings, threading.Event(), True)
    finally:
        executors.stopping.clear()  # else what follows in this process takes it for its end


def rows(factory: Factory) -> list[dict[str, Any]]:
    return factory._rows(select(BackupCopy.__table__).order_by(BackupCopy.path, BackupCopy.target))


def asset_of(factory: Factory, name: str) -> Asset:
    """What the loop hands to `process`."""
    found = copies.asset_rows(MediaAsset.original_name == name)
    with factory.engine.connect() as connection:
        (one,) = copies.as_assets(connection.execute(found).all(), factory.settings())
    return one


def bad_sector(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """From now on the disk here refuses to read one file."""
    whole = files.open_regular

    def refusing(asked: Path) -> int:
        if asked == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(asked))
        return whole(asked)

    monkeypatch.setattr(files, "open_regular", refusing)


def sums_hold(folder: Path) -> int:
    """How many files coreutils proves below a folder."""
    proven = 0
    for listed in folder.rglob("SHA256SUMS"):
        check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
        done = subprocess.run(check, cwd=listed.parent, check=True, capture_output=True)
        proven += done.stdout.count(b": OK")
    return proven


def test_it_rests_and_lowers_nothing_without_targets(factory: Factory) -> None:
    factory.drop("a.jpg")
    factory.ingest()
    assert run(factory)
    assert factory.status("backup")["status"] == "OK"
    assert not factory.asset("a.jpg")["is_backed_up"]
    assert rows(factory) == []


def test_it_copies_to_every_kind_of_target(
    factory: Factory, place_of: Callable[[str], Place]
) -> None:
    places = [place_of(kind) for kind in ("file", "sftp", "s3", "smb")]
    for one in places:
        one.open().initialise()
    names = ["a.jpg", "b c.jpg", "ä\\n.jpg"]
    for name in names[:2]:
        factory.drop(name)
    factory.ingest()
    settings = {name: value for one in places for name, value in one.settings.items()}
    assert run(factory, *(one.url for one in places), **settings)
    assert all(row["is_backed_up"] for row in factory.assets())
    found = rows(factory)
    assert {row["target"] for row in found} == {one.open().name for one in places}
    assert len(found) == 8 and all(row["verified_at"] for row in found)
    for one in places:
        if one.folder:
            assert sums_hold(one.folder) == 2
    assert "not-to-be-told" not in str(found)


def test_it_keeps_the_proof_of_one_target_while_another_is_away(factory: Factory) -> None:
    usb, gone = a_target(factory), factory.home / "gone"
    for _ in range(5):
        factory.drop(f"{_}.jpg")
    factory.ingest()
    assert not run(factory, gone, usb)
    assert {row["target"] for row in rows(factory)} == {str(usb)}
    assert len(rows(factory)) == sums_hold(usb) == 5, "the others are served meanwhile"
    assert not any(row["is_backed_up"] or row["has_errors"] for row in factory.assets())
    status = factory.status("backup")
    assert status["status"] == "WARNING" and str(gone) in status["message"]
    assert not gone.exists(), "nothing is written below a mount point without its disk"


def test_an_original_that_cannot_be_read_is_not_blamed_on_others_while_a_target_is_away(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    usb, gone = a_target(factory), factory.home / "gone"
    for name in ("a.jpg", "b.jpg", "bad.jpg"):  # the newest is the first to be caught up with
        factory.drop(name)
        factory.ingest()
    bad_sector(monkeypatch, factory.on_disk(factory.asset("bad.jpg")))
    settings = factory.settings(BACKUP_TARGETS=f"{gone} {usb}")
    with pytest.raises(TryLater) as told:
        copying.process(asset_of(factory, "a.jpg"), settings)
    assert str(gone) in str(told.value) and "bad.jpg" not in str(told.value)
    found = {Path(row["path"]).name: row for row in rows(factory)}
    assert found["a.jpg"]["verified_at"] and found["b.jpg"]["verified_at"]
    assert "bad.jpg cannot be read" in found["bad.jpg"]["problem"]
    assert not found["bad.jpg"]["verified_at"]


def test_an_archive_that_goes_away_is_not_noted_file_by_file(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    usb, gone = a_target(factory), factory.home / "gone"
    factory.drop("a.jpg")
    factory.drop("bad.jpg")
    factory.ingest()
    bad_sector(monkeypatch, factory.on_disk(factory.asset("bad.jpg")))

    def away(_self: Guard) -> None:
        raise Halted("the storage is another one")

    monkeypatch.setattr(Guard, "check", away)
    settings = factory.settings(BACKUP_TARGETS=f"{gone} {usb}")
    with pytest.raises(Halted):
        copying.process(asset_of(factory, "a.jpg"), settings)
    assert [Path(row["path"]).name for row in rows(factory)] == ["a.jpg"]


def test_a_target_that_is_added_gets_what_was_filed_before(factory: Factory) -> None:
    usb = a_target(factory)
    factory.drop("a.jpg")
    factory.ingest()
    assert run(factory, usb)
    before = rows(factory)
    second = a_target(factory, "second")
    assert run(factory, usb, second)
    assert sums_hold(second) == 1
    assert [row for row in rows(factory) if row["target"] == str(usb)] == before


def test_it_parks_what_has_a_strangers_file_in_its_place(factory: Factory) -> None:
    usb = a_target(factory)
    factory.drop("a.jpg")
    factory.drop("b.jpg")
    factory.ingest()
    stranger = usb / factory.asset("a.jpg")["final_path"].removeprefix("Storage/")
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"a stranger's")
    assert not run(factory, usb)
    assert "another file" in factory.asset("a.jpg")["error_message"]
    assert stranger.read_bytes() == b"a stranger's"
    assert factory.asset("b.jpg")["is_backed_up"] and sums_hold(usb) == 1


def test_a_photo_that_moves_to_another_day_moves_on_the_target(factory: Factory) -> None:
    usb = a_target(factory)
    factory.drop("a.jpg")
    factory.drop("b.jpg")
    factory.ingest()
    assert run(factory, usb)
    row = factory.asset("a.jpg")
    old = factory.on_disk(row)
    new = factory.paths.day_folder("2001-02-03") / old.name
    new.parent.mkdir(parents=True)
    old.rename(new)
    with factory.engine.begin() as connection:
        moved = {"final_path": factory.paths.in_ledger(new), "is_backed_up": False}
        connection.execute(update(MediaAsset).where(MediaAsset.id == row["id"]).values(moved))
    assert run(factory, usb)
    assert not (usb / row["final_path"].removeprefix("Storage/")).exists()
    assert (usb / "Originals/2001/2001-02-03" / old.name).exists()
    assert sums_hold(usb) == 2 and len(rows(factory)) == 2


def test_no_line_is_lost_when_many_finish_one_day_at_once(factory: Factory) -> None:
    usb = a_target(factory)
    for number in range(40):
        factory.drop(f"{number}.jpg", photo("2020:01:01 10:00:00"))
    factory.ingest()
    assert run(factory, usb, WORKERS=8)
    assert sums_hold(usb) == 40


def test_flags_are_lowered_in_stretches(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_AT_ONCE", 2)
    for number in range(5):
        factory.drop(f"{number}.jpg")
    factory.ingest()
    with factory.engine.begin() as connection:
        connection.execute(update(MediaAsset).values(is_backed_up=True))
    assert copies.lower_flags(factory.engine, "anywhere") == 5
    assert copies.lower_flags(factory.engine, "anywhere") == 0
