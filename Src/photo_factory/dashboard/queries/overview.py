"""What the Overview tells: counts that stay quick at a million assets, and what needs somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Engine, Table, and_, column, false, func, select

from photo_factory.shared import breakers, clock
from photo_factory.shared.heartbeat_service import Light, lights
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import (
    APPLIES,
    Arrival,
    BackupCopy,
    Finding,
    MediaAsset,
    StageRun,
    waiting,
)

_assets = cast(Table, MediaAsset.__table__)
_arrivals = cast(Table, Arrival.__table__)
_runs = cast(Table, StageRun.__table__)
_findings = cast(Table, Finding.__table__)
_copies = cast(Table, BackupCopy.__table__)

LATE = timedelta(minutes=10)
"""An arrival without an end for so long is told."""


@dataclass(frozen=True)
class Flag:
    """How far one flag is, in assets; what a flag does not apply to is not counted."""

    name: str
    service: str
    """Who raises it."""
    total: int
    waiting: int
    parked: int
    last_hour: int
    idle: str | None
    """Why there is nothing to do at all, such as no target to copy to."""

    @property
    def done(self) -> int:
        """Those that have it."""
        return max(0, self.total - self.waiting - self.parked)

    @property
    def seconds_left(self) -> float | None:
        """Until nothing waits, at the last hour's rate; None where nobody can tell."""
        if not self.waiting or self.idle:
            return 0.0
        return self.waiting * 3600 / self.last_hour if self.last_hour else None


@dataclass(frozen=True)
class Totals:
    """What is counted over the whole archive, and so is asked now and then only."""

    assets: int
    by_type: Mapping[str, int]
    placed: int
    backed_up: int
    """How many photos and videos have a verified copy on every target."""
    size_bytes: int
    counted_at: datetime

    @property
    def sidecars(self) -> int:
        """Files that belong to photos and are none."""
        return self.by_type.get("sidecar", 0)

    @property
    def photos(self) -> int:
        """Photos and videos, as the Library and the Timeline count them."""
        return self.assets - self.sidecars


@dataclass(frozen=True)
class Now:
    """What is quick to ask, however large the archive is."""

    filed_today: int
    held: int
    failed: int
    parked: int
    """Assets, by however many services."""
    findings: int
    breakers: Mapping[str, str]
    last_filed_at: datetime | None


def all_lights(engine: Engine) -> dict[str, Light]:
    """Every service and probe that ever beat; LedgerAway."""
    with away(), reading(engine) as connection:
        return lights(connection, clock.now())


def totals(engine: Engine) -> Totals:
    """One look through the whole archive: seconds at a million assets; LedgerAway."""
    placed = and_(_assets.c.location.is_not(None), _assets.c.media_type != "sidecar")
    query = select(
        _assets.c.media_type,
        func.count(),
        func.sum(_assets.c.size_bytes),
        func.count().filter(placed),
        func.count().filter(_assets.c.is_backed_up),
    ).group_by(_assets.c.media_type)
    with away(), reading(engine) as connection:
        rows = connection.execute(query).all()
    return Totals(
        assets=sum(row[1] for row in rows),
        by_type={row[0]: row[1] for row in rows},
        placed=sum(row[3] for row in rows),
        backed_up=sum(row[4] for row in rows if row[0] != "sidecar"),
        size_bytes=int(sum(row[2] or 0 for row in rows)),
        counted_at=clock.now(),
    )


def now(engine: Engine, midnight: datetime) -> Now:
    """What happens now; `midnight` is where the viewer's day began; LedgerAway."""
    with away(), reading(engine) as connection:
        states = _arrivals.c.state.in_(["held", "failed"])
        ends = select(_arrivals.c.state, func.count()).where(states).group_by(_arrivals.c.state)
        stuck = {row[0]: row[1] for row in connection.execute(ends)}
        today = select(func.count()).where(
            _assets.c.ingested_at >= midnight, _assets.c.media_type != "sidecar"
        )
        parked = select(func.count(_runs.c.asset_id.distinct())).where(
            _runs.c.parked_at.is_not(None)
        )
        found = Now(
            filed_today=connection.scalar(today.select_from(_assets)) or 0,
            held=stuck.get("held", 0),
            failed=stuck.get("failed", 0),
            parked=connection.scalar(parked) or 0,
            findings=_count(connection, _findings, _findings.c.repaired_at.is_(None)),
            breakers={},
            last_filed_at=connection.scalar(select(func.max(_assets.c.ingested_at))),
        )
    return Now(**{**vars(found), "breakers": breakers.tripped(engine)})


def _count(connection: Connection, rows: Table, condition: Any) -> int:
    return connection.scalar(select(func.count()).select_from(rows).where(condition)) or 0


def flags(engine: Engine, known: Totals, beating: Mapping[str, Light]) -> list[Flag]:
    """How far the flag of each service is that ever beat and said which it raises; LedgerAway."""
    with away(), reading(engine) as connection:
        parked = _by_stage(connection, _runs.c.parked_at.is_not(None))
        done = _by_stage(connection, _runs.c.finished_at > clock.now() - timedelta(hours=1))
        return [
            _flag(connection, known, light, (parked.get(name, 0), done.get(name, 0)))
            for name, light in sorted(beating.items(), key=_in_order)
            if light.details.get("flag")
        ]


def _in_order(named: tuple[str, Light]) -> tuple[int, str]:
    """The house's own flags as they stand in the ledger, then those of other packages."""
    own = list(APPLIES)
    flag = named[1].details.get("flag")
    return (own.index(flag) if flag in own else len(own), named[0])


def _flag(
    connection: Connection, known: Totals, light: Light, parked_and_done: tuple[int, int]
) -> Flag:
    name = str(light.details["flag"])
    parked, done = parked_and_done
    return Flag(
        name=name,
        service=light.name,
        total=_applies_to(name, known),
        waiting=max(0, _waiting(connection, name) - parked),
        parked=parked,
        last_hour=done,
        idle=light.details.get("idle"),
    )


def _by_stage(connection: Connection, which: Any) -> dict[str, int]:
    query = select(_runs.c.stage, func.count()).where(which).group_by(_runs.c.stage)
    return {row[0]: row[1] for row in connection.execute(query)}


def _waiting(connection: Connection, flag: str) -> int:
    """Read off the flag's own queue, an index with nothing in it but what waits."""
    # Another package's flag is a column of the ledger, and none that this process knows of.
    condition = waiting(flag) if flag in APPLIES else column(flag) == false()
    return _count(connection, _assets, condition)


def _applies_to(flag: str, known: Totals) -> int:
    return {
        "is_geocoded": known.placed,
        "is_thumbnailed": known.photos,
        "is_face_scanned": known.by_type.get("image", 0),
        "is_curated": known.photos,
    }.get(flag, known.assets)
