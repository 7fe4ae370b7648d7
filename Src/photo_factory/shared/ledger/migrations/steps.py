"""What several steps do alike."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from photo_factory.shared.ledger.columns import PlainText, UtcDateTime


def add_flag(name: str, applies: str) -> None:
    """A new flag `is_…`: its column, its time, and the queue of the assets it applies to.

    Every old photo waits for it at once. `applies` is the SQL condition of models.APPLIES.
    """
    op.add_column(
        "media_assets", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("media_assets", sa.Column(f"{name.removeprefix('is_')}_at", UtcDateTime))
    where = sa.and_(sa.column(name) == sa.false(), sa.text(applies))
    partial_index(f"ix_media_assets_waiting_{name}", "media_assets", ["ingested_at"], where)


def partial_index(name: str, table: str, columns: list[str], where: object) -> None:
    """An index of the rows for which `where` is true."""
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[str]:
    """A column of text."""
    return sa.Column(name, PlainText, nullable=null, primary_key=key)


def moment(name: str, *, null: bool = False) -> sa.Column[object]:
    """A column of moments in UTC."""
    return sa.Column(name, UtcDateTime, nullable=null)


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """The rule that a text column holds one of these."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)
