"""The probe `backup-targets`: what each holds, and how fresh the proof is, as the ledger knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Table, func, select

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import clock
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import BackupCopy, RestoreDrill

_copies = cast(Table, BackupCopy.__table__)
_drills = cast(Table, RestoreDrill.__table__)

DRILL_EVERY = timedelta(days=7)


def backup_targets(watch: Watch) -> Reading:
    """ERROR for copies found wrong, WARNING for a drill that failed or is long ago."""
    if watch.settings.backup_targets is None:
        return Reading("OK", "none are set", "set BACKUP_TARGETS: one disk alone is no archive",
                       {"targets": []})  # fmt: skip
    at = clock.now()
    with away(), reading(watch.engine) as connection:
        targets = [_target(watch, connection, row, at) for row in _held(connection)]
    troubles = [f"{one['target']}: {one['message']}" for one in targets if one["message"]]
    states = {one["state"] for one in targets}
    status = "ERROR" if "ERROR" in states else "WARNING" if "WARNING" in states else "OK"
    task = ", ".join(f"{one['target']} {one['verified']:,}" for one in targets) or "no copies yet"
    return Reading(status, task, "; ".join(troubles) or None, {"targets": targets})  # type: ignore[arg-type]


def _held(connection: Connection) -> Any:
    is_verified = _copies.c.verified_at.is_not(None) & _copies.c.problem.is_(None)
    query = select(
        _copies.c.target,
        func.count().label("assets"),
        func.count().filter(is_verified).label("verified"),
        func.count().filter(_copies.c.problem.is_not(None)).label("wrong"),
        func.max(_copies.c.verified_at).label("last_verified_at"),
    )
    return connection.execute(query.group_by(_copies.c.target).order_by(_copies.c.target)).all()


def _target(watch: Watch, connection: Connection, row: Any, at: datetime) -> dict[str, Any]:
    of_this = select(_drills.c.finished_at, _drills.c.failed, _drills.c.message)
    of_this = of_this.where(_drills.c.target == row.target, _drills.c.finished_at.is_not(None))
    last = connection.execute(of_this.order_by(_drills.c.finished_at.desc()).limit(1)).first()
    state, message = _judged(watch, row, last, at)
    return {
        "target": row.target,
        "state": state,
        "verified": row.verified,
        "assets": row.assets,
        "last_verified_at": row.last_verified_at.isoformat() if row.last_verified_at else None,
        "last_drill_at": last.finished_at.isoformat() if last else None,
        "message": message,
    }


def _judged(watch: Watch, row: Any, last: Any, at: datetime) -> tuple[str, str | None]:
    if last is not None and last.failed:
        return "ERROR", f"the last restore drill failed: {last.message or f'{last.failed} files'}"
    if row.wrong:
        return "ERROR", f"{row.wrong:,} copies are wrong (photo-factory backup verify)"
    if watch.settings.restore_drill and last is None and row.verified:
        return "OK", None  # the first night is yet to come
    if watch.settings.restore_drill and last and at - last.finished_at > DRILL_EVERY:
        return "WARNING", f"the last restore drill was {(at - last.finished_at).days} days ago"
    return "OK", None
