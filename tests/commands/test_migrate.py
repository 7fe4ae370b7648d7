"""`migrate`: folders that are ours, and a reader that reads and does nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from photo_factory.commands.migrate import let_reader_in, make_folders, refuse_a_split
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger import database
from photo_factory.shared.paths import Paths
from tests.factory import Factory

NOBODY = 65534

PASSWORD = 'it\'s a "secret" % \\'


def test_it_makes_every_folder_the_containers_mount(tmp_path: Path) -> None:
    factory = Factory(tmp_path)
    make_folders(factory.paths)
    assert factory.paths.originals.is_dir() and factory.paths.inbox.is_dir()


def test_it_names_the_owner_of_a_folder_it_may_not_write(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    paths = Paths(tmp_path / "inbox", tmp_path / "a file" / "storage")
    with pytest.raises(PhotoFactoryError, match=f"user {os.getuid()}.*set PUID"):
        make_folders(paths)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user reaches; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="changing the user needs root")
def test_it_refuses_folders_that_somebody_else_made_first(open_folder: Path) -> None:
    paths = Paths(open_folder / "inbox", open_folder / "storage")
    for folder in (paths.inbox, paths.derivatives, paths.journal, paths.monitor, paths.originals):
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    paths.originals.chmod(0o755)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(PhotoFactoryError, match=r"Originals .* belongs to user 0.*set PUID"):
            make_folders(paths)
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ["INBOX_DIR", "STORAGE_DIR"])
def test_it_refuses_a_folder_elsewhere_that_only_some_containers_have(
    name: str, tmp_path: Path
) -> None:
    paths = Factory(tmp_path).paths
    with pytest.raises(PhotoFactoryError, match=f"{name}=/volume2/x .*separate-disks.yml"):
        refuse_a_split(paths, {name: "/volume2/x"})


def test_it_takes_no_folder_elsewhere_for_both_in_one(tmp_path: Path) -> None:
    refuse_a_split(Factory(tmp_path).paths, {"INBOX_DIR": "", "STORAGE_DIR": ""})


def migrate_with_mounts(home: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """The verb, with these folders of the factory being mounts of folders of the same disk."""
    factory = Factory(home)
    binds = [f"mount --bind {home}/elsewhere/{name} {home}/{name}" for name in names]
    for name in names:
        (home / "elsewhere" / name).mkdir(parents=True)
        (home / name).mkdir(exist_ok=True)
    command = " && ".join([*binds, f"exec {sys.executable} -m photo_factory migrate"])
    elsewhere = {"INBOX_DIR": "/volume1/in", "STORAGE_DIR": "/volume2/photos"}
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", command],
        env=factory.environment(**elsewhere), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode > 0,
    reason="mounts of its own need root",
)
@pytest.mark.parametrize(
    ("mounted", "refused"),
    [(("Photos_Inbox", "Storage"), ""), (("Photos_Inbox",), "STORAGE_DIR"), ((), "INBOX_DIR")],
)
def test_it_sees_mounts_of_one_and_the_same_disk(
    mounted: tuple[str, ...], refused: str, tmp_path: Path
) -> None:
    told = migrate_with_mounts(tmp_path, *mounted)
    assert told.returncode == (1 if refused else 0), told.stderr
    assert (f"{refused}=" if refused else "migrated") in told.stderr
    assert refused == "" or not (tmp_path / "Storage" / "Originals").exists()


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
def test_the_reader_reads_and_writes_nothing(ledger_url: str, tmp_path: Path) -> None:
    factory = Factory(tmp_path, ledger_url)
    settings = factory.settings(READER_PASSWORD=PASSWORD)
    assert let_reader_in(factory.engine, settings)
    url = make_url(ledger_url).set(
        drivername="postgresql+psycopg2", username="factory_reader", password=PASSWORD
    )
    reader = create_engine(url)
    with reader.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM media_assets")) == 0
        assert connection.execute(text("SELECT * FROM v_pipeline")).all()
    for hostile in (
        "DELETE FROM media_assets",
        "SET transaction_read_only = off; DELETE FROM arrivals",
        "CREATE TABLE mine (id int)",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY media_assets TO PROGRAM 'true'",
        "SELECT * FROM pg_authid",
        "SELECT lo_from_bytea(0, 'kept')",
        "SET transaction_read_only = off; SELECT lo_create(0)",
        "SET transaction_read_only = off; CREATE TEMP TABLE mine (id int)",
        "SELECT pg_logical_emit_message(false, 'to the', 'log')",
        "SELECT pg_advisory_lock(1)",  # the Librarian's lease is one
        "SELECT pg_try_advisory_xact_lock(1, 2)",
    ):
        with reader.connect() as connection, pytest.raises(DBAPIError):
            connection.exec_driver_sql(hostile)
    reader.dispose()
    factory.close()


def test_without_a_password_nobody_is_let_in(tmp_path: Path) -> None:
    factory = Factory(tmp_path)
    assert not let_reader_in(factory.engine, factory.settings())
    factory.close()


def test_on_sqlite_there_is_no_reader(tmp_path: Path) -> None:
    factory = Factory(tmp_path)
    assert not let_reader_in(factory.engine, factory.settings(READER_PASSWORD="x"))
    database.migrate(factory.engine)
    factory.close()
