"""What services hold of an asset, or gave up on, when the asset is not what it was any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Connection, Table, case, exists, or_, select, update

from photo_factory.shared.ledger.database import database_now
from photo_factory.shared.ledger.models import MediaAsset, StageRun

_assets = cast(Table, MediaAsset.__table__)
_runs = cast(Table, StageRun.__table__)


def begin_afresh(
    connection: Connection, stages: Collection[str], asset_ids: Sequence[UUID], tries: int
) -> None:
    """Let services begin anew with what they hold of these assets, failed at or gave up on.

    In the transaction that lowers their flags, and after that: until these assets are locked,
    another worker may take them as they were.
    """
    this = _runs.c.stage.in_(stages) & _runs.c.asset_id.in_(asset_ids)
    # One claim more than any worker knows of: what is in hand was begun before the change.
    fresh = {
        "claims": _runs.c.claims + 1,
        "tries_left": tries,
        "not_before": database_now(connection),
        "leased_by": None,
        "parked_at": None,
        "last_error": None,
    }
    connection.execute(update(_runs).where(this, _runs.c.finished_at.is_(None)).values(fresh))
    _forget_errors(connection, stages, asset_ids)


def _forget_errors(
    connection: Connection, stages: Collection[str], asset_ids: Sequence[UUID]
) -> None:
    """Where assets tell of these services, let them tell of another that gave up, or of none."""
    message = _assets.c.error_message
    theirs = or_(*(message.startswith(f"{stage}: ", autoescape=True) for stage in stages))
    still = (_runs.c.asset_id == _assets.c.id) & _runs.c.parked_at.is_not(None)
    path, reason = _assets.c.final_path, _runs.c.last_error
    named = case((reason.contains(path), reason), else_=path + ": " + reason)
    told = select(_runs.c.stage + ": " + named).where(still)
    latest = told.order_by(_runs.c.parked_at.desc()).limit(1).scalar_subquery()
    connection.execute(
        update(_assets)
        .where(_assets.c.id.in_(asset_ids), theirs)
        .values(has_errors=exists().where(still), error_message=latest)
    )
