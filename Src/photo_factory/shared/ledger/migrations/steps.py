"""What several steps do alike."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from photo_factory.shared.ledger.columns import UtcDateTime


def add_flag(name: str, applies: str) -> None:
    """A new flag `is_…`: its column, its time, and the queue of the assets it applies to.

    Every old photo waits for it at once. `applies` is the SQL condition of models.APPLIES.
    """
    op.add_column(
        "media_assets", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("media_assets", sa.Column(f"{name.removeprefix('is_')}_at", UtcDateTime))
    where = sa.and_(sa.column(name) == sa.false(), sa.text(applies))
    op.create_index(
        f"ix_media_assets_waiting_{name}", "media_assets", ["ingested_at"],
        sqlite_where=where, postgresql_where=where,
    )  # fmt: skip
