"""`migrate`: the folders, the ledger's shape, and the reader that may look at it from outside."""

from __future__ import annotations

import os
from pathlib import Path

from psycopg2 import sql
from sqlalchemy import Engine

from photo_factory.shared import files
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.database import away
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

READER = "factory_reader"

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
    # Only a superuser may set this one, which the stack's user is.
    """
DO $$ BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    ALTER ROLE factory_reader SET temp_file_limit = '1GB';
  END IF;
END $$
""",
)


def make_folders(paths: Paths) -> None:
    """Make the house's folders, which then belong to whoever runs this; PhotoFactoryError."""
    folders = (paths.inbox, paths.originals, paths.derivatives, paths.journal, paths.monitor)
    try:
        files.make_folders(folders)
    except OSError as error:
        raise PhotoFactoryError(
            f"{error.filename} cannot be made ({error.strerror}) by user {os.getuid()}: "
            f"{_whose(Path(error.filename or '/'))}; set PUID and PGID to its owner, or give this "
            "user the folder"
        ) from error


def _whose(path: Path) -> str:
    there = next(one for one in (path, *path.parents) if one.exists())
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
