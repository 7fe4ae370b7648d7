"""`migrate`: the folders, the ledger's shape, and the reader that may look at it from outside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import psutil
from psycopg2 import sql
from sqlalchemy import Engine

from photo_factory.shared import files
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.database import away
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

_MAKE_READER = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'factory_reader') THEN
    CREATE ROLE factory_reader NOLOGIN;
  END IF;
END $$
"""
_LET_READ = (
    "GRANT USAGE ON SCHEMA public TO factory_reader",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO factory_reader",
    # And on those of later migrations, which any service may make.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO factory_reader",
    "ALTER ROLE factory_reader SET default_transaction_read_only = on",
    "ALTER ROLE factory_reader SET statement_timeout = '5min'",
    "ALTER ROLE factory_reader CONNECTION LIMIT 10",
    # Only a superuser may do the rest, which the stack's user is. The reader may say of itself that
    # its transactions write: so it may not have what writes without any right to a table, nor the
    # locks by which a Librarian or a migration keeps a second one out.
    """
DO $$ DECLARE one regprocedure; BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    ALTER ROLE factory_reader SET temp_file_limit = '1GB';
    EXECUTE 'REVOKE TEMPORARY ON DATABASE ' || quote_ident(current_database()) || ' FROM PUBLIC';
    FOR one IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
               AND (proname ~ '^(lo_|lowrite$|pg_(try_)?advisory_|pg_logical_emit_message$)') LOOP
      EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || one || ' FROM PUBLIC';
    END LOOP;
  END IF;
END $$
""",
)


def refuse_a_split(paths: Paths, environment: Mapping[str, str]) -> None:
    """PhotoFactoryError where the stack's containers do not share one inbox and one storage.

    The compose file alone gives INBOX_DIR and STORAGE_DIR to some of them: the Librarian has
    DATA_DIR as one mount until separate-disks.yml lays the two over it, here as well as there.
    """
    # os.path.ismount does not see a mount of another folder of the same disk.
    mounts = {one.mountpoint for one in psutil.disk_partitions(all=True)}
    for name, folder in (("INBOX_DIR", paths.inbox), ("STORAGE_DIR", paths.storage)):
        named = environment.get(name)
        if named and str(folder.resolve()) not in mounts:
            raise PhotoFactoryError(
                f"{name}={named} reaches the Librarian by separate-disks.yml only: add that to "
                "Stack/.env as COMPOSE_FILE=docker-compose.yml:separate-disks.yml, with both "
                "INBOX_DIR and STORAGE_DIR, or take the two out and set DATA_DIR"
            )


def make_folders(paths: Paths) -> None:
    """Make the house's folders, which then belong to whoever runs this; PhotoFactoryError."""
    folders = (paths.inbox, paths.originals, paths.derivatives, paths.journal, paths.monitor)
    try:
        files.make_folders(folders)
    except OSError as error:
        made = Path(error.filename or "/")
        raise _not_ours(made, f"cannot be made ({error.strerror})") from error
    for folder in folders[1:]:  # an inbox may be for reading only, in mode `keep`
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
            raise _not_ours(folder, "cannot be written to")


def _not_ours(folder: Path, what: str) -> PhotoFactoryError:
    return PhotoFactoryError(
        f"{folder} {what} by user {os.geteuid()}: {_whose(folder)}; set PUID and PGID to its "
        "owner, or give this user the folder"
    )


def _whose(path: Path) -> str:
    # os.path.exists is False, and raises nothing, where one may not look.
    there = next(one for one in (path, *path.parents) if os.path.exists(one))
    return f"{there} belongs to user {there.stat().st_uid}, group {there.stat().st_gid}"


def let_reader_in(engine: Engine, settings: Settings) -> bool:
    """Give `factory_reader` its password; False where none is set, or the ledger is SQLite."""
    if settings.reader_password is None or engine.dialect.name != "postgresql":
        return False
    password = sql.Literal(settings.reader_password.get_secret_value())
    log_in = sql.SQL("ALTER ROLE factory_reader LOGIN PASSWORD {}").format(password)
    with away(), engine.begin() as connection:
        for statement in (_MAKE_READER, *_LET_READ):
            connection.exec_driver_sql(statement)
        cursor = connection.connection.cursor()
        cursor.execute(log_in)  # by the driver itself: no log and no error shows the password
    return True
