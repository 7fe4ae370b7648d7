"""Fixtures every test may use: real databases, and an environment that says nothing."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

# Imported before anything else: on CPython 3.11.7 a late first import of hypothesis ends the
# run with "AST constructor recursion depth mismatch" after the tests have passed.
import hypothesis  # noqa: F401
import pytest
from sqlalchemy import Engine

from photo_factory.shared.settings import Settings

# A developer's own settings must not reach the tests, nor the tests a developer's archive.
_SETTINGS = {str(field.alias) for field in Settings.model_fields.values()}
for _name in list(os.environ):
    if _name == "PHOTO_FACTORY_SAMPLES":  # no setting: where the corpus test finds real files
        continue
    if _name.startswith(("PHOTO_FACTORY_", "PG")) or _name in _SETTINGS:
        del os.environ[_name]

from photo_factory.shared.ledger import database  # noqa: E402
from tests.parts import PostgreSQL, require_part  # noqa: E402

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """A PostgreSQL server of the test run's own."""
    require_part("PostgreSQL", "postgresql", PostgreSQL.is_installed())
    server = PostgreSQL.create()
    server.start()
    try:
        yield server
    finally:
        server.destroy()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database; empty unless the test asks for `engine` as well.

    The test runs once on each kind."""
    # A migrated ledger is copied, not migrated again: most of the time would go into that.
    migrated = "engine" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "ledger.sqlite3"
        if migrated:
            shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    template = request.getfixturevalue("_postgres_template") if migrated else "template0"
    name = f"ledger_{next(_numbers)}"
    yield server.create_database(name, template)
    server.drop_database(name)


@pytest.fixture
def engine(ledger_url: str) -> Iterator[Engine]:
    """A migrated ledger, on each kind of database."""
    engine = database.connect(ledger_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite3"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres: PostgreSQL) -> str:
    _migrate(postgres.create_database("migrated"))
    return "migrated"


def _migrate(url: str) -> None:
    engine = database.connect(url)
    database.migrate(engine)
    engine.dispose()


@pytest.fixture
def own_handlers() -> Iterator[None]:
    """What a command in this process sets up for its signals and its log is taken back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
