"""What all tables of the ledger have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Float, Index, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase

from photo_factory.shared.ledger.columns import Json, PlainText, UtcDateTime


class Base(DeclarativeBase):
    # Names made by rule, because a migration can only change a constraint it can name.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- read once by the declarative base
        datetime: UtcDateTime,
        str: PlainText,
        int: Integer,
        float: Float,
        dict[str, Any]: Json,
    }


def one_of(name: str, values: tuple[str, ...]) -> CheckConstraint:
    """A text column that holds one of these."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{name} IN ({listed})", name=name)


def partial_index(name: str, columns: tuple[str, ...], where: ColumnElement[bool]) -> Index:
    """An index of the rows for which `where` is true."""
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)
