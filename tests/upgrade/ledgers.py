"""Kept ledgers brought to life, and all that stands in a ledger, for comparison."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import psycopg2
from sqlalchemy import Engine, create_engine, inspect, make_url, text

DUMPS = Path(__file__).parent / "dumps"
STEPS = sorted({path.name[:4] for path in DUMPS.glob("*.sql")})

Content = dict[str, tuple[list[str], list[str]]]
"""By table: its columns, and its rows as text."""


def dump(step: str, kind: str) -> str:
    """The kept ledger of a step, as SQL."""
    return (DUMPS / f"{step}.{kind}.sql").read_text("utf-8")


def load(step: str, url: str) -> None:
    """Fill an empty database with a kept ledger, by its own driver and nothing of ours."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(make_url(url).database))) as ledger:
            ledger.executescript(dump(step, "sqlite"))
    else:
        execute(dump(step, "postgresql"), url)


def unpack(step: str, kind: str, storage: Path, what: str = "archive") -> None:
    """Put a kept archive into a storage, or onto it what is `waiting` for a database."""
    kept = json.loads((DUMPS / f"{step}.{kind}.{what}.json").read_text("ascii"))
    for name, content in kept.items():
        path = storage / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))


def execute(script: str, url: str) -> None:
    """Have PostgreSQL do what a script says."""
    with closing(psycopg2.connect(url)) as ledger, ledger.cursor() as cursor:
        cursor.execute(script)
        ledger.commit()


def portable(script: str) -> str:
    """A dump without the two commands that only the newest psql knows."""
    return re.sub(r"^\\(un)?restrict .*\n", "", script, flags=re.MULTILINE)


def plain(url: str) -> Engine:
    """An engine that knows nothing of ledgers."""
    return create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))


def content(url: str, like: Content | None = None) -> Content:
    """Every row of every table, or of the tables and columns of an earlier one."""
    engine = plain(url)
    seen = inspect(engine)
    columns = (
        {name: [str(c["name"]) for c in seen.get_columns(name)] for name in seen.get_table_names()}
        if like is None
        else {name: columns for name, (columns, _) in like.items()}
    )
    with engine.connect() as connection:
        found = {name: _rows(connection.execute(_all(name, c))) for name, c in columns.items()}
    engine.dispose()
    return {name: (columns[name], found[name]) for name in columns}


def _all(table: str, columns: list[str]) -> object:
    listed = ", ".join(f'"{column}"' for column in columns)
    return text(f'SELECT {listed} FROM "{table}"')


def _rows(found: Iterable[Iterable[object]]) -> list[str]:
    return sorted(
        repr([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in found
    )


def step_of(url: str) -> str:
    """Which step a ledger is at."""
    return content(url)["alembic_version"][1][0].strip("[]'")


def without_step(found: Content) -> Content:
    """All but the mark of the step, which is what a migration is to change."""
    return {name: rows for name, rows in found.items() if name != "alembic_version"}


def schema_of_sqlite(url: str) -> list[tuple[str, str, str]]:
    """Tables, columns, rules, indexes and views, as SQLite keeps them."""
    query = "SELECT type, name, COALESCE(sql, '') FROM sqlite_master ORDER BY type, name"
    with closing(sqlite3.connect(str(make_url(url).database))) as ledger:
        return [(kind, name, " ".join(sql.split())) for kind, name, sql in ledger.execute(query)]
