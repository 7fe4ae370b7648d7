"""Who watches: findings, roots, breakers, alerts, corrections, actions; whose beat it was."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from photo_factory.shared.ledger.columns import Json, RowNumber
from photo_factory.shared.ledger.migrations.steps import moment, one_of, partial_index, text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _change_beats()
    _order_the_shelves()
    op.create_table("findings", *_findings())
    op.create_index(None, "findings", ["asset_id"])
    open_ones = sa.column("repaired_at").is_(None)
    partial_index("ix_findings_open", "findings", ["found_at"], open_ones)
    # One open each, whoever finds it: the monitor and a person's verb may look at the same time.
    op.create_index(
        "uq_findings_open", "findings", ["asset_id"], unique=True,
        sqlite_where=open_ones, postgresql_where=open_ones,
    )  # fmt: skip
    op.create_table("roots", *_roots())
    op.create_table("breakers", *_breakers())
    op.create_table("alerts", *_alerts())
    op.create_index(None, "alerts", ["made_at"])
    op.create_table("corrections", *_corrections())
    op.create_index(None, "corrections", ["asset_id"])
    waiting = sa.column("applied_at").is_(None)
    partial_index("ix_corrections_waiting", "corrections", ["asked_at"], waiting)
    op.create_table("actions", *_actions())
    op.create_index(None, "actions", ["done_at"])


def _change_beats() -> None:
    for table in ("system_status", "system_status_history"):
        op.add_column(table, text("instance", null=True))
    op.add_column(
        "system_status",
        sa.Column("is_probe", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("system_status", sa.Column("details", Json, nullable=False, server_default="{}"))
    op.create_index(None, "system_status_history", ["beat_at"])


def _order_the_shelves() -> None:
    """Galleries read by keys: what they are looked through by, then the time, then the id."""
    for column in ("captured_at", "place_id"):
        op.drop_index(f"ix_media_assets_{column}", "media_assets")
    for by in ([], ["camera_make", "camera_model"], ["source_device"], ["place_id"]):
        op.create_index(None, "media_assets", [*by, "captured_at", "id"])
    op.create_index(None, "media_assets", ["ingested_at"])
    op.create_index(None, "media_assets", ["verified_at"])
    for name, rows in (
        ("video", "media_type = 'video'"),
        ("raw", "mime_type LIKE 'image/x-%'"),
        ("unsure_date", "captured_at_confidence < 0.5"),
    ):
        index = f"ix_media_assets_special_{name}"
        partial_index(index, "media_assets", ["captured_at", "id"], sa.text(rows))


def _findings() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", RowNumber, primary_key=True)
    yield sa.Column("asset_id", sa.Uuid, sa.ForeignKey("media_assets.id"), nullable=False)
    yield sa.Column("kind", sa.String(16), nullable=False)
    yield moment("found_at")
    yield text("message")
    yield moment("repair_asked_at", null=True)
    yield moment("repaired_at", null=True)
    yield text("repaired_from", null=True)
    yield text("problem", null=True)
    yield one_of("kind", "changed", "missing", "unreadable")


def _roots() -> Iterator[sa.schema.SchemaItem]:
    yield text("name", key=True)
    yield text("marker")
    yield text("device")
    yield moment("seen_at")


def _breakers() -> Iterator[sa.schema.SchemaItem]:
    yield text("name", key=True)
    yield text("reason")
    yield moment("tripped_at")


def _alerts() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", RowNumber, primary_key=True)
    yield moment("made_at")
    yield text("service_name")
    yield sa.Column("status_before", sa.String(16))
    yield sa.Column("status", sa.String(16), nullable=False)
    yield text("message")
    yield moment("sent_at", null=True)
    yield text("problem", null=True)


def _corrections() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", RowNumber, primary_key=True)
    yield sa.Column("asset_id", sa.Uuid, sa.ForeignKey("media_assets.id"), nullable=False)
    yield moment("asked_at")
    yield text("asked_by")
    yield sa.Column("captured_at", sa.DateTime)
    yield sa.Column("captured_utc_offset", sa.String(6))
    yield sa.Column("changes_location", sa.Boolean, nullable=False, server_default=sa.false())
    yield sa.Column("location", Json)
    yield sa.Column("before", Json)
    yield moment("applied_at", null=True)
    yield text("problem", null=True)
    yield sa.Column("undoes", RowNumber, sa.ForeignKey("corrections.id"))


def _actions() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", RowNumber, primary_key=True)
    yield moment("done_at")
    yield text("who")
    yield sa.Column("role", sa.String(16), nullable=False)
    yield text("action")
    yield text("subject")
    yield sa.Column("details", Json, nullable=False, server_default="{}")
    yield text("problem", null=True)
    yield one_of("role", "owner", "viewer")
