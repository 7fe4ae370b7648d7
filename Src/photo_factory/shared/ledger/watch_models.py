"""The tables of who watches: findings, breakers, alerts, and what people asked for."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, DateTime, ForeignKey, Index, String, column, false
from sqlalchemy.orm import Mapped, mapped_column

from photo_factory.shared.ledger.base import Base, one_of, partial_index
from photo_factory.shared.ledger.columns import RowNumber

FINDING_KINDS = ("changed", "missing", "unreadable")
ROLES = ("owner", "viewer")


class Finding(Base):
    """An original that is not what it was when it was filed; open until it is repaired."""

    __tablename__ = "findings"
    __table_args__ = (
        one_of("kind", FINDING_KINDS),
        partial_index("ix_findings_open", ("found_at",), column("repaired_at").is_(None)),
        Index(
            "uq_findings_open",
            "asset_id",
            unique=True,
            sqlite_where=column("repaired_at").is_(None),
            postgresql_where=column("repaired_at").is_(None),
        ),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_assets.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    found_at: Mapped[datetime]
    message: Mapped[str]
    repair_asked_at: Mapped[datetime | None]
    repaired_at: Mapped[datetime | None]
    repaired_from: Mapped[str | None]
    problem: Mapped[str | None]


class Root(Base):
    """A folder the factory stands on, and the marker in it that proves it is there."""

    __tablename__ = "roots"

    name: Mapped[str] = mapped_column(primary_key=True)
    marker: Mapped[str]
    device: Mapped[str]
    seen_at: Mapped[datetime]


class Breaker(Base):
    """Something that must not go on: who it concerns stands still while the row is there."""

    __tablename__ = "breakers"

    name: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    tripped_at: Mapped[datetime]


class Alert(Base):
    """One change of state that people were told of, or should have been."""

    __tablename__ = "alerts"
    __table_args__ = (Index(None, "made_at"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    made_at: Mapped[datetime]
    service_name: Mapped[str]
    status_before: Mapped[str | None] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    message: Mapped[str]
    sent_at: Mapped[datetime | None]
    problem: Mapped[str | None]


class Correction(Base):
    """What a person says of an asset's date or place; the Librarian re-files it."""

    __tablename__ = "corrections"
    __table_args__ = (
        partial_index("ix_corrections_waiting", ("asked_at",), column("applied_at").is_(None)),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_assets.id"), index=True)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    captured_at: Mapped[datetime | None] = mapped_column(DateTime)
    captured_utc_offset: Mapped[str | None] = mapped_column(String(6))
    changes_location: Mapped[bool] = mapped_column(Boolean, server_default=false())
    location: Mapped[dict[str, Any] | None]
    before: Mapped[dict[str, Any] | None]
    applied_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    undoes: Mapped[int | None] = mapped_column(ForeignKey("corrections.id"))


class Action(Base):
    """What somebody did on the dashboard or with a command, and what came of it."""

    __tablename__ = "actions"
    __table_args__ = (one_of("role", ROLES), Index(None, "done_at"))

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    done_at: Mapped[datetime]
    who: Mapped[str]
    role: Mapped[str] = mapped_column(String(16))
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    problem: Mapped[str | None]
