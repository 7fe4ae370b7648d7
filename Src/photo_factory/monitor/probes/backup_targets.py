"""The probe `backup-targets`: what each holds, and how fresh the proof is, as the ledger knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Table, func, select

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import clock
from photo_factory.shared.errors import SettingsError
from photo_factory.shared.heartbeat_service import Status
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import BackupCopy, MediaAsset, RestoreDrill
from photo_factory.shared.settings import targets

_assets = cast(Table, MediaAsset.__table__)
_copies = cast(Table, BackupCopy.__table__)
_drills = cast(Table, RestoreDrill.__table__)

DRILL_EVERY = timedelta(days=7)
COVERED_WITHIN = timedelta(days=1)

_NONE = Reading(
    "OK", "none are set", "set BACKUP_TARGETS: one disk alone is no archive", {"targets": []}
)


@dataclass(frozen=True)
class _Held:
    """What the ledger knows of one target."""

    name: str
    verified: int = 0
    wrong: int = 0
    last_verified_at: datetime | None = None
    last_drill_at: datetime | None = None
    problem: str | None = None
    """What the last drill found wrong."""
    last_good_at: datetime | None = None
    """When a drill last went well; without one, when the first copy was made."""


def backup_targets(watch: Watch) -> Reading:
    """ERROR for copies found wrong, WARNING for what is not copied or not proven in time."""
    try:
        urls = watch.settings.target_urls
        names = [targets.address(url, watch.settings.root).name for url in urls]
    except SettingsError as error:
        return Reading("ERROR", "cannot be read", str(error), {"targets": []})
    if not names:
        return _NONE
    at = clock.now()
    with away(), reading(watch.engine) as connection:
        total, due = _assets_and_due(connection, at)
        told = [_told(watch, _held(connection, name), total, due, at) for name in names]
    troubles = [f"{one['target']}: {one['message']}" for one in told if one["message"]]
    states = {one["state"] for one in told}
    status: Status = "ERROR" if "ERROR" in states else "WARNING" if "WARNING" in states else "OK"
    task = ", ".join(f"{one['target']} {one['verified']:,} of {total:,}" for one in told)
    return Reading(status, task, "; ".join(troubles) or None, {"targets": told})


def _assets_and_due(connection: Connection, at: datetime) -> tuple[int, int]:
    """How many assets there are, and how many of them should be copied by now."""
    total = connection.scalar(select(func.count()).select_from(_assets)) or 0
    young = select(func.count()).where(_assets.c.ingested_at > at - COVERED_WITHIN)
    return total, total - (connection.scalar(young) or 0)


def _held(connection: Connection, name: str) -> _Held:
    is_proven = _copies.c.verified_at.is_not(None) & _copies.c.problem.is_(None)
    copies = select(
        func.count().filter(is_proven).label("verified"),
        func.count(_copies.c.problem).label("wrong"),
        func.max(_copies.c.verified_at).label("last_verified_at"),
        func.min(_copies.c.copied_at).label("first_at"),
    ).where(_copies.c.target == name)
    row = connection.execute(copies).one()
    ended = (_drills.c.target == name) & _drills.c.finished_at.is_not(None)
    newest = select(_drills).where(ended).order_by(_drills.c.finished_at.desc()).limit(1)
    last = connection.execute(newest).first()
    went_well = select(func.max(_drills.c.finished_at)).where(ended, _drills.c.failed == 0)
    return _Held(
        name, row.verified, row.wrong, row.last_verified_at,
        last.finished_at if last else None, _problem(last),
        connection.scalar(went_well) or row.first_at,
    )  # fmt: skip


def _problem(drill: Any) -> str | None:
    if drill is None or not drill.failed:
        return None
    return f"the last restore drill failed: {drill.message or f'{drill.failed} files'}"


def _told(watch: Watch, held: _Held, total: int, due: int, at: datetime) -> dict[str, Any]:
    state, message = _judged(watch, held, due, at)
    return {
        "target": held.name,
        "state": state,
        "verified": held.verified,
        "assets": total,
        "last_verified_at": _iso(held.last_verified_at),
        "last_drill_at": _iso(held.last_drill_at),
        "message": message,
    }


def _judged(watch: Watch, held: _Held, due: int, at: datetime) -> tuple[Status, str | None]:
    if held.wrong:
        return "ERROR", f"{held.wrong:,} copies are wrong (photo-factory backup verify)"
    missing = due - held.verified
    troubles = [held.problem] if held.problem else []
    if missing > 0:
        troubles.append(f"{missing:,} assets have no proven copy there after a day")
    if watch.settings.restore_drill and held.last_good_at and not held.problem:
        since = at - held.last_good_at
        if since > DRILL_EVERY:
            troubles.append(f"no restore drill went well for {since.days} days")
    return ("WARNING", "; ".join(troubles)) if troubles else ("OK", None)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
