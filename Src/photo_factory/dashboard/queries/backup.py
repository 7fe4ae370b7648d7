"""What stands elsewhere: targets, how much of the archive each holds, and what was proven."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Engine, Table, and_, func, select

from photo_factory.dashboard.queries.frames import harmless
from photo_factory.shared import clock
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import (
    BackupCopy,
    LedgerDump,
    MediaAsset,
    RestoreDrill,
    StageRun,
    SystemStatus,
    waiting,
)
from photo_factory.shared.safety import Demands, Verdict, verdicts
from photo_factory.shared.settings import Settings

_assets = cast(Table, MediaAsset.__table__)
_copies = cast(Table, BackupCopy.__table__)
_drills = cast(Table, RestoreDrill.__table__)
_dumps = cast(Table, LedgerDump.__table__)
_runs = cast(Table, StageRun.__table__)
_status = cast(Table, SystemStatus.__table__)

PROBE = "backup-targets"
LAST = 20


@dataclass(frozen=True)
class Target:
    """One target; `state` is what the probe said last, UNKNOWN before its first look."""

    name: str
    state: str
    message: str | None
    copies: int = 0
    verified: int = 0
    problems: int = 0
    oldest_verified_at: datetime | None = None
    last_verified_at: datetime | None = None
    drill: Drill | None = None


@dataclass(frozen=True)
class Drill:
    """One trial to restore a random sample."""

    target: str
    at: datetime
    files: int
    failed: int
    message: str | None

    @property
    def went_well(self) -> bool:
        """Whether every file came back right."""
        return self.files > 0 and not self.failed


@dataclass(frozen=True)
class Dump:
    """One backup of the ledger itself."""

    target: str
    path: str
    made_at: datetime
    size_bytes: int
    proved_at: datetime | None
    message: str | None


@dataclass(frozen=True)
class Problem:
    """A copy that was not right when it was last looked at."""

    target: str
    path: str
    problem: str


@dataclass(frozen=True)
class Coverage:
    """The archive as the backup sees it."""

    assets: int
    by_copies: dict[int, int]
    """How many assets have so many verified copies."""
    waiting: int
    parked: dict[str, int]
    """Why the backup gave up on how many."""
    targets: tuple[Target, ...]
    dumps: tuple[Dump, ...]
    drills: tuple[Drill, ...]
    problems: tuple[Problem, ...]
    has_targets: bool
    probed_at: datetime | None
    at: datetime

    def with_copies(self, number: int) -> int:
        """How many assets have at least so many verified copies."""
        return sum(count for copies, count in self.by_copies.items() if copies >= number)


def coverage(engine: Engine, settings: Settings) -> Coverage:
    """All of it; LedgerAway. It looks through all copies, and is worth keeping for a minute."""
    with away(), reading(engine) as connection:
        probe = _probe(connection)
        drills, dumps = _last_drills(connection), _last_dumps(connection)
        total = connection.scalar(select(func.count()).select_from(_assets)) or 0
        return Coverage(
            total, _by_copies(connection, total), _waiting(connection), _parked(connection),
            tuple(_targets(connection, probe, drills)), dumps, drills, _problems(connection),
            settings.backup_targets is not None,
            probe.last_heartbeat if probe else None, clock.now(),
        )  # fmt: skip


def _probe(connection: Connection) -> Any:
    query = select(_status).where(_status.c.service_name == PROBE)
    return connection.execute(query).first()


_IS_PROVEN = and_(_copies.c.verified_at.is_not(None), _copies.c.problem.is_(None))


def _by_copies(connection: Connection, total: int) -> dict[int, int]:
    each = select(func.count().label("number")).where(_IS_PROVEN).group_by(_copies.c.asset_id)
    counted = each.subquery()
    query = select(counted.c.number, func.count()).group_by(counted.c.number)
    found = {number: count for number, count in connection.execute(query)}  # noqa: C416 -- rows
    return {0: total - sum(found.values()), **dict(sorted(found.items()))}


def _waiting(connection: Connection) -> int:
    query = select(func.count()).select_from(_assets).where(waiting("is_backed_up"))
    return connection.scalar(query) or 0


def _parked(connection: Connection) -> dict[str, int]:
    gave_up = and_(_runs.c.stage == "backup", _runs.c.parked_at.is_not(None))
    reason = func.coalesce(_runs.c.last_error, "no reason was given")
    query = select(reason, func.count()).where(gave_up).group_by(reason)
    found = connection.execute(query.order_by(func.count().desc()).limit(LAST))
    return {why: number for why, number in found}  # noqa: C416 -- rows, not pairs


def _targets(connection: Connection, probe: Any, drills: tuple[Drill, ...]) -> Iterator[Target]:
    """Those that hold copies, and those that the probe knows, by name."""
    said = {one["target"]: one for one in (probe.details.get("targets") or ())} if probe else {}
    query = select(
        _copies.c.target,
        func.count().label("copies"),
        func.count().filter(_IS_PROVEN).label("verified"),
        func.count(_copies.c.problem).label("problems"),
        func.min(_copies.c.verified_at).label("oldest"),
        func.max(_copies.c.verified_at).label("last"),
    ).group_by(_copies.c.target)
    held = {row.target: row for row in connection.execute(query)}
    for name in sorted({*said, *held}):
        probed = said.get(name) or {}
        drill = next((one for one in drills if one.target == name), None)
        row = held.get(name)
        told = (name, probed.get("state") or "UNKNOWN", probed.get("message"))
        if row is None:
            yield Target(*told, drill=drill)
        else:
            counted = (row.copies, row.verified, row.problems)
            yield Target(*told, *counted, row.oldest, row.last, drill)


def _last_drills(connection: Connection) -> tuple[Drill, ...]:
    columns = [_drills.c[name] for name in ("target", "finished_at", "assets", "failed", "message")]
    query = select(*columns).where(_drills.c.finished_at.is_not(None))
    query = query.order_by(_drills.c.finished_at.desc()).limit(LAST)
    return tuple(Drill(*row) for row in connection.execute(query))


def _last_dumps(connection: Connection) -> tuple[Dump, ...]:
    names = ("target", "path", "made_at", "size_bytes", "proved_at", "message")
    query = select(*(_dumps.c[name] for name in names)).order_by(_dumps.c.made_at.desc())
    return tuple(Dump(*row) for row in connection.execute(query.limit(LAST)))


def _problems(connection: Connection) -> tuple[Problem, ...]:
    columns = (_copies.c.target, _copies.c.path, _copies.c.problem)
    query = select(*columns).where(_copies.c.problem.is_not(None)).order_by(*columns[:2])
    return tuple(Problem(*row) for row in connection.execute(query.limit(LAST)))


_COLUMNS = (
    "path", "safe", "why_not", "size_bytes", "file_hash", "final_path", "rehashed_at",
    "verified_copies", "copies_verified_at",
)  # fmt: skip


def safe_list(engine: Engine, demands: Demands, device: str, *, only_safe: bool) -> bytes:
    """The files of a device as CSV, in UTF-8, with the receipt of each."""
    into = io.StringIO()
    writer = csv.writer(into)
    writer.writerow(_COLUMNS)
    for verdict in verdicts(engine, demands, device):
        if verdict.why_not is None or not only_safe:
            writer.writerow(_line(verdict))
    return into.getvalue().encode()


def _line(verdict: Verdict) -> list[Any]:
    told = {**verdict.as_json(), "safe": "yes" if verdict.why_not is None else "no"}
    return [harmless(told[name]) for name in _COLUMNS]
