"""Who works on what: assets are claimed, leased, finished, given back or parked.

Every verb is one short transaction against the ledger, and raises LedgerAway when that is away.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    func,
    select,
    update,
)

from photo_factory.shared.facts import (
    OF_ASSET,
    Asset,
    Facts,
    chunks,
    update_assets,
    write_facts,
)
from photo_factory.shared.ledger.database import away, database_now, reading, repeated
from photo_factory.shared.paths import Paths
from photo_factory.shared.queue import Queue, runs
from photo_factory.shared.settings import Settings

__all__ = ["Asset", "Claim", "Claims", "Facts"]

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
        self._queue = Queue(engine, stage, flag, settings, self.worker)

    @repeated
    def claim(self, limit: int) -> list[Claim]:
        """Take up to `limit` due assets; each costs one of its tries."""
        with self._writing() as connection:
            found = connection.execute(self._queue.batch, {"limit": limit}).all()
            worn_out = [row for row in found if _is_worn_out(row)]
            self._park_worn_out(connection, worn_out)
            seen = _without_suspects([row for row in found if not _is_worn_out(row)])
            taken = {row.asset_id: row for row in self._take(connection, seen)}
        if worn_out and not taken:  # they stood in the way of others
            return self.claim(limit)
        # In the order of the queue, not in that of the taking.
        return [self._claim(row, taken[row.id]) for row in seen if row.id in taken]

    def due(self) -> int:
        """How many assets could be claimed now."""
        with away(), reading(self._engine) as connection:
            count = select(func.count()).select_from(self._queue.due.subquery())
            return connection.scalar(count) or 0

    @repeated
    def renew(self) -> None:
        """Keep all that this worker holds for another lease."""
        with self._writing() as connection:
            connection.execute(self._queue.renew)

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

    def _take(self, connection: Connection, seen: Iterable[Row[Any]]) -> Iterator[Row[Any]]:
        """Those which nobody took meanwhile, by the number of claims that each had."""
        # A number at a time: as pairs each asset would be looked up by itself.
        alike: dict[int | None, list[uuid.UUID]] = defaultdict(list)
        for row in seen:
            alike[row.claims].append(row.id)
        for number, ids in alike.items():
            for some in chunks(ids):
                yield from self._take_alike(connection, number, some)

    def _take_alike(
        self, connection: Connection, number: int | None, ids: Sequence[uuid.UUID]
    ) -> Sequence[Row[Any]]:
        if number is None:
            return connection.execute(self._queue.first, {"ids": ids}).all()
        return connection.execute(self._queue.again, {"number": number, "ids": ids}).all()

    def _claim(self, row: Row[Any], taken: Row[Any]) -> Claim:
        known = dict(zip(OF_ASSET, row, strict=False))  # with them each row begins
        asset = Asset(path=self._paths.on_disk(row.final_path), **known)
        return Claim(asset, taken.claims, taken.tries_left)

    def _only_ours(
        self, connection: Connection, pairs: Sequence[tuple[Claim, Told]]
    ) -> list[tuple[Claim, Told]]:
        """Of these, what nobody took over meanwhile; their runs are locked."""
        ours: dict[uuid.UUID, int] = {}
        for some in chunks(sorted(claim.asset.id for claim, _ in pairs)):
            held = (runs.c.stage == self._stage) & (runs.c.leased_by == self.worker)
            query = select(runs.c.asset_id, runs.c.claims).where(held, runs.c.asset_id.in_(some))
            query = query.order_by(runs.c.asset_id).with_for_update()
            ours.update({row.asset_id: row.claims for row in connection.execute(query)})
        return [pair for pair in pairs if ours.get(pair[0].asset.id) == pair[0].number]

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

    def _park_worn_out(self, connection: Connection, seen: Sequence[Row[Any]]) -> None:
        """What killed its worker in its last try is in nobody's hands: set it aside."""
        now = database_now(connection) if seen else None
        for row in seen:
            reason = f"its worker died in its last try (it was taken {row.claims} times)"
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

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with away(), self._engine.begin() as connection:
            yield connection


def _without_suspects(rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Leave aside what a dead worker held; the first in the queue is taken alone.

    It may have killed that worker, and would take its neighbours along again.
    """
    if rows and rows[0].leased_by:
        return rows[:1]
    return [row for row in rows if row.leased_by is None]


def _is_worn_out(row: Row[Any]) -> bool:
    return row.claims is not None and row.tries_left == 0 and row.finished_at is None
