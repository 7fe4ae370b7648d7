"""What needs a person: what is held, parked, doubtful, unsure, damaged, or stands still."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    String,
    Table,
    and_,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy import cast as as_kind

from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import (
    Action,
    Arrival,
    Breaker,
    Correction,
    Finding,
    MediaAsset,
    StageRun,
)

_arrivals = cast(Table, Arrival.__table__)
_assets = cast(Table, MediaAsset.__table__)
_runs = cast(Table, StageRun.__table__)
_findings = cast(Table, Finding.__table__)
_breakers = cast(Table, Breaker.__table__)
_corrections = cast(Table, Correction.__table__)
_actions = cast(Table, Action.__table__)

SEEN = "look at duplicate"
"""The action by which somebody says that a duplicate in doubt is in order."""

MOST = 9_999
"""More of one kind are not counted."""

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Item:
    """One thing that needs a person: what it is, why, since when, and what was asked so far."""

    key: Key
    title: str
    about: str
    at: datetime | None = None
    asset_id: uuid.UUID | None = None
    asked: str | None = None
    service: str = ""
    taken: datetime | None = None
    """The date as it is now, of what has an unsure one."""

    utc_offset: str | None = None


@dataclass(frozen=True)
class Items:
    """Some of one kind; `after` is the key the next ones begin at."""

    items: tuple[Item, ...]
    after: Key | None


@dataclass(frozen=True)
class Halt:
    """A breaker: what stands still, since when, and why."""

    name: str
    reason: str
    at: datetime


def _is_held() -> ColumnElement[bool]:
    """As in v_held."""
    return and_(_arrivals.c.state.in_(("held", "failed")), _arrivals.c.removed_at.is_(None))


def _is_unsure() -> ColumnElement[bool]:
    """As in v_unsure_dates, but for those somebody has spoken of, whom the Librarian has to heed.

    Literal, as the index of unsure dates is.
    """
    waits = exists().where(
        _corrections.c.asset_id == _assets.c.id,
        _corrections.c.applied_at.is_(None),
        _corrections.c.problem.is_(None),
        _corrections.c.captured_at.is_not(None),
    )
    unsure = text("captured_at_confidence < 0.5 AND media_type <> 'sidecar'")
    return and_(unsure, ~waits)


def _is_doubtful() -> ColumnElement[bool]:
    """A duplicate whose kept copy is, or was, not what it should be, and nobody has looked yet."""
    seen = exists().where(
        _actions.c.action == SEEN, _actions.c.subject == as_kind(_arrivals.c.id, String)
    )
    found = exists().where(
        _findings.c.asset_id == _arrivals.c.asset_id, _findings.c.repaired_at.is_(None)
    )
    was_damaged = and_(_arrivals.c.reason.is_not(None), ~seen)
    return and_(_arrivals.c.state == "duplicate", or_(was_damaged, found))


_KINDS: dict[str, Callable[[], tuple[Table, ColumnElement[bool]]]] = {
    "halted": lambda: (_breakers, _breakers.c.name.is_not(None)),
    "findings": lambda: (_findings, _findings.c.repaired_at.is_(None)),
    "held": lambda: (_arrivals, _is_held()),
    "parked": lambda: (_runs, _runs.c.parked_at.is_not(None)),
    "duplicates": lambda: (_arrivals, _is_doubtful()),
    "dates": lambda: (_assets, _is_unsure()),
}


def counts(engine: Engine) -> dict[str, int]:
    """How many of each kind there are, at most MOST + 1 of each; LedgerAway."""
    with away(), reading(engine) as connection:
        return {kind: _count(connection, *what()) for kind, what in _KINDS.items()}


def _count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    some = select(table.c[0]).where(which).limit(MOST + 1).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def halted(engine: Engine) -> list[Halt]:
    """The breakers, the oldest first; LedgerAway."""
    query = select(_breakers.c.name, _breakers.c.reason, _breakers.c.tripped_at)
    with away(), reading(engine) as connection:
        found = connection.execute(query.order_by(_breakers.c.tripped_at, _breakers.c.name))
        return [Halt(*row) for row in found]


def held(engine: Engine, after: Key | None = None, size: int = 25) -> Items:
    """Files still in the inbox for a reason, by path; LedgerAway."""
    columns = [_arrivals.c[name] for name in ("path", "id", "state", "reason", "settled_at")]
    query = select(*columns, _arrivals.c.first_seen_at).where(_is_held())
    return _page(engine, query, (_arrivals.c.path, _arrivals.c.id), after, size, _held)


def _held(row: Any) -> Item:
    asked = "asked for; the Librarian tries it" if row.settled_at is None else None
    return Item(
        (row.path, row.id), row.path, row.reason or row.state, row.first_seen_at, asked=asked
    )


def parked(
    engine: Engine, after: Key | None = None, size: int = 25, service: str | None = None
) -> Items:
    """What services gave up on, by service and file; LedgerAway."""
    shown = (_runs.c.parked_at, _runs.c.last_error, _runs.c.claims)
    query = select(_runs.c.stage, _assets.c.final_path, _assets.c.id, *shown)
    query = query.join(_assets, _assets.c.id == _runs.c.asset_id)
    query = query.where(_runs.c.parked_at.is_not(None))
    if service:
        query = query.where(_runs.c.stage == service)
    return _page(engine, query, (_runs.c.stage, _assets.c.final_path), after, size, _parked)


def _parked(row: Any) -> Item:
    told = row.last_error or "no reason was given"
    return Item(
        (row.stage, row.final_path), row.final_path, told, row.parked_at, row.id, service=row.stage
    )


def parked_services(engine: Engine) -> dict[str, int]:
    """How many each service gave up on; LedgerAway."""
    query = select(_runs.c.stage, func.count()).where(_runs.c.parked_at.is_not(None))
    with away(), reading(engine) as connection:
        found = connection.execute(query.group_by(_runs.c.stage).order_by(_runs.c.stage))
        return {stage: number for stage, number in found}  # noqa: C416 -- rows, not pairs


def duplicates(engine: Engine, after: Key | None = None, size: int = 25) -> Items:
    """Duplicates in doubt, by path; LedgerAway."""
    query = select(_arrivals.c.path, _arrivals.c.id, _arrivals.c.reason, _arrivals.c.settled_at)
    query = query.add_columns(_assets.c.final_path, _assets.c.id.label("asset_id"))
    query = query.join(_assets, _assets.c.id == _arrivals.c.asset_id).where(_is_doubtful())
    return _page(engine, query, (_arrivals.c.path, _arrivals.c.id), after, size, _duplicate)


def _duplicate(row: Any) -> Item:
    told = row.reason or "the copy that was kept in its place is damaged or missing now"
    about = f"kept as {row.final_path}: {told}"
    return Item((row.path, row.id), row.path, about, row.settled_at, row.asset_id)


def findings(engine: Engine, after: Key | None = None, size: int = 25) -> Items:
    """Originals that are not what they were, the oldest finding first; LedgerAway."""
    names = ("id", "kind", "message", "found_at", "repair_asked_at", "problem", "asset_id")
    query = select(*(_findings.c[name] for name in names), _assets.c.final_path)
    query = query.join(_assets, _assets.c.id == _findings.c.asset_id)
    query = query.where(_findings.c.repaired_at.is_(None))
    return _page(engine, query, (_findings.c.id,), after, size, _finding)


def _finding(row: Any) -> Item:
    asked = None
    if row.problem:
        asked = f"the last repair failed: {row.problem}"
    elif row.repair_asked_at:
        asked = f"a repair was asked for at {row.repair_asked_at:%Y-%m-%d %H:%M} UTC"
    about = f"{row.kind}: {row.message}"
    return Item((row.id,), row.final_path, about, row.found_at, row.asset_id, asked)


def unsure_dates(engine: Engine, after: Key | None = None, size: int = 25) -> Items:
    """Photos whose date is more guess than knowledge, the latest first; LedgerAway."""
    shown = (_assets.c.final_path, _assets.c.captured_at_source, _assets.c.captured_at_confidence)
    query = select(_assets.c.captured_at, _assets.c.id, _assets.c.captured_utc_offset, *shown)
    query = query.where(_is_unsure())
    keys = (_assets.c.captured_at, _assets.c.id)
    return _page(engine, query, keys, after, size, _unsure, newest_first=True)


def _unsure(row: Any) -> Item:
    sure = f"{row.captured_at_confidence:.0%} sure"
    about = f"{row.captured_at:%Y-%m-%d %H:%M:%S}, from {row.captured_at_source}: {sure}"
    key = (row.captured_at, row.id)
    return Item(
        key, row.final_path, about, asset_id=row.id, taken=row.captured_at,
        utc_offset=row.captured_utc_offset,
    )  # fmt: skip


def _page(  # noqa: PLR0913 -- what a page is made of
    engine: Engine,
    query: Select[Any],
    keys: Sequence[ColumnElement[Any]],
    after: Key | None,
    size: int,
    item: Callable[[Any], Item],
    *,
    newest_first: bool = False,
) -> Items:  # fmt: skip
    """One page beyond a key: however far one goes, it costs the same."""
    if after is not None:
        query = query.where(_beyond(keys, after, newest_first))
    order = [key.desc() if newest_first else key.asc() for key in keys]
    with away(), reading(engine) as connection:
        rows = connection.execute(query.order_by(*order).limit(size + 1)).all()
    items = tuple(item(row) for row in rows[:size])
    return Items(items, items[-1].key if len(rows) > size else None)


def _beyond(
    keys: Sequence[ColumnElement[Any]], after: Key, newest_first: bool
) -> ColumnElement[bool]:
    first, *others = keys
    here, *rest = after
    further: ColumnElement[bool] = first < here if newest_first else first > here
    if not others:
        return further
    return or_(further, and_(first == here, _beyond(others, tuple(rest), newest_first)))
