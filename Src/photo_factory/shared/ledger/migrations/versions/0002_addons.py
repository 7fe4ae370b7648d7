"""The add-ons' tables: runs, places, faces, persons, backup copies, drills, ledger dumps."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from photo_factory.shared.ledger.columns import Json, RowNumber
from photo_factory.shared.ledger.migrations.steps import moment, one_of, partial_index, text

revision = "0002"
down_revision = "0001"

_SHOWN = "media_type != 'sidecar'"
_WAITING = {
    "is_geocoded": f"location IS NOT NULL AND {_SHOWN}",
    "is_thumbnailed": _SHOWN,
    "is_face_scanned": "media_type = 'image'",
    "is_curated": _SHOWN,
}


def upgrade() -> None:
    op.create_table("places", *_places())
    op.create_index(None, "places", ["country_code", "state", "city"])
    _change_media_assets()
    op.create_table("stage_runs", *_stage_runs())
    _index_stage_runs()
    op.create_table("persons", *_persons())
    op.create_table("faces", *_faces())
    for name in ("asset_id", "person_id"):
        op.create_index(None, "faces", [name])
    op.create_index(None, "faces", ["engine", "engine_version", "changed_at"])
    op.create_table("backup_copies", *_backup_copies())
    op.create_index(None, "backup_copies", ["target", "verified_at"])
    op.create_table("restore_drills", *_restore_drills())
    op.create_index(None, "restore_drills", ["target", "finished_at"])
    op.create_table("ledger_dumps", *_ledger_dumps())
    op.create_index(None, "ledger_dumps", ["target", "made_at"])


def _change_media_assets() -> None:
    # SQLite takes a foreign key with a new column only in the column's own definition.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE media_assets ADD COLUMN place_id CHAR(32)"
            " CONSTRAINT fk_media_assets_place_id_places REFERENCES places (id)"
        )
    else:
        op.add_column("media_assets", sa.Column("place_id", sa.Uuid))
        op.create_foreign_key(None, "media_assets", "places", ["place_id"], ["id"])
    op.create_index(None, "media_assets", ["place_id"])
    op.add_column("media_assets", moment("verified_at", null=True))
    # They were hashed when they were filed.
    op.execute("UPDATE media_assets SET verified_at = ingested_at")
    op.add_column("media_assets", text("face_engine", null=True))
    # A queue holds only the assets its flag applies to: else an idle poll would read the others.
    for flag, applies in _WAITING.items():
        name = f"ix_media_assets_waiting_{flag}"
        op.drop_index(name, "media_assets")
        where = sa.and_(sa.column(flag) == sa.false(), sa.text(applies))
        partial_index(name, "media_assets", ["ingested_at"], where)


def _places() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", sa.Uuid, primary_key=True)
    yield text("provider")
    yield text("language")
    yield sa.Column("latitude", sa.Float, nullable=False)
    yield sa.Column("longitude", sa.Float, nullable=False)
    yield sa.Column("country_code", sa.String(2))
    for name in ("country", "state", "county", "city"):
        yield text(name, null=True)
    yield text("display")
    yield moment("found_at")


def _stage_runs() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("asset_id", sa.Uuid, sa.ForeignKey("media_assets.id"), primary_key=True)
    yield text("stage", key=True)
    yield sa.Column("tries_left", sa.Integer, nullable=False)
    yield sa.Column("claims", sa.Integer, nullable=False)
    yield moment("not_before")
    yield text("leased_by", null=True)
    yield moment("finished_at", null=True)
    yield moment("parked_at", null=True)
    yield text("last_error", null=True)
    yield sa.CheckConstraint("tries_left >= 0", name="tries_left")


def _index_stage_runs() -> None:
    leased, parked = (sa.column(name).is_not(None) for name in ("leased_by", "parked_at"))
    partial_index("ix_stage_runs_leased", "stage_runs", ["stage", "not_before"], leased)
    partial_index("ix_stage_runs_parked", "stage_runs", ["stage", "parked_at"], parked)
    op.create_index(None, "stage_runs", ["stage", "finished_at"])


def _persons() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", sa.Uuid, primary_key=True)
    yield text("name", null=True)
    yield moment("named_at", null=True)
    yield moment("created_at")


def _faces() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", sa.Uuid, primary_key=True)
    yield sa.Column("asset_id", sa.Uuid, sa.ForeignKey("media_assets.id"), nullable=False)
    yield text("engine")
    yield text("engine_version")
    for name in ("box_left", "box_top", "box_width", "box_height"):
        yield sa.Column(name, sa.Float, nullable=False)
    yield sa.Column("landmarks", Json, nullable=False, server_default="{}")
    yield sa.Column("quality", sa.Float, nullable=False)
    yield sa.Column("embedding", sa.LargeBinary)
    yield sa.Column("is_face", sa.Boolean, nullable=False, server_default=sa.true())
    yield sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"))
    yield sa.Column("assigned_by", sa.String(16), nullable=False, server_default="engine")
    yield moment("found_at")
    yield moment("changed_at")
    yield one_of("assigned_by", "engine", "person")
    yield sa.CheckConstraint("quality BETWEEN 0 AND 1", name="quality")


def _backup_copies() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("asset_id", sa.Uuid, sa.ForeignKey("media_assets.id"), primary_key=True)
    yield text("target", key=True)
    yield text("path")
    yield moment("copied_at")
    yield moment("verified_at", null=True)
    yield sa.Column("verified_how", sa.String(16))
    yield text("problem", null=True)
    yield one_of("verified_how", "read back", "store checksum")


def _restore_drills() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", RowNumber, primary_key=True)
    yield text("target")
    yield moment("started_at")
    yield moment("finished_at", null=True)
    yield sa.Column("assets", sa.Integer, nullable=False, server_default="0")
    yield sa.Column("size_bytes", sa.BigInteger, nullable=False, server_default="0")
    yield sa.Column("failed", sa.Integer, nullable=False, server_default="0")
    yield text("message", null=True)


def _ledger_dumps() -> Iterator[sa.schema.SchemaItem]:
    yield sa.Column("id", RowNumber, primary_key=True)
    yield text("target")
    yield text("path")
    yield moment("made_at")
    yield sa.Column("size_bytes", sa.BigInteger, nullable=False)
    yield sa.Column("file_hash", sa.String(64), nullable=False)
    yield sa.Column("rows", Json, nullable=False)
    yield moment("proved_at", null=True)
    yield text("message", null=True)
