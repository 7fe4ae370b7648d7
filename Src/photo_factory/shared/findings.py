"""Findings: originals that are not what was filed, until they are right again; one open each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Connection, Engine, Table, func, select, update

from photo_factory.shared import clock
from photo_factory.shared.ledger.database import away, insert_ignore, reading
from photo_factory.shared.ledger.models import Finding, MediaAsset

Kind = Literal["changed", "missing", "unreadable"]

_findings = cast(Table, Finding.__table__)
_assets = cast(Table, MediaAsset.__table__)

_OPEN = _findings.c.repaired_at.is_(None)


@dataclass(frozen=True)
class Open:
    """An original that is wrong now."""

    id: int
    asset_id: uuid.UUID
    final_path: str
    kind: Kind
    found_at: datetime
    message: str
    repair_asked_at: datetime | None
    problem: str | None

    @property
    def since(self) -> str:
        """The day it was found."""
        return self.found_at.date().isoformat()

    @property
    def next_step(self) -> str:
        """What a person may do, in one line."""
        if self.problem:
            return f"not repaired, {self.problem}"
        if self.repair_asked_at:
            return "its repair is asked for, the backup service does it"
        return "photo-factory repair --all"

    def as_json(self) -> dict[str, Any]:
        """For programs; moments in ISO 8601."""
        asked = self.repair_asked_at
        return {
            **asdict(self),
            "asset_id": str(self.asset_id),
            "found_at": self.found_at.isoformat(),
            "repair_asked_at": asked and asked.isoformat(),
        }


def found(connection: Connection, asset_id: uuid.UUID, kind: Kind, message: str) -> bool:
    """Enter what is wrong with an original; False when that is known (then it is brought up)."""
    connection.execute(update(_assets).where(_assets.c.id == asset_id).values(verified_at=None))
    known = update(_findings).where(_findings.c.asset_id == asset_id, _OPEN)
    if connection.execute(known.values(kind=kind, message=message)).rowcount:
        return False
    row = {"asset_id": asset_id, "kind": kind, "found_at": clock.now(), "message": message}
    # Somebody else may find it between the two statements.
    return bool(connection.execute(insert_ignore(_findings), row).rowcount)


def is_open(connection: Connection, asset_id: uuid.UUID) -> bool:
    """Whether an original is known to be wrong."""
    this = select(_findings.c.id).where(_findings.c.asset_id == asset_id, _OPEN)
    return connection.scalar(this) is not None


def right(connection: Connection, asset_id: uuid.UUID, repaired_from: str | None = None) -> bool:
    """Enter that an original holds what was filed, by itself or from a target.

    True when it was open.
    """
    now = clock.now()
    connection.execute(update(_assets).where(_assets.c.id == asset_id).values(verified_at=now))
    closed = update(_findings).where(_findings.c.asset_id == asset_id, _OPEN)
    values = {"repaired_at": now, "repaired_from": repaired_from, "problem": None}
    return bool(connection.execute(closed.values(values)).rowcount)


def still_right(connection: Connection, ids: Sequence[uuid.UUID]) -> int:
    """The same for many that were looked at; how many had been found wrong before."""
    now = clock.now()
    connection.execute(update(_assets).where(_assets.c.id.in_(ids)).values(verified_at=now))
    closed = update(_findings).where(_findings.c.asset_id.in_(ids), _OPEN)
    return connection.execute(closed.values(repaired_at=now, problem=None)).rowcount


def listed(engine: Engine, *, asked: bool = False) -> list[Open]:
    """The open ones, the oldest first; `asked`: only those whose repair waits. LedgerAway."""
    names = [name for name in Open.__dataclass_fields__ if name != "final_path"]
    query = (
        select(*(_findings.c[name] for name in names), _assets.c.final_path)
        .join(_assets, _assets.c.id == _findings.c.asset_id)
        .where(_OPEN)
        .order_by(_findings.c.found_at, _findings.c.id)
    )
    if asked:
        query = query.where(_findings.c.repair_asked_at.is_not(None), _findings.c.problem.is_(None))
    with away(), reading(engine) as connection:
        return [Open(**row._mapping) for row in connection.execute(query)]


def number_open(engine: Engine) -> int:
    """How many originals are wrong now."""
    with away(), reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(_findings).where(_OPEN)) or 0


def ask_repair(connection: Connection, asset_id: uuid.UUID | None = None) -> int:
    """Ask for the repair of one original, or of all that are wrong; how many."""
    which = _OPEN if asset_id is None else _OPEN & (_findings.c.asset_id == asset_id)
    asked = update(_findings).where(which).values(repair_asked_at=clock.now(), problem=None)
    return connection.execute(asked).rowcount


def cannot_repair(connection: Connection, finding_id: int, problem: str) -> None:
    """Say why it could not be repaired; it is asked for anew when somebody asks again."""
    this = update(_findings).where(_findings.c.id == finding_id)
    connection.execute(this.values(problem=problem))
