"""What a person does with runs: see how far they are, see what is parked, retry, do again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from photo_factory.shared.afresh import forget_errors
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.facts import assets
from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.ledger.database import away, database_now, notify, reading, repeated
from photo_factory.shared.paths import LEDGER_PREFIX
from photo_factory.shared.queue import runs, waits_for
from photo_factory.shared.settings import Settings

_AT_ONCE = 1000

_SHORTEST_S = 10.0
"""A pace that was measured for a shorter time than this says nothing."""


@dataclass(frozen=True)
class Parked:
    """One asset a service gave up on."""

    service: str
    asset_id: uuid.UUID
    final_path: str
    parked_at: Any
    reason: str | None

    def as_json(self) -> dict[str, Any]:
        """For programs; the moment in ISO 8601."""
        return {
            **asdict(self), "asset_id": str(self.asset_id), "parked_at": self.parked_at.isoformat(),
        }  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """How far one flag has come, in assets."""

    flag: str
    service: str
    done: int
    waiting: int
    running: int
    parked: int
    not_applicable: int
    last_hour: int
    seconds_left: float | None
    idle: str | None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


@dataclass(frozen=True)
class _Pace:
    """What a stage finished in the last hour, and how long before now it began to."""

    finished: int
    seconds: float

    def seconds_for(self, left: int) -> float | None:
        if not left:
            return 0
        return left * self.seconds / self.finished if self.finished else None


def progress(engine: Engine, services: Sequence[FlagService], settings: Settings) -> list[Progress]:
    """How far each service's flag is; one look through the assets for all of them."""
    if not services:
        return []
    with away(), reading(engine) as connection:
        now = database_now(connection)
        counted = connection.execute(select(*_counts(services))).one()
        is_held = runs.c.leased_by.is_not(None) & (runs.c.not_before > now)
        by_stage = {
            "running": _waiting_runs(connection, services, is_held),
            "parked": _waiting_runs(connection, services, runs.c.parked_at.is_not(None)),
        }
        paces = _paces(connection, now)
    total = counted[0]
    idle = {one.name: one.idle(settings) if one.idle else None for one in services}
    return [
        _progress(
            one,
            (total, counted[1 + 2 * i], counted[2 + 2 * i]),
            {name: found.get(one.name, 0) for name, found in by_stage.items()},
            paces.get(one.name, _Pace(0, 0)),
            idle[one.name],
        )
        for i, one in enumerate(services)
    ]


def _counts(services: Iterable[FlagService]) -> list[ColumnElement[int]]:
    counts: list[ColumnElement[int]] = [func.count(assets.c.id)]
    for one in services:
        counts.append(func.count().filter(assets.c[one.flag_name]))
        counts.append(func.count().filter(waits_for(one.flag_name)))
    return counts


def _waiting_runs(
    connection: Connection, services: Iterable[FlagService], which: ColumnElement[bool]
) -> dict[str, int]:
    """How many such runs each stage has, of those whose flag still applies and is FALSE."""
    still = or_(*(and_(runs.c.stage == one.name, waits_for(one.flag_name)) for one in services))
    query = select(runs.c.stage, func.count().label("number")).join(
        assets, assets.c.id == runs.c.asset_id
    )
    found = connection.execute(query.where(which, still).group_by(runs.c.stage))
    return {row.stage: row.number for row in found}


def _paces(connection: Connection, now: datetime) -> dict[str, _Pace]:
    finished = runs.c.finished_at
    query = (
        select(runs.c.stage, func.count().label("number"), func.min(finished).label("first"))
        .where(finished > now - timedelta(hours=1))
        .group_by(runs.c.stage)
    )
    return {
        row.stage: _Pace(row.number, max((now - row.first).total_seconds(), _SHORTEST_S))
        for row in connection.execute(query)
    }


def _progress(
    service: FlagService,
    counted: tuple[int, int, int],
    held: Mapping[str, int],
    pace: _Pace,
    idle: str | None,
) -> Progress:
    total, done, waits = counted
    free = max(0, waits - held["running"] - held["parked"])
    return Progress(
        flag=service.flag_name,
        service=service.name,
        done=done,
        waiting=0 if idle else free,
        not_applicable=total - done - waits + (free if idle else 0),
        last_hour=pace.finished,
        seconds_left=pace.seconds_for(held["running"] + (0 if idle else free)),
        idle=idle,
        **held,
    )


def parked(engine: Engine, stage: str | None = None) -> list[Parked]:
    """What services gave up on, the latest first."""
    query = (
        select(runs.c.stage, assets.c.id, assets.c.final_path, runs.c.parked_at, runs.c.last_error)
        .join(assets, assets.c.id == runs.c.asset_id)
        .where(runs.c.parked_at.is_not(None))
        .order_by(runs.c.parked_at.desc())
    )
    if stage:
        query = query.where(runs.c.stage == stage)
    with away(), reading(engine) as connection:
        return [Parked(*row) for row in connection.execute(query)]


