"""Who works on what: assets are claimed, leased, finished, given back or parked.

Every verb is one short transaction against the ledger, and raises LedgerAway when that is away.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    case,
    column,
    false,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)

from photo_factory.shared import clock
from photo_factory.shared.facts import (
    OF_ASSET,
    Asset,
    Facts,
    assets,
    chunks,
    update_assets,
    write_facts,
)
from photo_factory.shared.ledger.database import away, insert_ignore, reading, repeated
from photo_factory.shared.ledger.models import APPLIES, StageRun
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

__all__ = ["Asset", "Claim", "Claims", "Facts", "database_now", "waits_for"]

runs = cast(Table, StageRun.__table__)
Told = TypeVar("Told")

LONGEST_PAUSE = timedelta(hours=6)
"""The pause between two tries doubles up to this."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One asset in the hands of one worker; `number` tells this claim from all others of it."""

    asset: Asset
    number: int
    tries_left: int


class Claims:
    """The work of one stage, as one worker sees it."""

    def __init__(
        self, engine: Engine, stage: str, flag: str, settings: Settings, worker: str | None = None
    ) -> None:
        self.worker = worker or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._engine = engine
        self._stage = stage
        self._flag = flag
        self._settings = settings
        self._paths = Paths.of(settings)

    @repeated
    def claim(self, limit: int) -> list[Claim]:
        """Take up to `limit` due assets; each costs one of its tries."""
        with self._writing() as connection:
            now = database_now(connection)
            # NO KEY: a weaker lock than FOR UPDATE, so that rows of other tables which refer to
            # the asset can be written meanwhile. What another claim has locked is skipped.
            due = self._due(now).with_for_update(of=assets, skip_locked=True, key_share=True)
            found = connection.execute(due.limit(limit)).all()
            worn_out = [row for row in found if _is_worn_out(row)]
            self._park_worn_out(connection, worn_out, now)
            seen = _without_suspects([row for row in found if not _is_worn_out(row)])
            first = sorted(row.id for row in seen if row.claims is None)
            again = sorted((row.id, row.claims) for row in seen if row.claims)
            taken = {
                row.asset_id: row
                for row in (
                    *self._take_first(connection, first, now),
                    *self._take_again(connection, again, now),
                )
            }
        if worn_out and not taken:  # they stood in the way of others
            return self.claim(limit)
        # In the order of the queue, not in that of the two ways of taking.
        return [self._claim(row, taken[row.id]) for row in seen if row.id in taken]

    def due(self) -> int:
        """How many assets could be claimed now."""
        with away(), reading(self._engine) as connection:
            due = self._due(database_now(connection)).subquery()
            return connection.scalar(select(func.count()).select_from(due)) or 0

    @repeated
    def renew(self) -> None:
        """Keep all that this worker holds for another lease."""
        with self._writing() as connection:
            held = (runs.c.stage == self._stage) & (runs.c.leased_by == self.worker)
            until = self._lease_end(database_now(connection))
            connection.execute(update(runs).where(held).values(not_before=until))

    @repeated
    def finish(self, done: Sequence[tuple[Claim, Facts]]) -> int:
        """Write facts and raise flags; how many, for what another worker took over is dropped."""
        with self._writing() as connection:
            now = database_now(connection)
            kept = self._only_ours(connection, done)
            if kept:
                raised = {self._flag: True, f"{self._flag.removeprefix('is_')}_at": now}
                write_facts(connection, [(claim.asset.id, facts) for claim, facts in kept], raised)
                ended = {"finished_at": now, "not_before": now, "leased_by": None}
                ended["last_error"] = None
                self._change(connection, [(claim, ended) for claim, _ in kept])
            return len(kept)

    @repeated
    def fail(self, failed: Sequence[tuple[Claim, str]]) -> int:
        """Let assets come back after a pause; those without a try left are parked: how many."""
        with self._writing() as connection:
            now = database_now(connection)
            kept = self._only_ours(connection, failed)
            last = [(claim, reason) for claim, reason in kept if claim.tries_left <= 0]
            self._park(connection, last, now)
            changes = [(claim, self._after_pause(claim, now, why)) for claim, why in kept]
            changes = [one for one in changes if one[0].tries_left > 0]
            self._change(connection, changes)
            return len(last)

    @repeated
    def park(self, failed: Sequence[tuple[Claim, str]]) -> None:
        """Set assets aside until a person has looked at them."""
        with self._writing() as connection:
            self._park(connection, self._only_ours(connection, failed), database_now(connection))

    @repeated
    def give_back(
        self, claims: Iterable[Claim], after_s: float = 0, reason: str | None = None
    ) -> None:
        """Return assets with their try, because they were not at fault."""
        with self._writing() as connection:
            due = database_now(connection) + timedelta(seconds=after_s)
            free = {"not_before": due, "leased_by": None, "last_error": reason}
            changes = [(claim, {**free, "tries_left": claim.tries_left + 1}) for claim in claims]
            self._change(connection, self._only_ours(connection, changes))

    def _due(self, now: datetime) -> Select[Any]:
        run = and_(runs.c.asset_id == assets.c.id, runs.c.stage == self._stage)
        never_held = runs.c.asset_id.is_(None)
        # A lease of our own that ran out (the machine slept) is still in our hands.
        not_ours = or_(runs.c.leased_by.is_(None), runs.c.leased_by != self.worker)
        is_free = and_(runs.c.parked_at.is_(None), runs.c.not_before <= now, not_ours)
        filed = assets.c.ingested_at
        return (
            select(*_SEEN)
            .select_from(assets.outerjoin(runs, run))
            .where(waits_for(self._flag), or_(never_held, is_free))
            .order_by(filed.desc() if self._settings.work_order == "newest" else filed)
        )

    def _take_first(
        self, connection: Connection, ids: Sequence[uuid.UUID], now: datetime
    ) -> Iterator[Row[Any]]:
        """Assets this stage never held: who inserts the row has them."""
        row = {
            "stage": self._stage,
            "tries_left": self._settings.max_tries - 1,
            "claims": 1,
            "not_before": self._lease_end(now),
            "leased_by": self.worker,
        }
        for some in chunks(ids):
            statement = insert_ignore(runs).values([{**row, "asset_id": one} for one in some])
            yield from connection.execute(statement.returning(*_TAKEN)).all()

    def _take_again(
        self, connection: Connection, seen: Sequence[tuple[uuid.UUID, int]], now: datetime
    ) -> Iterator[Row[Any]]:
        """Assets this stage held before: who finds the number of claims unchanged has them."""
        # A flag that was lowered by hand after a success starts with all its tries.
        fresh = runs.c.finished_at.is_not(None)
        tries = case((fresh, self._settings.max_tries), else_=runs.c.tries_left)
        change = {
            "claims": runs.c.claims + 1,
            "tries_left": tries - 1,
            "not_before": self._lease_end(now),
            "leased_by": self.worker,
            "finished_at": None,
        }
        for some in chunks(seen):
            unchanged = tuple_(runs.c.asset_id, runs.c.claims).in_(some)
            free = and_(runs.c.stage == self._stage, runs.c.parked_at.is_(None))
            statement = update(runs).where(free, unchanged)
            yield from connection.execute(statement.values(change).returning(*_TAKEN)).all()

    def _claim(self, row: Row[Any], taken: Row[Any]) -> Claim:
        known = {name: getattr(row, name) for name in OF_ASSET}
        asset = Asset(path=self._paths.on_disk(row.final_path), **known)
        return Claim(asset, taken.claims, taken.tries_left)

    def _only_ours(
        self, connection: Connection, pairs: Sequence[tuple[Claim, Told]]
    ) -> list[tuple[Claim, Told]]:
        """Of these, what nobody took over meanwhile; their runs are locked."""
        ours: set[uuid.UUID] = set()
        for some in chunks(sorted((claim.asset.id, claim.number) for claim, _ in pairs)):
            unchanged = tuple_(runs.c.asset_id, runs.c.claims).in_(some)
            held = (runs.c.stage == self._stage) & (runs.c.leased_by == self.worker)
            query = select(runs.c.asset_id).where(held, unchanged).order_by(runs.c.asset_id)
            ours.update(connection.scalars(query.with_for_update()))
        return [pair for pair in pairs if pair[0].asset.id in ours]

    def _change(
        self, connection: Connection, changes: Sequence[tuple[Claim, Mapping[str, Any]]]
    ) -> None:
        if not changes:
            return
        names: dict[str, Any] = {name: bindparam(name) for name in changes[0][1]}
        this = (runs.c.stage == self._stage) & (runs.c.asset_id == bindparam("of_asset"))
        rows = [{**change, "of_asset": claim.asset.id} for claim, change in changes]
        statement = update(runs).where(this).values(names)
        connection.execute(statement, sorted(rows, key=lambda row: row["of_asset"]))

    def _park(
        self, connection: Connection, failed: Sequence[tuple[Claim, str]], now: datetime
    ) -> None:
        if not failed:
            return
        aside = {"parked_at": now, "tries_left": 0, "leased_by": None, "not_before": now}
        self._change(connection, [(claim, {**aside, "last_error": why}) for claim, why in failed])
        self._tell(connection, [(c.asset.id, c.asset.final_path, why) for c, why in failed])

    def _park_worn_out(
        self, connection: Connection, seen: Sequence[Row[Any]], now: datetime
    ) -> None:
        """What killed its worker in its last try is in nobody's hands: set it aside."""
        for row in seen:
            reason = f"its worker died in the last of {row.claims} tries"
            this = (runs.c.stage == self._stage) & (runs.c.asset_id == row.id)
            aside = {"parked_at": now, "leased_by": None, "last_error": reason}
            unchanged = and_(runs.c.claims == row.claims, runs.c.parked_at.is_(None))
            parked = connection.execute(update(runs).where(this, unchanged).values(aside))
            if parked.rowcount:
                self._tell(connection, [(row.id, row.final_path, reason)])

    def _tell(self, connection: Connection, told: Iterable[tuple[uuid.UUID, str, str]]) -> None:
        """Note on assets why they are parked: which service, which file, what for."""
        rows = []
        for asset_id, path, reason in told:
            named = reason if path in reason else f"{path}: {reason}"
            message = f"{self._stage}: {named}"
            rows.append({"of_asset": asset_id, "has_errors": True, "error_message": message})
        update_assets(connection, rows)

    def _after_pause(self, claim: Claim, now: datetime, why: str) -> dict[str, Any]:
        return {"not_before": now + self._pause(claim), "leased_by": None, "last_error": why}

    def _pause(self, claim: Claim) -> timedelta:
        spent = self._settings.max_tries - claim.tries_left
        doubled = 2.0 ** min(max(spent - 1, 0), 16)  # more than 16 times would be no time at all
        pause = timedelta(seconds=self._settings.retry_after * doubled)
        # Jitter: what failed together should not come back together.
        return min(pause, LONGEST_PAUSE) * random.uniform(0.75, 1.25)

    def _lease_end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._settings.lease)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with away(), self._engine.begin() as connection:
            yield connection


_SEEN = [
    *(assets.c[name] for name in OF_ASSET), runs.c.claims, runs.c.tries_left, runs.c.finished_at,
    runs.c.leased_by,
]  # fmt: skip
_TAKEN = (runs.c.asset_id, runs.c.claims, runs.c.tries_left)


def _without_suspects(rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Leave aside what a dead worker held, or take one of it alone.

    One of them may have killed it, and would take its neighbours along again.
    """
    others = [row for row in rows if row.leased_by is None]
    return others or rows[:1]


def _is_worn_out(row: Row[Any]) -> bool:
    return row.claims is not None and row.tries_left == 0 and row.finished_at is None


def waits_for(flag: str) -> ColumnElement[bool]:
    """The assets a flag applies to and is FALSE for; to the letter the condition of its index."""
    return and_(column(flag) == false(), APPLIES.get(flag, true()))


def database_now(connection: Connection) -> datetime:
    """The time by the database's clock: hosts that share a ledger share no clock of their own."""
    if connection.dialect.name == "postgresql":
        return cast(datetime, connection.scalar(select(func.clock_timestamp())))
    return clock.now()
