"""The way to the ledger: engines that do not hang, migrations, and what counts as away."""

from __future__ import annotations

import fcntl
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import wraps
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import IO, ParamSpec, Protocol, TypeVar, cast

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    create_engine,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
)

from photo_factory.shared.errors import LedgerAway, LedgerError, SettingsError
from photo_factory.shared.ledger import on_postgresql, on_sqlite
from photo_factory.shared.ledger.columns import to_json
from photo_factory.shared.ledger.migrations import HEAD
from photo_factory.shared.ledger.waits import SLICE_S, Wait

# Any constant does, as long as nobody else locks the same one in this database.
_MIGRATION_LOCK = 0x70686F746F  # "photo"
_LIBRARIANS_LEASE = 0x6C696272  # "libr"
_COLLISIONS = 3  # one is rare, and costs the second after which the server looks for it
_CREATED_VIEW = re.compile(r"^CREATE VIEW (\w+)", re.MULTILINE)

Params = ParamSpec("Params")
Written = TypeVar("Written")


def connect(url: str, *, application: str = "photo-factory") -> Engine:
    """An engine for `url`; nothing is asked of the database yet. SettingsError for a bad URL."""
    parsed = _parsed(url)
    dialect = on_sqlite if parsed.get_backend_name() == "sqlite" else on_postgresql
    engine = create_engine(
        parsed,
        json_serializer=to_json,
        hide_parameters=True,  # an error is told in one line, not with 200 rows of photos
        **dialect.options(parsed, application),
    )
    dialect.prepare(engine)
    return engine


def _parsed(url: str) -> URL:
    try:
        # postgres:// is what hosting services hand out; the driver is named because
        # SQLAlchemy would otherwise take one that is not installed.
        parsed = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url))
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise SettingsError(
            "DATABASE_URL is no database URL (an example: postgresql://user:password@host/name)"
        ) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsError(f"DATABASE_URL={redacted(url)}: only sqlite and postgresql are known")
    return parsed


def redacted(url: str) -> str:
    """`url` as it may be shown: without its password, wherever in the URL that stands."""
    hidden = re.sub(r"(?s)(?<=://)([^/?#@]*?):.*@", r"\1:***@", url)
    return re.sub(r"(?i)(password|passfile|sslkey|sslpassword)=[^&]*", r"\1=***", hidden)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for questions only: on SQLite it does not wait for writers, nor they for it."""
    with engine.connect().execution_options(**{on_sqlite.READING: True}) as connection:
        yield connection


@contextmanager
def away() -> Iterator[None]:
    """Turn the loss of the database into LedgerAway, a damaged one into LedgerError."""
    try:
        yield
    except DBAPIError as error:
        dialect = on_sqlite if on_sqlite.made(error) else on_postgresql
        reason = (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
        if dialect.is_away(error):
            raise LedgerAway(
                f"the ledger cannot be reached: {reason} (is the database up, DATABASE_URL right?)"
            ) from error
        if dialect.is_damaged(error):
            raise LedgerError(
                f"the ledger is damaged ({reason}): restore it from a backup, or rebuild it "
                "from the archive, which has all it needs"
            ) from error
        raise


def repeated(write: Callable[Params, Written]) -> Callable[Params, Written]:
    """Decorates what writes one transaction: it is done again when another one collided with it.

    Claims lock assets before runs, the endings of work runs before assets, redo a mixture: no
    order suits them all, and where two meet PostgreSQL lets one of them live.
    """

    @wraps(write)
    def again(*args: Params.args, **kwargs: Params.kwargs) -> Written:
        for _ in range(_COLLISIONS):
            try:
                return write(*args, **kwargs)
            except LedgerAway as error:
                if not on_postgresql.is_collision(error.__cause__):
                    raise
        return write(*args, **kwargs)

    return again


class Listener(Protocol):
    """Hears when somebody wrote to the ledger: a poll stays the truth, this makes it quick."""

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Rest until there is news (True), the time is over, or somebody wants us to stop."""

    def close(self) -> None:
        """Hear no more."""


def listener(engine: Engine) -> Listener:
    """A listener of its own connection to this ledger."""
    made: Listener = _dialect(engine).Listener(engine)
    return made


def notify(connection: Connection) -> None:
    """Tell the services, when this transaction is committed, that there is work."""
    _dialect(connection).notify(connection)


class Lease(Protocol):
    """What one process at a time has; it ends with that process, also when its host dies."""

    def other(self) -> str | None:
        """Who else has it; None when it is ours, taken just now or still. DBAPIError."""

    def close(self) -> None:
        """Give it back."""


def librarians_lease(engine: Engine, holder: str) -> Lease:
    """The right to file, for which all Librarians of this ledger ask; `holder` says who asks."""
    made: Lease = _dialect(engine).Lease(engine, _LIBRARIANS_LEASE, holder)
    return made


def _dialect(ledger: Engine | Connection) -> ModuleType:
    return on_sqlite if ledger.dialect.name == "sqlite" else on_postgresql


