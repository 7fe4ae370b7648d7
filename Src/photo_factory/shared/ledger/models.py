"""The tables of the ledger; docs/DATABASE_SCHEMA.md explains them and a test compares both."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    String,
    and_,
    column,
    false,
    func,
    literal_column,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from photo_factory.shared.ledger.addon_models import (
    BackupCopy,
    Face,
    LedgerDump,
    Person,
    Place,
    RestoreDrill,
)
from photo_factory.shared.ledger.base import Base, one_of, partial_index
from photo_factory.shared.ledger.columns import Inode, RowNumber
from photo_factory.shared.ledger.watch_models import (
    Action,
    Alert,
    Breaker,
    Correction,
    Finding,
    Root,
)

__all__ = [
    "ADDON_FLAGS",
    "APPLIES",
    "Action",
    "Alert",
    "Arrival",
    "BackupCopy",
    "Base",
    "Breaker",
    "Correction",
    "Face",
    "Finding",
    "LedgerDump",
    "MediaAsset",
    "Person",
    "Place",
    "RestoreDrill",
    "Root",
    "StageRun",
    "SystemStatus",
    "SystemStatusHistory",
    "waiting",
]

MEDIA_TYPES = ("image", "video", "sidecar")
ARRIVAL_STATES = ("filed", "duplicate", "ignored", "held", "failed")
STATUSES = ("OK", "WARNING", "ERROR")

# Literals, not parameters: SQLite uses a partial index only where it sees the same text.
_SHOWN: ColumnElement[bool] = column("media_type") != literal_column("'sidecar'")
APPLIES: dict[str, ColumnElement[bool]] = {
    "is_geocoded": and_(column("location").is_not(None), _SHOWN),
    "is_thumbnailed": _SHOWN,
    "is_face_scanned": column("media_type") == literal_column("'image'"),
    "is_curated": _SHOWN,
    "is_backed_up": true(),
}
"""For each add-on flag, the assets that wait for it; to the others it does not apply."""

ADDON_FLAGS = tuple(APPLIES)


def waiting(flag: str) -> ColumnElement[bool]:
    """The condition of the index that is the queue of an add-on."""
    return and_(column(flag) == false(), APPLIES[flag])


def _queue(flag: str) -> Index:
    """The queue of one add-on: only the rows it has yet to do, in the order they were filed."""
    # By ingested_at, not captured_at: it is the order of arrival, so an old photo that arrives
    # today cannot push back one that has waited since yesterday, and new rows go in at the end.
    return partial_index(f"ix_media_assets_waiting_{flag}", ("ingested_at",), waiting(flag))


SHELVES = ((), ("camera_make", "camera_model"), ("source_device",), ("place_id",))
"""What a gallery is looked through by, each in the order of time; `id` breaks ties."""

SPECIAL: dict[str, ColumnElement[bool]] = {
    "video": column("media_type") == literal_column("'video'"),
    "raw": column("mime_type").like(literal_column("'image/x-%'")),
    "unsure-date": column("captured_at_confidence") < literal_column("0.5"),
}
"""What is looked for though most assets are otherwise: each has a small index of its own."""


def _gallery(*by: str) -> Index:
    return Index(None, *by, "captured_at", "id")


def _special(name: str) -> Index:
    index = f"ix_media_assets_special_{name.replace('-', '_')}"
    return partial_index(index, ("captured_at", "id"), SPECIAL[name])


def _flag() -> Mapped[bool]:
    # The server default is what back-fills every old photo when a new flag is added.
    return mapped_column(server_default=false())


class MediaAsset(Base):
    """One archived file."""

    __tablename__ = "media_assets"
    __table_args__ = (
        one_of("media_type", MEDIA_TYPES),
        CheckConstraint("length(file_hash) = 64", name="file_hash"),
        CheckConstraint("substr(final_path, 1, 8) = 'Storage/'", name="final_path"),
        CheckConstraint("size_bytes >= 0", name="size_bytes"),
        CheckConstraint("captured_at_confidence BETWEEN 0 AND 1", name="captured_at_confidence"),
        partial_index(
            "ix_media_assets_content_identifier",
            ("content_identifier",),
            column("content_identifier").is_not(None),
        ),
        Index(None, "ingested_at"),
        Index(None, "verified_at"),
        *(_queue(flag) for flag in ADDON_FLAGS),
        *(_gallery(*names) for names in SHELVES),
        *(_special(name) for name in SPECIAL),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    file_hash: Mapped[str] = mapped_column(String(64), unique=True)
    original_name: Mapped[str]
    original_path: Mapped[str]
    final_path: Mapped[str] = mapped_column(unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(16))
    mime_type: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration_s: Mapped[float | None]
    camera_make: Mapped[str | None]
    camera_model: Mapped[str | None]
    captured_at: Mapped[datetime] = mapped_column(DateTime)
    captured_utc_offset: Mapped[str | None] = mapped_column(String(6))
    captured_at_source: Mapped[str]
    captured_at_confidence: Mapped[float]
    location: Mapped[dict[str, Any] | None]
    place_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("places.id"))
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    source_device: Mapped[str | None]
    content_identifier: Mapped[str | None]
    group_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    group_key: Mapped[str | None] = mapped_column(String(32), index=True)
    is_ingested: Mapped[bool] = _flag()
    ingested_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    is_geocoded: Mapped[bool] = _flag()
    geocoded_at: Mapped[datetime | None]
    is_thumbnailed: Mapped[bool] = _flag()
    thumbnailed_at: Mapped[datetime | None]
    is_face_scanned: Mapped[bool] = _flag()
    face_scanned_at: Mapped[datetime | None]
    face_engine: Mapped[str | None]
    is_curated: Mapped[bool] = _flag()
    curated_at: Mapped[datetime | None]
    is_backed_up: Mapped[bool] = _flag()
    backed_up_at: Mapped[datetime | None]
    has_errors: Mapped[bool] = _flag()
    error_message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Arrival(Base):
    """One file seen in the inbox, and how it ended."""

    __tablename__ = "arrivals"
    __table_args__ = (
        one_of("state", ARRIVAL_STATES),
        Index("ix_arrivals_state", "state"),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    fingerprint: Mapped[int] = mapped_column(BigInteger, unique=True)
    path: Mapped[str]
    name: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[int] = mapped_column(Inode)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None]
    file_hash: Mapped[str | None] = mapped_column(String(64))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("media_assets.id"), index=True)
    source_device: Mapped[str | None]
    first_seen_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class StageRun(Base):
    """One asset at one stage: who holds it, how often it was tried, and how it ended.

    The row is kept on success: deleting it lets a worker with an older view of the ledger take
    the same asset once more.
    """

    __tablename__ = "stage_runs"
    __table_args__ = (
        CheckConstraint("tries_left >= 0", name="tries_left"),
        partial_index(
            "ix_stage_runs_leased", ("stage", "not_before"), column("leased_by").is_not(None)
        ),
        partial_index(
            "ix_stage_runs_parked", ("stage", "parked_at"), column("parked_at").is_not(None)
        ),
        Index(None, "stage", "finished_at"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_assets.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    tries_left: Mapped[int]
    claims: Mapped[int]
    not_before: Mapped[datetime]
    leased_by: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class SystemStatus(Base):
    """The last sign of life of one service, or what a probe of the service-monitor found."""

    __tablename__ = "system_status"
    __table_args__ = (one_of("status", STATUSES),)

    service_name: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    current_task: Mapped[str] = mapped_column(server_default="")
    last_heartbeat: Mapped[datetime]
    expected_every: Mapped[int]
    started_at: Mapped[datetime]
    restarts: Mapped[int] = mapped_column(server_default="0")
    message: Mapped[str | None]
    instance: Mapped[str | None]
    is_probe: Mapped[bool] = mapped_column(server_default=false())
    details: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class SystemStatusHistory(Base):
    """Every sign of life that was written, for as long as it is kept."""

    __tablename__ = "system_status_history"
    __table_args__ = (
        one_of("status", STATUSES),
        Index(None, "service_name", "beat_at"),
        Index(None, "beat_at"),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    service_name: Mapped[str]
    beat_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16))
    current_task: Mapped[str] = mapped_column(server_default="")
    expected_every: Mapped[int]
    started_at: Mapped[datetime]
    restarts: Mapped[int] = mapped_column(server_default="0")
    message: Mapped[str | None]
    instance: Mapped[str | None]
