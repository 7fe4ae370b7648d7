"""Dumps of an SQLite ledger, by SQLite's own backup: a database file like the ledger."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from photo_factory.shared.errors import PhotoFactoryError

EXTENSION = "sqlite3"


def dump(engine: Engine, into: Path) -> dict[str, int]:
    """Write the ledger as it is at one moment; the rows each table has then."""
    source = f"file:{engine.url.database}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(source, uri=True, isolation_level=None)) as ledger,
            closing(sqlite3.connect(into)) as copy,
        ):
            ledger.execute("BEGIN")  # what is counted and what is copied are of one moment
            rows = _rows(ledger)
            ledger.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a -wal beside it
    except sqlite3.Error as error:
        raise PhotoFactoryError(f"the ledger cannot be dumped: {error}") from error
    return rows


def counts(_engine: Engine, path: Path) -> dict[str, int]:
    """What a restored dump holds; PhotoFactoryError when it is no whole database."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as scratch:
            (told,) = scratch.execute("PRAGMA integrity_check").fetchone()
            if told != "ok":
                raise PhotoFactoryError(f"the dump is damaged: {told}")
            return _rows(scratch)
    except sqlite3.Error as error:
        raise PhotoFactoryError(f"the dump cannot be opened: {error}") from error


def _rows(database: sqlite3.Connection) -> dict[str, int]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    names = sorted(name for (name,) in database.execute(query))
    return {n: database.execute(f'SELECT COUNT(*) FROM "{n}"').fetchone()[0] for n in names}
