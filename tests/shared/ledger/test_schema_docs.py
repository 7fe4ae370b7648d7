"""docs/DATABASE_SCHEMA.md says what the models and the views are, no less and no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Engine,
    Float,
    Integer,
    LargeBinary,
    String,
    Uuid,
    inspect,
)

from photo_factory.shared.ledger.columns import Inode, PlainText, UtcDateTime
from photo_factory.shared.ledger.models import ADDON_FLAGS, Base, MediaAsset

PAGE = Path(__file__).parents[3] / "docs" / "DATABASE_SCHEMA.md"
# The first that fits names the type: BigInteger is an Integer, too.
PORTABLE = {
    Uuid: "uuid",
    PlainText: "text",
    UtcDateTime: "moment",
    Inode: "bigint",
    JSON: "json",
    DateTime: "wall clock",
    Boolean: "boolean",
    BigInteger: "bigint",
    Integer: "integer",
    Float: "double",
    LargeBinary: "bytes",
}


def _section(title: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    text = PAGE.read_text("utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    table = text[text.index("\n|") :].split("\n\n")[0]
    rows = re.findall(r"^\| (.+) \|$", table, re.MULTILINE)
    return [[cell.strip() for cell in row.split(" | ")] for row in rows[1:]]


def _portable(column: Column[object]) -> str:
    if isinstance(column.type, String):
        return f"varchar({column.type.length})"
    return next(name for kind, name in PORTABLE.items() if isinstance(column.type, kind))


@pytest.mark.parametrize("table", Base.metadata.tables)
def test_it_explains_every_column(table: str) -> None:
    told = [tuple(row[:3]) for row in _section(table)]
    is_so = [
        (column.name, _portable(column), "yes" if column.nullable else "no")
        for column in Base.metadata.tables[table].columns
    ]
    assert told == is_so
    assert all(row[3].endswith(".") for row in _section(table))


def test_it_has_a_section_for_no_other_table() -> None:
    headings = re.findall(r"^## ([a-z_]+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(Base.metadata.tables)


def test_it_lists_every_view_and_its_columns(engine: Engine) -> None:
    seen = inspect(engine)
    told = {name: columns.split(", ") for name, _, columns in _section("Views")}
    is_so = {name: [c["name"] for c in seen.get_columns(name)] for name in seen.get_view_names()}
    assert told == is_so


@pytest.mark.parametrize("flag", ["is_ingested", *ADDON_FLAGS])
def test_it_keeps_a_time_beside_every_flag(flag: str) -> None:
    assert f"{flag.removeprefix('is_')}_at" in MediaAsset.__table__.columns
