"""The first ledger: assets, arrivals and the services' signs of life."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from photo_factory.shared.ledger.columns import Inode, Json, PlainText, RowNumber, UtcDateTime

revision = "0001"
down_revision = None

_ADDON_FLAGS = ("is_geocoded", "is_thumbnailed", "is_face_scanned", "is_curated", "is_backed_up")


def upgrade() -> None:
    op.create_table("media_assets", *_media_assets())
    _index_media_assets()
    op.create_table("arrivals", *_arrivals())
    op.create_index(None, "arrivals", ["asset_id"])
    op.create_index("ix_arrivals_state", "arrivals", ["state"])
    op.create_table("system_status", *_system_status())
    op.create_table("system_status_history", *_system_status_history())
    op.create_index(None, "system_status_history", ["service_name", "beat_at"])


def _media_assets() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", sa.Uuid, primary_key=True)
    yield sa.Column("file_hash", sa.String(64), nullable=False, unique=True)
    yield _text("original_name")
    yield _text("original_path")
    yield sa.Column("final_path", PlainText, nullable=False, unique=True)
    yield sa.Column("size_bytes", sa.BigInteger, nullable=False)
    yield sa.Column("media_type", sa.String(16), nullable=False)
    yield _text("mime_type", null=True)
    yield sa.Column("width", sa.Integer)
    yield sa.Column("height", sa.Integer)
    yield sa.Column("duration_s", sa.Float)
    yield _text("camera_make", null=True)
    yield _text("camera_model", null=True)
    yield sa.Column("captured_at", sa.DateTime, nullable=False)
    yield sa.Column("captured_utc_offset", sa.String(6))
    yield _text("captured_at_source")
    yield sa.Column("captured_at_confidence", sa.Float, nullable=False)
    yield sa.Column("location", Json)
    yield sa.Column("evidence", Json, nullable=False, server_default="{}")
    yield _text("source_device", null=True)
    yield _text("content_identifier", null=True)
    yield sa.Column("group_id", sa.Uuid)
    yield sa.Column("group_key", sa.String(32))
    for flag in ("is_ingested", *_ADDON_FLAGS):
        yield sa.Column(flag, sa.Boolean, nullable=False, server_default=sa.false())
        yield _moment(f"{flag.removeprefix('is_')}_at", null=True)
    yield sa.Column("has_errors", sa.Boolean, nullable=False, server_default=sa.false())
    yield _text("error_message", null=True)
    yield sa.Column("created_at", UtcDateTime, nullable=False, server_default=sa.func.now())
    yield _one_of("media_type", "image", "video", "sidecar")
    yield sa.CheckConstraint("length(file_hash) = 64", name="file_hash")
    yield sa.CheckConstraint("substr(final_path, 1, 8) = 'Storage/'", name="final_path")
    yield sa.CheckConstraint("size_bytes >= 0", name="size_bytes")
    yield sa.CheckConstraint(
        "captured_at_confidence BETWEEN 0 AND 1", name="captured_at_confidence"
    )


def _index_media_assets() -> None:
    for name in ("captured_at", "group_id", "group_key"):
        op.create_index(None, "media_assets", [name])
    _partial_index("content_identifier", sa.column("content_identifier").is_not(None))
    for flag in _ADDON_FLAGS:
        waiting = sa.column(flag) == sa.false()
        _partial_index("ingested_at", waiting, name=f"waiting_{flag}")


def _partial_index(column: str, where: sa.ColumnElement[bool], name: str | None = None) -> None:
    op.create_index(
        f"ix_media_assets_{name or column}",
        "media_assets",
        [column],
        sqlite_where=where,
        postgresql_where=where,
    )


def _arrivals() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", RowNumber, primary_key=True)
    yield sa.Column("fingerprint", sa.BigInteger, nullable=False, unique=True)
    yield _text("path")
    yield _text("name")
    yield sa.Column("size_bytes", sa.BigInteger, nullable=False)
    yield sa.Column("mtime_ns", sa.BigInteger, nullable=False)
    yield sa.Column("inode", Inode, nullable=False)
    yield sa.Column("state", sa.String(16), nullable=False)
    yield _text("reason", null=True)
    yield sa.Column("file_hash", sa.String(64))
    yield sa.Column("asset_id", sa.Uuid, sa.ForeignKey("media_assets.id"))
    yield _text("source_device", null=True)
    yield _moment("first_seen_at")
    yield _moment("settled_at", null=True)
    yield _moment("removed_at", null=True)
    yield _one_of("state", "filed", "duplicate", "ignored", "held", "failed")


def _system_status() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("service_name", PlainText, primary_key=True)
    yield _moment("last_heartbeat")
    yield from _sign_of_life()


def _system_status_history() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", RowNumber, primary_key=True)
    yield _text("service_name")
    yield _moment("beat_at")
    yield from _sign_of_life()


def _sign_of_life() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("status", sa.String(16), nullable=False)
    yield sa.Column("current_task", PlainText, nullable=False, server_default="")
    yield sa.Column("expected_every", sa.Integer, nullable=False)
    yield _moment("started_at")
    yield sa.Column("restarts", sa.Integer, nullable=False, server_default="0")
    yield _text("message", null=True)
    yield _one_of("status", "OK", "WARNING", "ERROR")


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, PlainText, nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime, nullable=null)


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)
