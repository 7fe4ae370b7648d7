"""The SQL box on SQLite: a connection that can open nothing else, write nothing, and stops."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import quote

from photo_factory.dashboard.queries.box_limits import Limits, Refused, too_long, too_wide
from photo_factory.shared.errors import LedgerAway

_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_NOT_CALLED = {"load_extension", "fts3_tokenizer", "sqlite_log", "readfile", "writefile", "edit"}
_STEPS = 1000
"""Instructions of SQLite's machine between two looks at the clock."""
_AT_ONCE = 100


def rows(path: str, statement: str, limits: Limits) -> Iterator[Sequence[Any]]:
    """Yield the names of the columns, then the rows; Refused, LedgerAway."""
    try:
        with closing(_opened(path, limits)) as connection:
            cursor = connection.execute(statement)
            yield [column[0] for column in cursor.description or ()]
            while some := cursor.fetchmany(_AT_ONCE):
                yield from some
    except sqlite3.Error as error:
        raise _told(error, limits) from None
    except OverflowError as error:  # a statement longer than its limit
        raise Refused(str(error)) from None


def _opened(path: str, limits: Limits) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None, timeout=5
    )
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.row_bytes)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    # Matching takes the text's length times the pattern's, and nobody can stop it half-way.
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.set_authorizer(_may)
    ends = time.monotonic() + limits.seconds
    connection.set_progress_handler(lambda: int(time.monotonic() > ends), _STEPS)
    return connection


def _may(action: int, _first: str | None, second: str | None, *_rest: str | None) -> int:
    is_called = action == sqlite3.SQLITE_FUNCTION
    if action not in _READING or (is_called and (second or "").lower() in _NOT_CALLED):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _told(error: sqlite3.Error, limits: Limits) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        return too_long(limits)
    if code == sqlite3.SQLITE_TOOBIG:
        return too_wide(limits)
    if code in (sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY):
        return Refused(
            f"only a SELECT is answered here, which reads and does nothing else: {error}"
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        return LedgerAway(f"the ledger cannot be read now: {error}")
    return Refused(str(error))
