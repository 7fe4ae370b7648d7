"""Migrations bring any ledger to the shape of the models, once, whoever starts first."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex

from photo_factory.shared.errors import LedgerError
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.migrations import HEAD
from photo_factory.shared.ledger.models import Base


def test_it_arrives_at_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_it_makes_the_same_constraints_and_indexes_as_the_models(
    engine: Engine, ledger_url: str
) -> None:
    migrated = _fine_print(engine)
    with engine.begin() as connection:
        database._drop_views(connection)
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    assert _fine_print(engine) == migrated


def _fine_print(engine: Engine) -> dict[str, object]:
    seen = inspect(engine)
    return {
        table: (
            sorted((c["name"], c["sqltext"]) for c in seen.get_check_constraints(table)),
            sorted(_told(index) for index in seen.get_indexes(table)),
            seen.get_pk_constraint(table),
            # SQLite does not tell the name of a foreign key that came with a later column.
            sorted(str({**key, "name": ""}) for key in seen.get_foreign_keys(table)),
            sorted(map(repr, seen.get_unique_constraints(table))),
            {c["name"]: (c["default"], c["nullable"]) for c in seen.get_columns(table)},
        )
        for table in Base.metadata.tables
    }


def _told(index: ReflectedIndex) -> str:
    """The index with the text of its WHERE, whose repr would be an address in memory."""
    options = {name: str(value) for name, value in index.pop("dialect_options", {}).items()}
    return f"{sorted(index.items())} {options}"


def test_it_says_whether_there_was_anything_to_do(ledger_url: str) -> None:
    engine = database.connect(ledger_url)
    assert database.migrate(engine) is True
    assert database.migrate(engine) is False
    engine.dispose()


def test_it_names_its_newest_step() -> None:
    scripts = ScriptDirectory(str(database.Path(database.__file__).parent / "migrations"))
    assert scripts.get_heads() == [HEAD]


def test_it_refuses_a_ledger_from_the_future(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerError, match="newer than this program"):
        database.migrate(engine)


def test_it_makes_the_views_again(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP VIEW v_errors"))
        connection.execute(text("DELETE FROM alembic_version"))
        database._drop_views(connection)
        Base.metadata.drop_all(connection)
    assert database.migrate(engine) is True
    assert "v_errors" in inspect(engine).get_view_names()


_MIGRATE = """
import sys
from photo_factory.shared.ledger import database
print(database.migrate(database.connect(sys.argv[1])))
print("alembic" in sys.modules)
"""


def _start(ledger_url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _MIGRATE, ledger_url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_it_runs_once_when_many_processes_start_at_once(ledger_url: str) -> None:
    started = [_start(ledger_url) for _ in range(6)]
    said = [process.communicate(timeout=60) for process in started]
    assert [errors for _, errors in said if errors] == []
    assert sorted(out.split()[0] for out, _ in said) == ["False"] * 5 + ["True"]


def test_it_does_not_load_alembic_for_a_ledger_that_is_up_to_date(
    engine: Engine, ledger_url: str
) -> None:
    out, errors = _start(ledger_url).communicate(timeout=60)
    assert (out.split(), errors) == (["False", "False"], "")


def test_it_takes_next_to_no_time_when_there_is_nothing_to_do(engine: Engine) -> None:
    began = time.perf_counter()
    database.migrate(engine)
    assert time.perf_counter() - began < 0.05
