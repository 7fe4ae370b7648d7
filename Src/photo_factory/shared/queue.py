"""What waits at a stage, and the statements by which a worker takes it.

They are made once, as making them takes SQLAlchemy longer than PostgreSQL needs to answer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Engine,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    case,
    column,
    false,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from photo_factory.shared.facts import OF_ASSET, assets
from photo_factory.shared.ledger.database import insert_ignore, moment
from photo_factory.shared.ledger.models import APPLIES, StageRun
from photo_factory.shared.settings import Settings

runs = cast(Table, StageRun.__table__)

TAKEN = (runs.c.asset_id, runs.c.claims, runs.c.tries_left)


class Queue:
    """What one worker can take at one stage; all times are those of the database's clock."""

    def __init__(
        self, engine: Engine, stage: str, flag: str, settings: Settings, worker: str
    ) -> None:
        now = moment(engine)
        self.due = _due(stage, flag, worker, now, settings.work_order)
        """Rows of OF_ASSET and what is known of the run, in the order of the work."""
        # NO KEY: a weaker lock than FOR UPDATE, so that rows of other tables which refer to
        # the asset can be written meanwhile. What another claim has locked is skipped.
        locked = self.due.with_for_update(of=assets, skip_locked=True, key_share=True)
        self.batch = locked.limit(bindparam("limit", type_=Integer))
        """The first `limit` of them, locked."""
        lease_end = moment(engine, timedelta(seconds=settings.lease))
        held = {"not_before": lease_end, "leased_by": worker}
        self.first = _first(stage, held, settings.max_tries)
        """Takes assets (`ids`) this stage never held; rows of TAKEN for those it got."""
        self.again = _again(stage, held, settings.max_tries)
        """Takes assets (`ids`) it held `number` times before; rows of TAKEN likewise."""
        ours = and_(runs.c.stage == stage, runs.c.leased_by == worker)
        self.renew = update(runs).where(ours).values(not_before=lease_end)
        """Keeps all that the worker holds for another lease."""


def waits_for(flag: str) -> ColumnElement[bool]:
    """The assets a flag applies to and is FALSE for; to the letter the condition of its index."""
    return and_(column(flag) == false(), APPLIES.get(flag, true()))


def _due(stage: str, flag: str, worker: str, now: ColumnElement[Any], order: str) -> Select[Any]:
    run = and_(runs.c.asset_id == assets.c.id, runs.c.stage == stage)
    never_held = runs.c.asset_id.is_(None)
    # A lease of our own that ran out (the machine slept) is still in our hands.
    not_ours = or_(runs.c.leased_by.is_(None), runs.c.leased_by != worker)
    is_free = and_(runs.c.parked_at.is_(None), runs.c.not_before <= now, not_ours)
    filed = assets.c.ingested_at
    known = (runs.c.claims, runs.c.tries_left, runs.c.finished_at, runs.c.leased_by)
    return (
        select(*(assets.c[name] for name in OF_ASSET), *known)
        .select_from(assets.outerjoin(runs, run))
        .where(waits_for(flag), or_(never_held, is_free))
        .order_by(filed.desc() if order == "newest" else filed)
    )


def _first(stage: str, held: dict[str, Any], tries: int) -> ReturningInsert[Any]:
    """Who inserts the row has the asset."""
    row = {"asset_id": assets.c.id, "stage": stage, "tries_left": tries - 1, "claims": 1, **held}
    values = [literal(value) if isinstance(value, str | int) else value for value in row.values()]
    seen = select(*values).where(assets.c.id.in_(bindparam("ids", expanding=True)))
    return insert_ignore(runs).from_select(list(row), seen).returning(*TAKEN)


def _again(stage: str, held: dict[str, Any], tries: int) -> ReturningUpdate[Any]:
    """Who finds the number of claims unchanged has the asset."""
    these = and_(runs.c.stage == stage, runs.c.asset_id.in_(bindparam("ids", expanding=True)))
    unchanged = and_(runs.c.claims == bindparam("number"), runs.c.parked_at.is_(None))
    # A flag that was lowered by hand after a success starts with all its tries.
    left = case((runs.c.finished_at.is_not(None), tries), else_=runs.c.tries_left)
    counted = {"claims": runs.c.claims + 1, "tries_left": left - 1, "finished_at": None}
    return update(runs).where(these, unchanged).values({**counted, **held}).returning(*TAKEN)
