"""The tables that add-on services fill."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, true
from sqlalchemy.orm import Mapped, mapped_column

from photo_factory.shared.ledger.base import Base, one_of
from photo_factory.shared.ledger.columns import RowNumber

ASSIGNED_BY = ("engine", "person")
VERIFIED_HOW = ("read back", "store checksum")


class Place(Base):
    """What one provider says of one rounded position; asked once, used by every asset there."""

    __tablename__ = "places"
    __table_args__ = (Index(None, "country_code", "state", "city"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    provider: Mapped[str]
    language: Mapped[str]
    latitude: Mapped[float]
    longitude: Mapped[float]
    country_code: Mapped[str | None] = mapped_column(String(2))
    country: Mapped[str | None]
    state: Mapped[str | None]
    county: Mapped[str | None]
    city: Mapped[str | None]
    display: Mapped[str]
    found_at: Mapped[datetime]


class Person(Base):
    """Somebody whose faces were found; nameless until a person gives a name."""

    __tablename__ = "persons"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    named_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Face(Base):
    """One face in one asset; the box is in fractions of the upright picture's width and height."""

    __tablename__ = "faces"
    __table_args__ = (
        one_of("assigned_by", ASSIGNED_BY),
        CheckConstraint("quality BETWEEN 0 AND 1", name="quality"),
        Index(None, "engine", "engine_version", "changed_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_assets.id"), index=True)
    engine: Mapped[str]
    engine_version: Mapped[str]
    box_left: Mapped[float]
    box_top: Mapped[float]
    box_width: Mapped[float]
    box_height: Mapped[float]
    landmarks: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    quality: Mapped[float]
    embedding: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_face: Mapped[bool] = mapped_column(server_default=true())
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("persons.id"), index=True)
    assigned_by: Mapped[str] = mapped_column(String(16), server_default="engine")
    found_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class BackupCopy(Base):
    """One asset's copy at one backup target; proven while `verified_at` is set."""

    __tablename__ = "backup_copies"
    __table_args__ = (
        one_of("verified_how", VERIFIED_HOW),
        Index(None, "target", "verified_at"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_assets.id"), primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str]
    copied_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    verified_how: Mapped[str | None] = mapped_column(String(16))
    problem: Mapped[str | None]


class RestoreDrill(Base):
    """One trial: a random sample was restored from a target and compared."""

    __tablename__ = "restore_drills"
    __table_args__ = (Index(None, "target", "finished_at"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    target: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    assets: Mapped[int] = mapped_column(server_default="0")
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    message: Mapped[str | None]


class LedgerDump(Base):
    """One backup of the ledger itself; proven once it was restored and its counts compared."""

    __tablename__ = "ledger_dumps"
    __table_args__ = (Index(None, "target", "made_at"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    target: Mapped[str]
    path: Mapped[str]
    made_at: Mapped[datetime]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    file_hash: Mapped[str] = mapped_column(String(64))
    rows: Mapped[dict[str, Any]]
    proved_at: Mapped[datetime | None]
    message: Mapped[str | None]
