"""What PostgreSQL needs to be a ledger: no wait without an end, its words for trouble."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import URL, ColumnElement, Connection, Engine, func, text
from sqlalchemy.exc import DBAPIError

from photo_factory.shared.ledger.waits import SLICE_S, Wait

_CONNECT_S = 5
_LOCK_MS = 10_000
_STATEMENT_MS = 30_000
_ANSWER_S = 35.0  # longer than a statement may take, so that only a dead server is given up

_answer_s: ContextVar[float | None] = ContextVar("answer_s", default=_ANSWER_S)

_COLLISION = "40"  # SQLSTATE class of deadlocks and serialisation failures

# SQLSTATE classes and codes after which the same statement may work later.
_AWAY = (
    "08",  # connection exceptions
    "25006",  # read-only: a standby, or set so by its keeper
    "25P03",  # idle for too long inside a transaction
    _COLLISION,
    "53",  # disk full, out of memory, too many connections
    "55P03",  # a lock that did not come
    "57",  # shut down, starting up, or statement timeout
    "58",  # I/O errors
)
_DAMAGED = ("XX001", "XX002")


def options(url: URL, application: str) -> dict[str, Any]:
    """Arguments of create_engine."""
    # Imported here: whoever keeps the ledger in SQLite need not load a driver for a server.
    import psycopg2.extensions

    # For the whole process, as the driver has it no other way. Without it the client waits for
    # ever on a server that is frozen: the kernel still acknowledges, so no TCP timeout helps.
    psycopg2.extensions.set_wait_callback(_wait)
    given = dict(url.query)
    arguments = {
        "connect_timeout": _CONNECT_S,
        "application_name": application,
        "client_encoding": "utf8",  # a server set up without a locale would otherwise say ASCII
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        "options": f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout={_LOCK_MS} "
        f"-c idle_in_transaction_session_timeout={_STATEMENT_MS} -c timezone=UTC "
        "-c datestyle=ISO",
    }
    return {
        "connect_args": {name: v for name, v in arguments.items() if name not in given},
        "pool_pre_ping": True,
        "executemany_mode": "values_plus_batch",
    }


def prepare(engine: Engine) -> None:
    """Nothing is left to do: the server was told everything when connecting."""


@contextmanager
def patience(seconds: float | None) -> Iterator[None]:
    """How long to wait for an answer in here; None is for ever."""
    token = _answer_s.set(seconds)
    try:
        yield
    finally:
        _answer_s.reset(token)


def _wait(connection: Any) -> None:
    """Called by the driver whenever the server is to speak; raising closes the connection."""
    from psycopg2 import OperationalError, extensions

    connecting = connection.status == extensions.STATUS_SETUP
    limit = _CONNECT_S if connecting else _answer_s.get()
    events = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}
    while (state := connection.poll()) != extensions.POLL_OK:
        poller = select.poll()
        poller.register(connection.fileno(), events[state])
        began, wait = time.monotonic(), Wait(limit)
        while not poller.poll(SLICE_S * 1000):
            if wait.is_over():
                took = time.monotonic() - began
                raise OperationalError(f"the server has not answered for {took:.0f} seconds")


def is_away(error: DBAPIError) -> bool:
    """The connection was lost or refused, or the server has no room or time now."""
    code = getattr(error.orig, "pgcode", None)
    if code is None:
        # The driver gives no code to what fails before or underneath the protocol.
        return error.connection_invalidated or type(error.orig).__name__ in (
            "OperationalError",
            "InterfaceError",
        )
    return error.connection_invalidated or code.startswith(_AWAY)


def is_collision(error: BaseException | None) -> bool:
    """Another transaction won over this one, which would succeed now."""
    code = getattr(getattr(error, "orig", None), "pgcode", None) or ""
    return code.startswith(_COLLISION)


def is_damaged(error: DBAPIError) -> bool:
    """The server found its own files corrupted."""
    return (getattr(error.orig, "pgcode", None) or "").startswith(_DAMAGED)


def dependents(error: DBAPIError) -> str | None:
    """What stands on a view that was to be dropped, in the server's words; None otherwise."""
    if getattr(error.orig, "pgcode", None) != "2BP01":
        return None
    diagnosis: Any = getattr(error.orig, "diag", None)
    return "; ".join((diagnosis.message_detail or str(error.orig)).splitlines())


def moment(later: timedelta) -> ColumnElement[datetime]:
    """The time by the server's clock, also late in a long transaction; or `later`."""
    return func.clock_timestamp() + later if later else func.clock_timestamp()


CHANNEL = "photo_factory"


class Listener:
    """Hears when somebody has put work into the ledger (NOTIFY)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Rest until there is news (True), the time is over, or somebody wants us to stop."""
        from psycopg2 import Error

        try:
            return self._listen(time.monotonic() + seconds, stop)
        except (Error, DBAPIError, OSError):
            # Whoever asks the ledger next finds out what is wrong, and can tell; rest till then.
            self.close()
            stop.wait(seconds)
            return False

    def close(self) -> None:
        """Hear no more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listen(self, until: float, stop: threading.Event) -> bool:
        if self._connection is None:
            self._connection = self._connected()
            return True  # what came before we listened was not heard
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            if select.select([self._connection], [], [], min(left, SLICE_S))[0]:
                self._connection.poll()
            if self._connection.notifies:
                self._connection.notifies.clear()
                return True
        return False

    def _connected(self) -> Any:
        held = self._engine.raw_connection()
        connection = held.driver_connection
        held.detach()  # it never goes back to the pool
        connection.autocommit = True  # type: ignore[union-attr]
        with connection.cursor() as cursor:  # type: ignore[union-attr]
            cursor.execute(f"LISTEN {CHANNEL}")
        return connection


def notify(connection: Connection) -> None:
    """Tell all listeners, when this transaction is committed."""
    connection.exec_driver_sql(f"NOTIFY {CHANNEL}")


_NAMED = text(
    # The server is told to notice soon when the host of the holder is gone without a word.
    "SELECT set_config('application_name', :holder, false),"
    " set_config('tcp_keepalives_idle', '10', false),"
    " set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '3', false),"
    " set_config('tcp_user_timeout', '25000', false)"
)
_TAKEN = text("SELECT pg_try_advisory_lock(:key)")
_HOLDER = text(
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND classid = 0 AND objid = :key AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_LONGEST_NAME = 63


class Lease:
    """What one process at a time has. It ends with the connection, so that no clock is asked."""

    def __init__(self, engine: Engine, key: int, holder: str) -> None:
        self._engine = engine
        self._key = key
        self._holder = holder[-_LONGEST_NAME:]
        self._connection: Connection | None = None

    def other(self) -> str | None:
        """Who else has it; None when it is ours, taken just now or still."""
        try:
            if self._connection is None:
                return self._try()
            self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            self.close()
            raise
        return None

    def close(self) -> None:
        """Give it back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _try(self) -> str | None:
        connection = self._connected()
        try:
            connection.execute(_NAMED, {"holder": self._holder})
            if connection.scalar(_TAKEN, {"key": self._key}):
                self._connection = connection
                return None
            return connection.scalar(_HOLDER, {"key": self._key}) or "it is just ending"
        finally:
            if self._connection is None:
                connection.close()

    def _connected(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # closed, it does not live on in the pool, and the lease with it
        return connection