@repeated
def retry(
    engine: Engine, settings: Settings, stage: str | None = None, asset: str | None = None
) -> int:
    """Give what failed all its tries back, and let it be taken at once; how many runs."""
    failed: list[ColumnElement[bool]] = [
        runs.c.finished_at.is_(None),
        runs.c.leased_by.is_(None),
        runs.c.last_error.is_not(None),
    ]
    if stage:
        failed.append(runs.c.stage == stage)
    with away(), engine.begin() as connection:
        if asset:
            failed.append(runs.c.asset_id == find_asset(connection, asset))
        fresh = {
            "parked_at": None,
            "last_error": None,
            "tries_left": settings.max_tries,
            "not_before": database_now(connection),
        }
        changed = update(runs).where(*failed).values(fresh)
        again = connection.execute(changed.returning(runs.c.asset_id, runs.c.stage)).all()
        forget_errors(connection, {one.stage for one in again}, [one.asset_id for one in again])
        notify(connection)
    return len(again)


def redo(engine: Engine, settings: Settings, service: FlagService, where: str | None = None) -> int:
    """Lower the flag of finished assets, so that they are done again; how many.

    `where` is an SQL condition on media_assets. What is in hand now is done again as well.
    """
    condition = sql_condition(engine, where)
    _redo_in_hand(engine, settings, service, condition)
    redone = 0
    last = uuid.UUID(int=0)
    # In parts: a large ledger in one statement would keep everybody else waiting.
    while ids := _redo_some(engine, settings, service, condition, last):
        redone += len(ids)
        last = ids[-1]
    return redone


@repeated
def _redo_in_hand(
    engine: Engine, settings: Settings, service: FlagService, condition: ColumnElement[bool]
) -> None:
    """First of all: what finishes while we go through the others would keep its old result."""
    in_hand = select(assets.c.id).where(waits_for(service.flag_name), condition)
    with away(), engine.begin() as connection:
        _make_due(connection, settings, service.name, runs.c.asset_id.in_(in_hand))


@repeated
def _redo_some(
    engine: Engine,
    settings: Settings,
    service: FlagService,
    condition: ColumnElement[bool],
    last: uuid.UUID,
) -> list[uuid.UUID]:
    """Lower the flag of the next assets after `last`: which; the services hear of it."""
    with away(), engine.begin() as connection:
        raised = and_(assets.c[service.flag_name], assets.c.id > last, condition)
        query = select(assets.c.id).where(raised).order_by(assets.c.id).limit(_AT_ONCE)
        ids: list[uuid.UUID] = list(connection.scalars(query))
        _lower(connection, settings, service, ids)
        notify(connection)
    return ids


def _lower(
    connection: Connection, settings: Settings, service: FlagService, ids: Sequence[uuid.UUID]
) -> None:
    lowered = {service.flag_name: False, f"{service.flag_name.removeprefix('is_')}_at": None}
    connection.execute(update(assets).where(assets.c.id.in_(ids)).values(lowered))
    _make_due(connection, settings, service.name, runs.c.asset_id.in_(ids))


def _make_due(
    connection: Connection, settings: Settings, stage: str, which: ColumnElement[bool]
) -> None:
    # One claim more than any worker knows of: what is in hand was begun before this was asked.
    held_or_done = runs.c.leased_by.is_not(None) | runs.c.finished_at.is_not(None)
    fresh = {
        "claims": runs.c.claims + 1,
        "tries_left": settings.max_tries,
        "not_before": database_now(connection),
        "leased_by": None,
        "finished_at": None,
    }
    this = and_(runs.c.stage == stage, runs.c.parked_at.is_(None), held_or_done, which)
    connection.execute(update(runs).where(this).values(fresh))


def sql_condition(engine: Engine, where: str | None) -> ColumnElement[bool]:
    """The SQL condition on media_assets, tried without changing anything; PhotoFactoryError."""
    if where is not None and not where.strip():
        raise PhotoFactoryError("--where is empty: leave it out to mean everything")
    if where is None:
        return text("1 = 1")  # type: ignore[return-value]
    if any(sign in where for sign in (";", "--", "/*")):
        raise PhotoFactoryError(f"--where {where!r}: one condition, without ; and comments")
    condition = text("(" + where.replace(":", r"\:") + ")")
    try:
        with away(), reading(engine) as connection:
            connection.execute(select(assets.c.id).where(condition).limit(1))
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise PhotoFactoryError(
            f"--where {where!r} is no condition on media_assets: {reason}"
        ) from None
    return condition  # type: ignore[return-value]


def find_asset(connection: Connection, what: str) -> uuid.UUID:
    """The asset of this id or path, or whose hash begins so; PhotoFactoryError unless it is one."""
    try:
        condition = assets.c.id == uuid.UUID(what)
    except ValueError:
        is_path = what.startswith(LEDGER_PREFIX)
        by_hash = assets.c.file_hash.startswith(what.lower(), autoescape=True)
        condition = assets.c.final_path == what if is_path else by_hash
    found: list[uuid.UUID] = list(connection.scalars(select(assets.c.id).where(condition).limit(2)))
    if len(found) != 1:
        count = "no asset has" if not found else "several assets have"
        raise PhotoFactoryError(f"{count} the id or path {what!r}, or a hash that begins so")
    return found[0]
