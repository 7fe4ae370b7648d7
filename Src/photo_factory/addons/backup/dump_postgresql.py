"""Dumps of a PostgreSQL ledger, by pg_dump; proven in a scratch database on the same server."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.database import away, connect

EXTENSION = "pgdump"

_LONGEST_S = 4 * 3600
_PROGRAMS = ("pg_dump", "pg_restore")

_ERROR = re.compile(r"^pg_restore: error:", re.MULTILINE)
_UNKNOWN_SETTING = re.compile(r"^Command was: SET \w+ = \S+;$", re.MULTILINE)


class ProgramMissing(PhotoFactoryError):
    """PostgreSQL's own client is not installed: nothing is wrong with the ledger or a target."""


def missing() -> ProgramMissing | None:
    """What to say when this machine cannot dump; None when it can."""
    return next((_missing(one) for one in _PROGRAMS if shutil.which(one) is None), None)


def _missing(program: str) -> ProgramMissing:
    return ProgramMissing(
        f"{program} is missing: install PostgreSQL's client of the server's version or newer "
        "(on Debian and Ubuntu: apt-get install postgresql-client)"
    )


def dump(engine: Engine, into: Path) -> dict[str, int]:
    """Write the ledger as it is at one moment; the rows each table has then."""
    alike = engine.execution_options(isolation_level="REPEATABLE READ")
    with away(), alike.connect() as connection:
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        rows = _rows(connection)
        _run(
            engine.url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
            f"--snapshot={snapshot}", f"--file={into}",
        )  # fmt: skip
    return rows


def counts(engine: Engine, path: Path) -> dict[str, int]:
    """What a restored dump holds; PhotoFactoryError when it cannot be restored."""
    with _scratch(engine) as url:
        _restore(url, path)
        scratch = connect(url.render_as_string(hide_password=False))
        try:
            with away(), scratch.connect() as connection:
                return _rows(connection)
        finally:
            scratch.dispose()


def _restore(url: URL, path: Path) -> None:
    """Restore a dump, whose counts judge it. A client newer than the server also sets what that
    server does not know (17: transaction_timeout), which is no fault of the dump."""
    done = _call(url, "pg_restore", "--no-owner", "--no-privileges", str(path))
    errors = len(_ERROR.findall(done.stderr))
    if done.returncode and (not errors or errors > len(_UNKNOWN_SETTING.findall(done.stderr))):
        raise _failed("pg_restore", done)


@contextmanager
def _scratch(engine: Engine) -> Iterator[URL]:
    name = f"photo_factory_scratch_{secrets.token_hex(6)}"
    outside = engine.execution_options(isolation_level="AUTOCOMMIT")
    try:
        with away(), outside.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
    except ProgrammingError as error:
        raise PhotoFactoryError(
            "it could not be restored for a trial, as the ledger's user may not make a scratch "
            f"database: ALTER ROLE … CREATEDB ({_first_line(error)})"
        ) from error
    try:
        yield engine.url.set(database=name)
    finally:
        with away(), outside.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def _rows(connection: Connection) -> dict[str, int]:
    query = text(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    )
    names = list(connection.scalars(query))
    return {n: connection.scalar(text(f'SELECT COUNT(*) FROM "{n}"')) or 0 for n in names}


def _run(url: URL, program: str, *arguments: str) -> None:
    done = _call(url, program, *arguments)
    if done.returncode:
        raise _failed(program, done)


def _call(url: URL, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's own programs on a database; the password is in no argument."""
    given = {
        "PGHOST": url.host, "PGPORT": url.port and str(url.port), "PGUSER": url.username,
        "PGPASSWORD": url.password, "PGCONNECT_TIMEOUT": "15", "LC_ALL": "C",
    }  # fmt: skip
    command = [program, "--no-password", f"--dbname={url.database}", *arguments]
    environment = {**os.environ, **{name: str(value) for name, value in given.items() if value}}
    try:
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=_LONGEST_S,
        )  # fmt: skip
    except FileNotFoundError:
        raise _missing(program) from None
    except subprocess.TimeoutExpired:
        raise PhotoFactoryError(f"{program} did not end within four hours") from None


def _failed(program: str, done: subprocess.CompletedProcess[str]) -> PhotoFactoryError:
    reason = (done.stderr.strip() or f"it ended with {done.returncode}").splitlines()
    hint = "; install a client as new as the server" if "version mismatch" in done.stderr else ""
    return PhotoFactoryError(f"{program}: {' '.join(reason[:2])}{hint}")


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]
