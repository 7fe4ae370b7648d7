"""The SQL box on PostgreSQL: a session of a role that can read the factory's tables, no more.

The session signs in as that role. To become it by SET ROLE would not do: whoever signed in as the
ledger's owner can call set_config('role', …) inside a SELECT, and is the owner again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine
from sqlalchemy.exc import DBAPIError

from photo_factory.dashboard.queries.box_limits import Limits, Refused, too_long, too_wide
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.ledger.database import away, connect
from photo_factory.shared.settings import Settings

READER = "factory_reader"

_AT_ONCE = 50
"""Rows that are fetched together: so many of the largest are in memory at a time."""

_TOO_WIDE = "a row that is too large"
_TOO_LONG = "57014"  # SQLSTATE of a statement that was cancelled
_GONE = ("08", "57P")  # the connection was lost, the server is going down

# The grammar of DECLARE takes one SELECT and nothing else. What it takes alone has all its brackets
# and so cannot leave those that are put around it next.
_ALONE = "DECLARE alone NO SCROLL CURSOR FOR {statement}"

# The rows stay at the server until they are fetched. A row that is too large becomes an error
# there: it never comes to us. Its size as it lies in memory is known at once, while to write a row
# of a gigabyte as text takes minutes, in which no server looks at the clock.
_DECLARE = """DECLARE answer NO SCROLL CURSOR FOR SELECT * FROM (
{statement}
) AS answer WHERE CASE
  WHEN pg_column_size(answer) > {most}
  THEN CAST(concat('{too_wide}', pg_column_size(answer)) AS boolean)
  WHEN octet_length(CAST(answer AS text)) > {most}
  THEN CAST(concat('{too_wide}', octet_length(CAST(answer AS text))) AS boolean) ELSE TRUE END"""


def rows(
    engine: Engine, settings: Settings, statement: str, limits: Limits
) -> Iterator[Sequence[Any]]:
    """Yield the names of the columns, then the rows; Refused, LedgerAway."""
    ends = time.monotonic() + limits.seconds
    declared = _DECLARE.format(statement=statement, most=limits.row_bytes, too_wide=_TOO_WIDE)
    with _session(engine, settings) as connection, _telling(limits, ends):
        _within(connection, ends, limits)
        connection.exec_driver_sql(_ALONE.format(statement=statement))
        connection.exec_driver_sql("CLOSE alone")
        connection.exec_driver_sql(declared)
        found = _fetched(connection, ends, limits)
        yield list(found.keys())
        while (row := found.fetchone()) is not None:
            yield row
            yield from found  # one by one: in memory an array is far larger than its text
            found = _fetched(connection, ends, limits)


@contextmanager
def _session(engine: Engine, settings: Settings) -> Iterator[Connection]:
    """One session that nobody uses before or after: locks and settings end with it."""
    assert settings.reader_password is not None
    password = settings.reader_password.get_secret_value()
    url = engine.url.set(username=READER, password=password)
    reader = connect(url.render_as_string(hide_password=False), application="dashboard-sql")
    try:
        with _signed_in(reader) as connection:
            # Without parameters a % is only a %.
            plain = connection.execution_options(no_parameters=True)
            _leave_json(plain)
            plain.exec_driver_sql("SET TRANSACTION READ ONLY")
            _check(plain)
            yield plain
    finally:
        reader.dispose()


def _leave_json(connection: Connection) -> None:
    """Let JSON come as its text: that has a bound, however deep it is and long its numbers."""
    from psycopg2 import extras

    session = connection.connection.dbapi_connection
    extras.register_default_json(session, loads=str)
    extras.register_default_jsonb(session, loads=str)


def _signed_in(reader: Engine) -> Connection:
    try:
        with away():
            return reader.connect()
    except LedgerAway as error:
        if READER not in str(error):
            raise
        raise Refused(
            f"{READER} could not sign in: run `photo-factory migrate`, which gives it "
            f"READER_PASSWORD ({error})"
        ) from None


def _check(connection: Connection) -> None:
    asked = "SELECT session_user, current_setting('is_superuser')"
    user, is_superuser = connection.exec_driver_sql(asked).one()
    if user != READER or is_superuser != "off":
        raise Refused(f"the session is {user}'s, and not one of {READER}, which can only read")


def _within(connection: Connection, ends: float, limits: Limits) -> None:
    left = round((ends - time.monotonic()) * 1000)
    if left <= 0:
        raise too_long(limits)
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {left}")


def _fetched(connection: Connection, ends: float, limits: Limits) -> CursorResult[Any]:
    _within(connection, ends, limits)
    return connection.exec_driver_sql(f"FETCH {_AT_ONCE} FROM answer")


@contextmanager
def _telling(limits: Limits, ends: float) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        told = _told(error, limits)
        if isinstance(told, LedgerAway) and time.monotonic() > ends:
            told = too_long(limits)  # we gave up: a function of the server's looks at no clock
        raise told from None
    except (ValueError, OverflowError) as error:  # such as a date before the year 1
        raise Refused(f"a value cannot be shown: {error}") from None


def _told(error: DBAPIError, limits: Limits) -> Exception:
    code = getattr(error.orig, "pgcode", None)
    reason = (str(error.orig).strip() or "it failed").splitlines()[0]
    if code is None or code.startswith(_GONE):
        return LedgerAway(f"the ledger cannot be reached: {reason}")
    if code == _TOO_LONG:
        return too_long(limits)
    if _TOO_WIDE in reason:
        return too_wide(limits)
    return Refused(reason)
