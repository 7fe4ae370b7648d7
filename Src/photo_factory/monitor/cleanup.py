"""The history of heartbeats is thinned when it is old, and then removed, a little at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    case,
    delete,
    func,
    literal_column,
    select,
)

from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import SystemStatusHistory
from photo_factory.shared.settings import Settings

_history = cast(Table, SystemStatusHistory.__table__)

SLICE = timedelta(hours=6)
"""What one transaction goes through: about 4,000 beats of ten services."""

Told = Callable[[int, int], None]


@dataclass
class Cleaned:
    """What a cleanup removed."""

    thinned: int = 0
    """Beats of hours of which the worst one is kept."""
    removed: int = 0
    """Beats too old to be kept at all."""

    def as_json(self) -> dict[str, int]:
        """As `cleanup --json` gives it."""
        return dict(vars(self))


def cleanup(
    engine: Engine,
    settings: Settings,
    at: datetime,
    *,
    dry_run: bool = False,
    told: Told = lambda _done, _total: None,
) -> Cleaned:
    """Thin and remove what is older than the settings say; `told` hears slices done and all."""
    thin_before = at - timedelta(days=settings.history_days)
    remove_before = min(at - timedelta(days=settings.history_hourly_days), thin_before)
    cleaned = Cleaned()
    slices = list(_slices(engine, thin_before))
    for number, (start, end) in enumerate(slices, start=1):
        goes = _history.c.beat_at >= start, _history.c.beat_at < end
        is_removed = end <= remove_before
        which = goes if is_removed else (*goes, _history.c.id.not_in(_kept(engine, start, end)))
        count = _remove(engine, which, dry_run=dry_run)
        if is_removed:
            cleaned.removed += count
        else:
            cleaned.thinned += count
        told(number, len(slices))
    return cleaned


def _slices(engine: Engine, before: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Whole slices from the oldest beat on; a beat that is just old enough waits for its slice."""
    with away(), reading(engine) as connection:
        oldest = connection.scalar(select(func.min(_history.c.beat_at)))
    if oldest is None:
        return
    start = oldest.replace(hour=0, minute=0, second=0, microsecond=0)
    while start + SLICE <= before:
        yield start, start + SLICE
        start += SLICE


def _kept(engine: Engine, start: datetime, end: datetime) -> Select[tuple[int]]:
    """Of each service and hour the worst beat, so that no error is thinned away; else the last."""
    severity = case({"ERROR": 2, "WARNING": 1}, value=_history.c.status, else_=0)
    rank = (
        func.row_number()
        .over(
            partition_by=(_history.c.service_name, _hour(engine)),
            order_by=(severity.desc(), _history.c.id.desc()),
        )
        .label("rank")
    )
    within = select(_history.c.id, rank)
    ranked = within.where(_history.c.beat_at >= start, _history.c.beat_at < end).subquery()
    return select(ranked.c.id).where(ranked.c.rank == 1)


def _hour(engine: Engine) -> ColumnElement[str]:
    if engine.dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d %H", _history.c.beat_at)
    return func.date_trunc(literal_column("'hour'"), _history.c.beat_at)


def _remove(engine: Engine, which: tuple[ColumnElement[bool], ...], *, dry_run: bool) -> int:
    if dry_run:
        with away(), reading(engine) as connection:
            return _count(connection, which)
    with away(), engine.begin() as connection:
        return connection.execute(delete(_history).where(*which)).rowcount


def _count(connection: Connection, which: tuple[ColumnElement[bool], ...]) -> int:
    return connection.scalar(select(func.count()).select_from(_history).where(*which)) or 0
