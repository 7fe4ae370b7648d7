"""The Librarian's verbs against the ledger, each one short transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, Table, case, delete, or_, select, update
from sqlalchemy.dialects import postgresql

from photo_factory.librarian.arrivals import STUCK, place_of
from photo_factory.shared import breakers, clock
from photo_factory.shared.afresh import begin_afresh
from photo_factory.shared.errors import LedgerAway, NameTaken
from photo_factory.shared.journal import Entry
from photo_factory.shared.ledger.database import (
    Lease,
    away,
    insert_ignore,
    librarians_lease,
    migrate,
    notify,
    reading,
    repeated,
)
from photo_factory.shared.ledger.models import Arrival, Correction, MediaAsset, SystemStatus
from photo_factory.shared.rows import COLUMNS, Row

LEFT = "it left the inbox before it was filed"

RETRY_AFTER = 5.0
"""Seconds before a database that was away is asked again; each asking may itself take seconds."""

_assets = cast(Table, MediaAsset.__table__)
_arrivals = cast(Table, Arrival.__table__)
_status = cast(Table, SystemStatus.__table__)
_corrections = cast(Table, Correction.__table__)

_OWN_COLUMNS = [_assets.c[name] for name in COLUMNS]


@dataclass(frozen=True, slots=True)
class Kept:
    """The asset that holds some bytes already."""

    asset_id: UUID
    file_hash: str
    final_path: str


@dataclass(slots=True)
class Mate:
    """An asset that may belong together with an arriving one."""

    asset_id: UUID
    group_id: UUID | None
    group_key: str | None
    content_identifier: str | None
    media_type: str
    captured_at: datetime
    captured_at_confidence: float
    final_path: str


class Records:
    """The ledger as the Librarian uses it; every verb raises LedgerAway when it is away."""

    def __init__(self, engine: Engine, max_tries: int) -> None:
        self.max_tries = max_tries
        """How often services try an asset that is not what it was any more."""
        self._engine = engine
        self._migrated = False
        self._away_until = 0.0

    def known(self, hashes: Collection[str]) -> dict[str, Kept]:
        """The assets that hold these bytes."""
        columns = (_assets.c.id, _assets.c.file_hash, _assets.c.final_path)
        with self.reading() as connection:
            found = connection.execute(select(*columns).where(_assets.c.file_hash.in_(hashes)))
            return {row.file_hash: Kept(*row) for row in found}

    def mates(self, keys: Collection[str], identifiers: Collection[str]) -> list[Mate]:
        """Assets with one of these group keys or content identifiers, the latest first."""
        columns = [_assets.c["id" if name == "asset_id" else name] for name in Mate.__slots__]
        where: ColumnElement[bool] = _assets.c.group_key.in_(keys)
        if identifiers:
            where = or_(where, _assets.c.content_identifier.in_(identifiers))
        query = select(*columns).where(where).order_by(_assets.c.ingested_at.desc())
        with self.reading() as connection:
            return [Mate(*row) for row in connection.execute(query)]

    def holder(self, final_path: str) -> UUID | None:
        """The asset that stands under this path, whether its file is there or not."""
        return self.holders([final_path]).get(final_path)

    def holders(self, final_paths: Collection[str]) -> dict[str, UUID]:
        """The assets that stand under these paths, whether their files are there or not."""
        columns = (_assets.c.final_path, _assets.c.id)
        with self.reading() as connection:
            found = connection.execute(select(*columns).where(columns[0].in_(final_paths)))
            return {row.final_path: row.id for row in found}

    def record(
        self,
        entries: Sequence[Entry],
        arrivals: Sequence[Row] = (),
        joins: Mapping[UUID, UUID] | None = None,
    ) -> dict[str, Kept]:
        """Write filed assets, end states of arrivals and new members of groups, or none of it.

        Returns, by hash, the assets that held the bytes of an entry under another identity;
        such entries and their arrivals are not written. NameTaken when another asset has the
        final path of one: recovery gives it a free name.
        """
        with self.writing() as connection:
            twins = _insert_assets(connection, [entry.row for entry in entries])
            if entries:
                notify(connection)
            filed = [
                entry.arrival
                for entry in entries
                if entry.arrival and entry.row["file_hash"] not in twins
            ]
            _upsert_arrivals(connection, [*filed, *arrivals])
            for asset_id, group_id in (joins or {}).items():
                where = _assets.c.id == asset_id
                connection.execute(update(_assets).where(where).values(group_id=group_id))
            return twins

    def removed(self, fingerprints: Sequence[int]) -> None:
        """Note that these inbox entries are gone."""
        if fingerprints:
            with self.writing() as connection:
                connection.execute(
                    update(_arrivals)
                    .where(_arrivals.c.fingerprint.in_(fingerprints))
                    .values(removed_at=clock.now())
                )

    def left(self, before: datetime) -> None:
        """End what was held in the inbox and was not met there again since a time."""
        settled = _arrivals.c.settled_at
        is_gone = _arrivals.c.state.in_(STUCK) & ((settled < before) | settled.is_(None))
        in_inbox = ~_arrivals.c.path.startswith("/")  # imported files have their whole path
        change = update(_arrivals).where(is_gone & in_inbox)
        with self.writing() as connection:
            connection.execute(change.values(state="ignored", reason=LEFT, settled_at=clock.now()))

    def asked_again(self) -> bool:
        """Whether a person wants what is held in the inbox to be tried now; LedgerAway."""
        asked = _arrivals.c.state.in_(STUCK) & _arrivals.c.settled_at.is_(None)
        in_inbox = ~_arrivals.c.path.startswith("/")
        with self.reading() as connection:
            return (
                connection.scalar(select(_arrivals.c.id).where(asked, in_inbox).limit(1))
                is not None
            )

    def moved(self, row: Row) -> None:
        """Note an asset's new place, day and group; its backup begins anew."""
        names = (
            "final_path", "captured_at", "captured_utc_offset", "captured_at_source",
            "captured_at_confidence", "location", "evidence", "group_id",
        )  # fmt: skip
        # A backup stands under the old name: it is to be looked at again.
        columns = {name: row[name] for name in names} | {"is_backed_up": False}

        def change(connection: Connection) -> None:
            this = update(_assets).where(_assets.c.id == row["id"])
            connection.execute(this.values(columns))
            begin_afresh(connection, ["backup"], [row["id"]], self.max_tries)
            notify(connection)

        self.write(change)

    def is_corrected(self) -> bool:
        """Whether a correction waits to be applied."""
        waits = select(_corrections.c.id).where(_corrections.c.applied_at.is_(None)).limit(1)
        with self.reading() as connection:
            return connection.scalar(waits) is not None

    def asset(self, asset_id: UUID) -> Row | None:
        """One row, with all the Librarian wrote."""
        return next(iter(self.assets([asset_id])), None)

    def assets(self, asset_ids: Collection[UUID]) -> list[Row]:
        """Rows of those that are there, with all the Librarian wrote."""
        with self.reading() as connection:
            found = connection.execute(select(*_OWN_COLUMNS).where(_assets.c.id.in_(asset_ids)))
            return [dict(row._mapping) for row in found]

    def remembered(self) -> Iterator[int]:
        """Fingerprints of files that were filed and may still stand in the inbox."""
        query = select(_arrivals.c.fingerprint).where(
            _arrivals.c.removed_at.is_(None), _arrivals.c.state.in_(("filed", "duplicate"))
        )
        with self.reading() as connection:
            yield from connection.execution_options(yield_per=10_000).scalars(query)

    def tripped(self) -> dict[str, str]:
        """The breakers that stand open, with the reason of each."""
        with self._noticing_away():
            return breakers.tripped(self.ready())

    def measured(self, probe: str) -> Mapping[str, Any]:
        """What a probe measured last; empty before its first look."""
        query = select(_status.c.details).where(_status.c.service_name == probe)
        with self.reading() as connection:
            return connection.scalar(query) or {}

    def lease(self, holder: str) -> Lease:
        """The Librarian's lease of this ledger, not taken yet."""
        return librarians_lease(self._engine, holder)

    def ask(self, lease: Lease) -> str | None:
        """Who else has the lease; None when it is ours now."""
        self.ready()
        with self._noticing_away(), away():
            return lease.other()

    def may_be_back(self) -> bool:
        """False for a while after the database was found away."""
        return time.monotonic() >= self._away_until

    def ready(self) -> Engine:
        """The migrated engine; LedgerAway at once when it was away a moment ago."""
        if not self.may_be_back():
            raise LedgerAway("the ledger was away a moment ago")
        with self._noticing_away():
            if not self._migrated:
                migrate(self._engine)
                self._migrated = True
        return self._engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for questions."""
        with self._noticing_away(), away(), reading(self.ready()) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction."""
        with self._noticing_away(), away(), self.ready().begin() as connection:
            yield connection

    def write(self, change: Callable[[Connection], None]) -> None:
        """A transaction that is done again when another one collided with it."""
        with self._noticing_away():
            _in_transaction(self.ready(), change)

    @contextmanager
    def _noticing_away(self) -> Iterator[None]:
        try:
            yield
        except LedgerAway:
            if self.may_be_back():  # this was asked, not only remembered
                self._away_until = time.monotonic() + RETRY_AFTER
            raise


