"""What services hold of an asset, or gave up on, when the asset is not what it was any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Connection, case, exists, false, or_, select, update

from photo_factory.shared.facts import assets, chunks
from photo_factory.shared.ledger.database import database_now
from photo_factory.shared.queue import runs


def begin_afresh(
    connection: Connection, stages: Collection[str], asset_ids: Sequence[UUID], tries: int
) -> None:
    """Let services begin anew with what they hold of these assets, failed at or gave up on.

    In the transaction that lowers their flags, and after that: until these assets are locked,
    another worker may take them as they were.
    """
    this = runs.c.stage.in_(stages) & runs.c.asset_id.in_(asset_ids)
    # One claim more than any worker knows of: what is in hand was begun before the change.
    fresh = {
        "claims": runs.c.claims + 1,
        "tries_left": tries,
        "not_before": database_now(connection),
        "leased_by": None,
        "parked_at": None,
        "last_error": None,
    }
    connection.execute(update(runs).where(this, runs.c.finished_at.is_(None)).values(fresh))
    forget_errors(connection, stages, asset_ids)


def forget_errors(
    connection: Connection, stages: Collection[str], asset_ids: Sequence[UUID]
) -> None:
    """Where assets tell of these services, let them tell of another that gave up, or of none.

    What the Librarian found out about a file stays: its cause does.
    """
    message = assets.c.error_message
    theirs = or_(false(), *(message.startswith(f"{stage}: ", autoescape=True) for stage in stages))
    still = (runs.c.asset_id == assets.c.id) & runs.c.parked_at.is_not(None)
    path, reason = assets.c.final_path, runs.c.last_error
    named = case((reason.contains(path), reason), else_=path + ": " + reason)
    told = select(runs.c.stage + ": " + named).where(still)
    latest = told.order_by(runs.c.parked_at.desc()).limit(1).scalar_subquery()
    instead = {"has_errors": exists().where(still), "error_message": latest}
    for some in chunks(asset_ids):
        these = update(assets).where(assets.c.id.in_(some), theirs)
        connection.execute(these.values(instead))
