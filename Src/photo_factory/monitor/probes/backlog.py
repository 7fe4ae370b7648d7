"""The probe `backlog`: what waits for each flag, since when, and does anybody work on it?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Table, and_, func, select

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import clock
from photo_factory.shared.heartbeat_service import lights
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import APPLIES, MediaAsset, StageRun, waiting

_assets = cast(Table, MediaAsset.__table__)
_runs = cast(Table, StageRun.__table__)


def backlog(watch: Watch) -> Reading:
    """WARNING for a flag whose oldest asset waits too long while nothing gets done.

    A long queue that is worked off is no trouble: the first back-fill of a large archive takes
    days. Only the flags of services that ever beat count.
    """
    at = clock.now()
    with away(), reading(watch.engine) as connection:
        told = {flag: _queue(connection, stage, flag) for stage, flag in _stages(connection, at)}
        troubles = [
            f"{name} waits since {one['oldest_at']:%Y-%m-%d %H:%M} and nothing was done for an hour"
            for name, one in told.items()
            if one["oldest_at"]
            and at - one["oldest_at"] > timedelta(hours=watch.settings.backlog_warning)
            and not _is_worked(connection, one["stage"], at)
        ]
    queues = [f"{name} {one['waiting']:,}" for name, one in told.items() if one["waiting"]]
    details = {
        name: {"waiting": one["waiting"], "oldest_at": _iso(one["oldest_at"])}
        for name, one in told.items()
    }
    task = "waiting: " + (", ".join(queues) or "nothing")
    return Reading("WARNING" if troubles else "OK", task, "; ".join(troubles) or None, details)


def _stages(connection: Connection, at: datetime) -> list[tuple[str, str]]:
    """Service and flag of every add-on that ever beat and is not idle on purpose."""
    found = []
    for light in lights(connection, at).values():
        flag = light.details.get("flag")
        if flag in APPLIES and not light.details.get("idle"):
            found.append((light.name, str(flag)))
    return sorted(found)


def _queue(connection: Connection, stage: str, flag: str) -> dict[str, Any]:
    parked = and_(_runs.c.asset_id == _assets.c.id, _runs.c.stage == stage)
    open_ones = (
        select(_assets.c.ingested_at)
        .select_from(_assets.outerjoin(_runs, parked))
        .where(waiting(flag), _runs.c.parked_at.is_(None))
    )
    count = connection.scalar(select(func.count()).select_from(open_ones.subquery()))
    oldest = connection.scalar(open_ones.order_by(_assets.c.ingested_at).limit(1))
    return {"stage": stage, "waiting": count or 0, "oldest_at": oldest}


def _is_worked(connection: Connection, stage: str, at: datetime) -> bool:
    recent = and_(_runs.c.stage == stage, _runs.c.finished_at > at - timedelta(hours=1))
    return connection.scalar(select(_runs.c.asset_id).where(recent).limit(1)) is not None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