@repeated
def _in_transaction(engine: Engine, change: Callable[[Connection], None]) -> None:
    with away(), engine.begin() as connection:
        change(connection)


def _insert_assets(connection: Connection, rows: Sequence[Row]) -> dict[str, Kept]:
    if not rows:
        return {}
    connection.execute(insert_ignore(_assets), list(rows))
    own = {row["file_hash"]: row["id"] for row in rows}
    columns = (_assets.c.id, _assets.c.file_hash, _assets.c.final_path)
    found = connection.execute(select(*columns).where(_assets.c.file_hash.in_(own)))
    kept = [Kept(*row) for row in found]
    refused = own.keys() - {one.file_hash for one in kept}
    if refused:
        paths = sorted(row["final_path"] for row in rows if row["file_hash"] in refused)
        raise NameTaken(f"another asset has the name {', '.join(paths)}")
    return {one.file_hash: one for one in kept if own[one.file_hash] != one.asset_id}


def _upsert_arrivals(connection: Connection, arrivals: Sequence[Row]) -> None:
    if not arrivals:
        return
    insert = postgresql.insert(_arrivals)
    new = insert.excluded
    # A file that was filed stays filed, also when its inbox entry came back after a power cut.
    stays = (_arrivals.c.state == "filed") & (new.state == "duplicate")
    changes: dict[str, Any] = {
        name: new[name]
        for name in (
            "size_bytes", "mtime_ns", "inode", "file_hash", "asset_id", "settled_at", "removed_at",
        )
    }  # fmt: skip
    changes["state"] = case((stays, _arrivals.c.state), else_=new.state)
    changes["reason"] = case((stays, _arrivals.c.reason), else_=new.reason)
    connection.execute(
        insert.on_conflict_do_update(index_elements=["fingerprint"], set_=changes), list(arrivals)
    )
    # What was held at these paths has come to its end now.
    ended = [place_of(row["path"]) for row in arrivals if row["state"] not in STUCK]
    if ended:
        connection.execute(delete(_arrivals).where(_arrivals.c.fingerprint.in_(ended)))