def moment(ledger: Engine | Connection, later: timedelta = timedelta()) -> ColumnElement[datetime]:
    """The time when the statement is carried out, or `later`, by the database's clock.

    Hosts that share a ledger share no clock of their own.
    """
    made: ColumnElement[datetime] = _dialect(ledger).moment(later)
    return made


def database_now(connection: Connection) -> datetime:
    """The time by the database's clock."""
    return cast(datetime, connection.scalar(select(moment(connection))))


def upsert(
    table: FromClause, index_elements: Sequence[str], update: Sequence[str]
) -> postgresql.Insert:
    """INSERT that, where `index_elements` exist already, sets the `update` columns instead."""
    # PostgreSQL's construct compiles on SQLite too (not the other way round).
    statement = postgresql.insert(table)  # type: ignore[arg-type]
    new = {name: statement.excluded[name] for name in update}
    return statement.on_conflict_do_update(index_elements=list(index_elements), set_=new)


def insert_ignore(
    table: FromClause, index_elements: Sequence[str] | None = None
) -> postgresql.Insert:
    """INSERT that leaves alone what exists already (by `index_elements`, else by any key)."""
    statement = postgresql.insert(table)  # type: ignore[arg-type]
    return statement.on_conflict_do_nothing(
        index_elements=None if index_elements is None else list(index_elements)
    )


@repeated
def migrate(engine: Engine) -> bool:
    """Bring the ledger to this program's shape; False when it was there already.

    Services of the program before may still be at work meanwhile. LedgerError when it is newer.
    """
    if _version(engine) == HEAD:
        return False
    with reshaping(engine) as connection:
        if _version(connection) == HEAD:  # somebody else did it while we waited
            return False
        _drop_views(connection)
        _upgrade(connection)
        _create_views(connection)
    return True


@contextmanager
def reshaping(engine: Engine) -> Iterator[Connection]:
    """A transaction that changes tables: one at a time, so look first what others did meanwhile."""
    with away(), _alone(engine), engine.begin() as connection, on_postgresql.patience(None):
        if engine.dialect.name == "postgresql":
            _take_advisory_lock(connection)
        yield connection


def _version(ledger: Engine | Connection) -> str | None:
    """The ledger's step, None before the first; LedgerError when it is beyond this program."""
    if isinstance(ledger, Engine):
        with away(), reading(ledger) as connection:
            return _version(connection)
    try:
        with ledger.begin_nested() if ledger.in_transaction() else nullcontext():
            found: str | None = ledger.scalar(text("SELECT version_num FROM alembic_version"))
    except (ProgrammingError, OperationalError) as error:
        if _is_missing_table(error):
            return None
        raise
    if found is not None and found > HEAD:
        raise LedgerError(
            f"the ledger ({redacted(str(ledger.engine.url))}) is at step {found}, newer than this "
            f"program, which knows {HEAD}: update Photo Factory, or restore a dump of before"
        )
    return found


def _is_missing_table(error: DBAPIError) -> bool:
    missing = getattr(error.orig, "pgcode", None) == "42P01"
    return missing or "no such table" in str(error.orig)


@contextmanager
def _lock_file(path: Path) -> Iterator[None]:
    try:
        file = path.open("w")
    except OSError as error:
        raise LedgerAway(f"the ledger cannot be locked: {error}") from error
    with file:
        _wait_for_lock(file)
        yield


def _wait_for_lock(file: IO[str]) -> None:
    wait = Wait(None)
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if wait.is_over():
                raise LedgerAway("the ledger is being migrated by another process") from error
            time.sleep(SLICE_S)


def _alone(engine: Engine) -> AbstractContextManager[None]:
    """Keeps other processes' migrations out; PostgreSQL has its own lock for that."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return nullcontext()
    return _lock_file(Path(f"{engine.url.database}.lock"))


def _take_advisory_lock(connection: Connection) -> None:
    # A migration of a large ledger, or the wait for another process's, may take its time.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = '10min'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})


def _upgrade(connection: Connection) -> None:
    # Imported here: it takes 0.3 s, which a ledger that is up to date should not cost.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "photo_factory.shared.ledger:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _views() -> list[str]:
    """The statements of reporting.sql."""
    script = resources.files(__package__).joinpath("reporting.sql").read_text("utf-8")
    bare = re.sub(r"^--.*\n", "", script, flags=re.MULTILINE)
    return [statement.strip() for statement in re.split(r";\s*$", bare, flags=re.MULTILINE)][:-1]


def _drop_views(connection: Connection) -> None:
    # Before the steps: a table cannot be changed underneath a view.
    for name in reversed(_CREATED_VIEW.findall("\n".join(_views()))):
        try:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
        except DBAPIError as error:
            if dependents := on_postgresql.dependents(error):
                raise LedgerError(
                    f"the ledger cannot be migrated while something of yours stands on our views "
                    f"({dependents}): DROP VIEW it, and make it again afterwards"
                ) from error
            raise


def _create_views(connection: Connection) -> None:
    for statement in _views():
        connection.exec_driver_sql(statement)
