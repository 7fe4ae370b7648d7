"""What SQLite needs to be a ledger: durability, patience with locks, its words for trouble."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, ColumnElement, Connection, Engine, bindparam, event
from sqlalchemy.exc import DBAPIError, OperationalError

from photo_factory.shared import clock
from photo_factory.shared.errors import SettingsError
from photo_factory.shared.ledger.columns import UtcDateTime
from photo_factory.shared.ledger.waits import SLICE_S, Wait

READING = "photo_factory_reading"
"""Execution option of a connection that only asks."""

_LOCK_WAIT_S = 30.0
_AWAY = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def options(url: URL, application: str) -> dict[str, Any]:
    """Arguments of create_engine; makes the folder the file will stand in."""
    if not url.database or url.database == ":memory:":
        raise SettingsError("DATABASE_URL names no file: a ledger in memory would not outlive us")
    # Where it cannot be made, connecting tells so: then the ledger is away, and may come back.
    with contextlib.suppress(OSError):
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    return {"connect_args": {"timeout": _LOCK_WAIT_S}}


def prepare(engine: Engine) -> None:
    """Set up each connection, and begin transactions ourselves."""
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # Python's driver would begin too late and commit DDL
    _turn_on_wal(connection)
    # FULL: a commit must survive a power cut, because the inbox file is removed after it.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for its lock here when two processes make the same ledger at once.
    _insist(lambda: connection.execute("PRAGMA journal_mode = WAL"))


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(READING):
        connection.exec_driver_sql("BEGIN")
        return
    driver: Any = connection.connection.driver_connection
    # While SQLite itself waits, not even a signal is heard: so it may for a moment only.
    driver.execute(f"PRAGMA busy_timeout = {SLICE_S * 1000:.0f}")
    try:
        # IMMEDIATE: a transaction that reads first and writes later would fail with "database is
        # locked" at once, without any waiting, if somebody else wrote in between.
        _insist(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    finally:
        driver.execute(f"PRAGMA busy_timeout = {_LOCK_WAIT_S * 1000:.0f}")


def _insist(statement: Callable[[], object]) -> None:
    """Execute what needs a lock that others may hold, again and again."""
    wait = Wait(_LOCK_WAIT_S)
    while True:
        try:
            statement()
            return
        except (sqlite3.OperationalError, OperationalError) as error:
            raw = error.orig if isinstance(error, OperationalError) else error
            if getattr(raw, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY or wait.is_over():
                raise
            time.sleep(0.02)


def made(error: DBAPIError) -> bool:
    """Whether the error is one of SQLite's."""
    return isinstance(error.orig, sqlite3.Error)


def is_away(error: DBAPIError) -> bool:
    """A lock, a full or vanished disk: it may work later."""
    return _code(error) in _AWAY


def is_damaged(error: DBAPIError) -> bool:
    """The file is no longer a whole database."""
    return _code(error) in _DAMAGED


def _code(error: DBAPIError) -> int:
    # The lowest byte is the kind, the rest says more, such as which I/O failed.
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF


def moment(later: timedelta) -> ColumnElement[datetime]:
    """The time by this machine's clock, which is the only one here; or `later`."""
    return bindparam(None, callable_=lambda: clock.now() + later, type_=UtcDateTime())


class Listener:
    """Notices that somebody wrote to the ledger: SQLite counts the commits of others."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._seen = 0

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Rest until there is news (True), the time is over, or somebody wants us to stop."""
        try:
            return self._watch(time.monotonic() + seconds, stop)
        except (sqlite3.Error, DBAPIError):
            # Whoever asks the ledger next finds out what is wrong, and can tell; rest till then.
            self.close()
            stop.wait(seconds)
            return False

    def close(self) -> None:
        """Watch no more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _watch(self, until: float, stop: threading.Event) -> bool:
        if self._connection is None:
            held = self._engine.raw_connection()
            self._connection = held.driver_connection
            held.detach()  # it never goes back to the pool
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._seen:
                self._seen = version
                return True
            stop.wait(min(left, SLICE_S))
        return False


def notify(connection: Connection) -> None:
    """Nothing has to be said: commits can be counted."""


class Lease:
    """Nobody else: a ledger in a file is one machine's, where the lock on the journal is enough."""

    def __init__(self, _engine: Engine, _key: int, _holder: str) -> None:
        """Nothing is taken."""

    def other(self) -> str | None:
        """Nobody."""
        return None

    def close(self) -> None:
        """Nothing is given back."""
