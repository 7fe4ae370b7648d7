"""Restore, verify, drill and dump: what a backup is for."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from photo_factory.addons.backup import copies, drill, dumps, nightly
from photo_factory.addons.backup.folder_store import FolderStore
from photo_factory.addons.backup.targets import MARKER, open_target
from photo_factory.commands.backup import (
    run_drill,
    run_dump,
    run_restore,
    run_verify,
    show_verified,
)
from photo_factory.commands.verify import run_verify as verify_archive
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.files import exclusive_lock
from photo_factory.shared.ledger.addon_models import LedgerDump, RestoreDrill
from photo_factory.shared.settings import Settings
from tests.addons.backup.conftest import Place
from tests.addons.backup.test_service import a_target, rows, run, sums_hold
from tests.factory import Factory
from tests.parts import PostgreSQL


def settings_of(factory: Factory, *targets: Any, **changes: Any) -> Settings:
    return factory.settings(BACKUP_TARGETS=" ".join(map(str, targets)), **changes)


def copy_of(factory: Factory, folder: Path, name: str) -> Path:
    path: str = factory.asset(name)["final_path"]
    return folder / path.removeprefix("Storage/")


def rot(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_house_burned_down(factory: Factory, usb: Path, tmp_path: Path) -> None:
    """Storage and ledger are gone; the target alone brings everything back."""
    before = factory.assets()
    run_dump(settings_of(factory, usb))
    factory.close()
    shutil.rmtree(factory.paths.storage)
    done = run_restore(factory.settings(), str(usb), factory.paths.storage, None)
    assert done.all_is_well and done.restored == 3, "two photos and the ledger's dump"
    assert factory.sums_hold()
    assert verify_archive(factory.settings(), sample=100, rebuild=True).all_is_well
    kept = ("original_name", "file_hash", "final_path", "captured_at", "source_device")
    assert [{n: row[n] for n in kept} for row in factory.assets()] == [
        {n: row[n] for n in kept} for row in before
    ]


def test_a_dump_is_a_ledger_that_can_be_used(factory: Factory, usb: Path) -> None:
    (told,) = run_dump(settings_of(factory, usb))
    assert told["ok"] and told["rows"]["media_assets"] == 2
    with sqlite3.connect(usb / told["path"]) as copy:
        assert copy.execute("SELECT COUNT(*) FROM backup_copies").fetchone() == (2,)
    copy.close()
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    subprocess.run(check, cwd=usb / "Ledger", check=True, capture_output=True)


def test_old_dumps_go_when_newer_ones_are_proven(factory: Factory, usb: Path) -> None:
    settings = settings_of(factory, usb, BACKUP_DUMPS_KEPT=2)
    (usb / "Ledger").mkdir()
    (usb / "Ledger" / "ledger-of-mine.sqlite3").write_bytes(b"a stranger's")
    made = [run_dump(settings)[0]["path"] for _ in range(4)]
    left = {f"Ledger/{path.name}" for path in (usb / "Ledger").iterdir()}
    assert left == {*made[2:], "Ledger/SHA256SUMS", "Ledger/ledger-of-mine.sqlite3"}
    held = factory._rows(select(LedgerDump.__table__))
    assert sorted(row["path"] for row in held) == made[2:]


def test_a_dump_that_cannot_be_proven_is_told(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(factory, usb)
    with monkeypatch.context() as lossy:
        lossy.setattr(dumps.dump_sqlite, "counts", lambda *_: {"media_assets": 1})
        assert not run_dump(settings)[0]["ok"]
    assert "not proven" in (nightly.complaint(settings, factory.engine) or "")
    assert run_dump(settings)[0]["ok"]
    assert nightly.complaint(settings, factory.engine) is None


def test_a_postgresql_ledger_is_dumped_and_proven(tmp_path: Path, postgres: PostgreSQL) -> None:
    url = postgres.create_database("to_dump")
    factory = Factory(tmp_path / "factory", url)
    try:
        usb = a_target(factory)
        factory.drop("a.jpg")
        factory.ingest()
        assert run(factory, usb)
        (told,) = run_dump(settings_of(factory, usb))
        assert told["ok"], told
        assert told["rows"]["media_assets"] == 1
        assert (usb / told["path"]).read_bytes()[:5] == b"PGDMP"
    finally:
        factory.close()
        postgres.drop_database("to_dump")


OF_A_NEWER_CLIENT = """#!/bin/sh
{restore} "$@" || exit 1
echo 'pg_restore: error: could not execute query: ERROR:  …' >&2
echo 'Command was: {command};' >&2
echo 'pg_restore: warning: errors ignored on restore: 1' >&2
exit 1
"""
"""What pg_restore 17 does with a server of version 15, whose settings it does not keep apart."""


@pytest.mark.parametrize(
    ("command", "is_proven"),
    [("SET transaction_timeout = 0", True), ("CREATE TABLE public.faces (id bigint)", False)],
    ids=["a setting it does not know", "a table that cannot be made"],
)
def test_a_newer_client_than_the_server_proves_a_dump(
    tmp_path: Path,
    postgres: PostgreSQL,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    is_proven: bool,
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    newer = programs / "pg_restore"
    newer.write_text(OF_A_NEWER_CLIENT.format(restore=shutil.which("pg_restore"), command=command))
    newer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    factory = Factory(tmp_path / "factory", postgres.create_database("newer_client"))
    try:
        (told,) = run_dump(settings_of(factory, a_target(factory)))
        assert told["ok"] is is_proven, told
    finally:
        factory.close()
        postgres.drop_database("newer_client")


def test_it_says_that_the_user_may_not_make_a_scratch_database(
    tmp_path: Path, postgres: PostgreSQL
) -> None:
    postgres.sql("CREATE ROLE humble LOGIN")
    url = postgres.create_database("humble").replace("photo@", "humble@")
    postgres.sql("ALTER DATABASE humble OWNER TO humble")
    factory = Factory(tmp_path / "factory", url)
    try:
        usb = a_target(factory)
        (told,) = run_dump(settings_of(factory, usb))
        assert not told["ok"] and "CREATEDB" in told["message"]
        assert (usb / told["path"]).exists(), "unproven is better than none"
    finally:
        factory.close()
        postgres.drop_database("humble")
        postgres.sql("DROP ROLE humble")


def test_it_says_that_pg_dump_is_missing(
    tmp_path: Path, postgres: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = Factory(tmp_path / "factory", postgres.create_database("no_client"))
    try:
        usb = a_target(factory)
        assert factory.engine
        with monkeypatch.context() as bare:
            bare.setenv("PATH", str(tmp_path))
            with pytest.raises(PhotoFactoryError, match="pg_dump is missing: install"):
                run_dump(settings_of(factory, usb))
    finally:
        factory.close()
        postgres.drop_database("no_client")


def test_a_missing_pg_dump_is_a_warning_and_the_rest_goes_on(
    tmp_path: Path,
    postgres: PostgreSQL,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    factory = Factory(tmp_path / "factory", postgres.create_database("warned"))
    try:
        usb = a_target(factory)
        factory.drop("a.jpg")
        factory.ingest()
        settings = settings_of(factory, usb)
        with monkeypatch.context() as bare:
            bare.setenv("PATH", str(tmp_path))
            assert run(factory, usb), "copies go on"
            nightly.tonight(settings)
            assert nightly.complaint(settings, factory.engine) is None
            status = factory.status("backup")
        assert factory.asset("a.jpg")["is_backed_up"]
        assert [row["failed"] for row in factory._rows(select(RestoreDrill.__table__))] == [0]
        assert status["status"] == "WARNING"
        assert "apt-get install postgresql-client" in status["message"]
        assert {record.levelname for record in caplog.records} <= {"INFO", "WARNING"}
        assert run(factory, usb) and factory.status("backup")["status"] == "OK"
    finally:
        copies.close_ledgers()
        factory.close()
        postgres.drop_database("warned")


def test_restore_overwrites_nothing_and_goes_on_where_it_was(
    factory: Factory, usb: Path, tmp_path: Path
) -> None:
    mine = copy_of(factory, tmp_path / "to", "a.jpg")
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    done = run_restore(factory.settings(), str(usb), tmp_path / "to", None)
    assert (done.restored, len(done.failed)) == (1, 1) and "left alone" in done.failed[0]
    assert mine.read_bytes() == b"mine"
    mine.unlink()
    again = run_restore(factory.settings(), str(usb), tmp_path / "to", None)
    assert (again.restored, again.there_already, again.all_is_well) == (1, 1, True)
    assert not list((tmp_path / "to").rglob("*.partial"))


def test_restore_brings_back_only_what_a_condition_chooses(
    factory: Factory, usb: Path, tmp_path: Path
) -> None:
    chosen = run_restore(factory.settings(), str(usb), tmp_path / "to", "original_name = 'b.jpg'")
    assert chosen.restored == 1 and copy_of(factory, tmp_path / "to", "b.jpg").exists()
    with pytest.raises(PhotoFactoryError, match="no condition on media_assets"):
        run_restore(factory.settings(), str(usb), tmp_path / "x", "nonsense = 1")


def test_restore_refuses_rotten_copies_and_tells_unproven_ones(
    factory: Factory, usb: Path, tmp_path: Path
) -> None:
    rot(copy_of(factory, usb, "a.jpg"))
    copy_of(factory, usb, "b.jpg").with_name("stranger.jpg").write_bytes(b"?")
    done = run_restore(factory.settings(), str(usb), tmp_path / "to", None)
    assert len(done.failed) == 1 and "damaged" in done.failed[0]
    assert [Path(path).name for path in done.unproven] == ["stranger.jpg"]
    assert not copy_of(factory, tmp_path / "to", "a.jpg").exists()


def test_restore_follows_no_path_out_of_its_folder(
    factory: Factory, usb: Path, tmp_path: Path
) -> None:
    evil = usb / "Originals/2024/evil"
    evil.mkdir(parents=True)
    (evil / "SHA256SUMS").write_text(f"{hashlib.sha256(b'x').hexdigest()}  ../../../out.jpg\n")
    (usb / "out.jpg").write_bytes(b"x")
    done = run_restore(factory.settings(), str(usb), tmp_path / "deep" / "to", None)
    assert any("leads elsewhere" in told for told in done.failed)
    assert not list(tmp_path.rglob("deep/**/out.jpg"))


def test_restore_works_from_every_kind_of_target(place: Place, tmp_path: Path) -> None:
    place.open().initialise()
    factory = place.factory
    factory.drop("a.jpg")
    factory.ingest()
    assert run(factory, place.url, **place.settings)
    done = run_restore(factory.settings(**place.settings), place.url, tmp_path / "to", None)
    assert done.all_is_well and done.restored == sums_hold(tmp_path / "to") == 1


def test_rot_on_the_target_is_found_and_mended_from_the_original(
    factory: Factory, usb: Path
) -> None:
    rot(copy_of(factory, usb, "a.jpg"))
    copy_of(factory, usb, "b.jpg").unlink()
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert len(found.copies_mended) == found.checked == 2 and not found.lost
    assert sums_hold(usb) == 2
    assert len(list((usb / "Damaged").iterdir())) == 1, "damaged bytes are put aside"
    (again,) = run_verify(settings_of(factory, usb), None, 100)
    assert again.all_is_well


def test_a_damaged_original_is_mended_from_the_target(factory: Factory, usb: Path) -> None:
    rot(factory.on_disk(factory.asset("a.jpg")))
    factory.on_disk(factory.asset("b.jpg")).unlink()
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert len(found.originals_mended) == 2
    assert factory.sums_hold() and factory.verify().all_is_well
    assert len(list(factory.paths.quarantine.iterdir())) == 1


def test_mending_an_original_waits_for_the_librarian(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photo_factory.addons.backup.repairing.LOCK_S", 0)
    rot(factory.on_disk(factory.asset("a.jpg")))
    with exclusive_lock(factory.paths.journal / "lock"):
        (found,) = run_verify(settings_of(factory, usb), None, 100)
    (told,) = found.failed
    assert "a.jpg: a Librarian is filing" in told and not found.all_is_well
    (again,) = run_verify(settings_of(factory, usb), None, 100)
    assert len(again.originals_mended) == 1


def test_verify_goes_on_with_the_other_targets_when_one_is_away(
    factory: Factory, usb: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = factory.home / "gone"
    rot(copy_of(factory, usb, "a.jpg"))
    away, mended = run_verify(settings_of(factory, gone, usb), None, 100)
    assert away.target == str(gone) and "not mounted" in str(away.away)
    assert not away.all_is_well and not away.as_json()["ok"]
    assert mended.away is None and len(mended.copies_mended) == 1
    show_verified([away, mended])
    told = capsys.readouterr()
    assert f"{gone} is not mounted" in " ".join((told.out + told.err).split())


def test_verify_tells_what_it_read_before_a_target_went_away(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(factory, usb)
    real = FolderStore.blocks

    def failing(store: FolderStore, path: str) -> Any:
        if path.endswith((names[1], MARKER)):
            raise OSError(errno.EIO, "Input/output error")
        return real(store, path)

    by_id = sorted(factory.assets(), key=lambda row: row["id"])
    names = [Path(row["final_path"]).name for row in by_id]
    monkeypatch.setattr(FolderStore, "blocks", failing)
    (found,) = run_verify(settings, None, 100)
    assert "is away: Input/output error" in str(found.away)
    assert (found.checked, found.copies, found.all_is_well) == (1, 2, False)
    assert not (found.copies_mended or found.lost)


def test_what_is_damaged_on_both_sides_is_told_and_no_longer_counts(
    factory: Factory, usb: Path
) -> None:
    rot(copy_of(factory, usb, "a.jpg"))
    rot(factory.on_disk(factory.asset("a.jpg")))
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert len(found.lost) == 1
    assert not factory.asset("a.jpg")["is_backed_up"]
    assert [bool(row["problem"]) for row in rows(factory)].count(True) == 1


def test_a_failed_drill_is_an_error_until_one_succeeds(factory: Factory, usb: Path) -> None:
    settings = settings_of(factory, usb)
    assert run_drill(settings)[0]["ok"]
    rot(copy_of(factory, usb, "a.jpg"))
    (told,) = run_drill(settings)
    assert (told["assets"], told["failed"], told["ok"]) == (2, 1, False)
    assert "drill" in (nightly.complaint(settings, factory.engine) or "")
    run(factory, usb)
    assert factory.status("backup")["status"] == "ERROR"
    run_verify(settings, None, 100)
    nightly.tonight(settings)
    assert nightly.complaint(settings, factory.engine) is None
    held = factory._rows(select(RestoreDrill.__table__))
    assert [row["failed"] for row in held] == [0, 1, 0]
    assert not [p for p in factory.paths.derivatives.iterdir() if p.name.startswith(".d")]


def test_a_drill_of_a_target_that_is_away_is_no_failed_drill(factory: Factory, usb: Path) -> None:
    (usb / ".photo-factory-backup").unlink()
    settings = settings_of(factory, usb)
    nightly.tonight(settings)
    assert not run_drill(settings)[0]["ok"]
    assert drill.complaint(factory.engine, open_target(str(usb), settings).name) is None


def test_left_overs_are_swept_every_night_and_by_verify(factory: Factory, usb: Path) -> None:
    settings, left = settings_of(factory, usb), usb / "Originals" / ".x.photo-factory-partial"

    def leave() -> None:
        left.touch()
        os.utime(left, (time.time() - 8 * 24 * 3600,) * 2)

    leave()
    nightly.tonight(settings)
    assert not left.exists()
    leave()
    (found,) = run_verify(settings, None, 100)
    assert (found.swept, found.all_is_well, left.exists()) == (1, True, False)


def test_a_target_that_forbids_sweeping_is_verified_all_the_same(
    factory: Factory, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_store: FolderStore, _path: str) -> float:
        raise OSError(errno.EIO, "forbidden")

    monkeypatch.setattr(FolderStore, "modified", forbidden)
    (found,) = run_verify(settings_of(factory, usb), None, 100)
    assert (found.swept, found.checked, found.all_is_well) == (0, 2, True)


def test_the_nightly_work_is_planned_by_the_household_clock(factory: Factory, usb: Path) -> None:
    scheduler = nightly.start(settings_of(factory, usb, RESTORE_DRILL="04:05"))
    assert scheduler is not None
    (job,) = scheduler.get_jobs()
    when = job.next_run_time
    scheduler.shutdown()
    assert (when.hour, when.minute, str(when.tzinfo)) == (4, 5, "Europe/Berlin")
    assert nightly.start(settings_of(factory, usb, RESTORE_DRILL="never")) is None
    assert nightly.start(factory.settings()) is None
