"""What the ledger knows of copies: the table backup_copies, in short transactions of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Engine, Row, Select, Table, and_, exists, func, select, update

from photo_factory.addons.backup.targets import Proof
from photo_factory.shared import clock
from photo_factory.shared.facts import OF_ASSET, Asset, assets
from photo_factory.shared.ledger.addon_models import BackupCopy
from photo_factory.shared.ledger.database import away, connect, reading, upsert
from photo_factory.shared.paths import LEDGER_PREFIX, Paths, database_url
from photo_factory.shared.settings import Settings

copies = cast(Table, BackupCopy.__table__)

_AT_ONCE = 5000


def ledger(settings: Settings) -> Engine:
    """This process's own way to the ledger, beside that of the loop."""
    return _opened(database_url(settings))


@cache
def _opened(url: str) -> Engine:
    engine = connect(url, application="backup")
    _open.append(engine)
    return engine


def close_ledgers() -> None:
    """Let go of every connection of this process."""
    _opened.cache_clear()
    while _open:
        _open.pop().dispose()


_open: list[Engine] = []


def path_of(asset: Asset) -> str:
    """Where an asset's copy stands on every target; `proven` asks the ledger for the same."""
    return asset.final_path.removeprefix(LEDGER_PREFIX)


def of(engine: Engine, asset_id: uuid.UUID, target: str) -> Row[Any] | None:
    """The row of an asset's copy at a target."""
    query = select(copies).where(copies.c.asset_id == asset_id, copies.c.target == target)
    with away(), reading(engine) as connection:
        return connection.execute(query).one_or_none()


def note(engine: Engine, asset: Asset, target: str, proof: Proof) -> None:
    """Enter a proven copy."""
    now = clock.now()
    _put(engine, asset, target, path=path_of(asset), copied_at=now, verified_at=now,
         verified_how=proof.how, problem=None)  # fmt: skip


def note_problem(engine: Engine, asset: Asset, target: str, problem: str) -> None:
    """Enter what stands in the way of a copy, which from now on proves nothing.

    Nothing of an asset that has moved meanwhile: under its former path it may well be missing.
    A copy that stands under a former path is not forgotten: it goes when there is a new one.
    """
    still = select(exists().where(assets.c.id == asset.id, assets.c.final_path == asset.final_path))
    with away(), reading(engine) as connection:
        if not connection.scalar(still):
            return
    _put(engine, asset, target, copied_at=clock.now(), verified_at=None, verified_how=None,
         problem=problem)  # fmt: skip


def _put(engine: Engine, asset: Asset, target: str, **columns: Any) -> None:
    row = {"asset_id": asset.id, "target": target, "path": path_of(asset), **columns}
    statement = upsert(copies, ["asset_id", "target"], list(columns))
    with away(), engine.begin() as connection:
        connection.execute(statement, row)


def proven(target: str) -> ColumnElement[bool]:
    """Whether an asset has a proven copy at a target under the path it should have."""
    of_asset = (copies.c.asset_id == assets.c.id) & (copies.c.target == target)
    in_place = copies.c.path == func.substr(assets.c.final_path, len(LEDGER_PREFIX) + 1)
    is_well = copies.c.verified_at.is_not(None) & copies.c.problem.is_(None)
    return exists().where(of_asset, in_place, is_well)


def lower_flags(engine: Engine, target: str) -> int:
    """Lower the flag of assets without a proven copy at a target; how many."""
    lowered, after = 0, uuid.UUID(int=0)
    while True:
        query = select(assets.c.id).where(assets.c.id > after).order_by(assets.c.id)
        with away(), reading(engine) as connection:
            last = connection.scalar(query.offset(_AT_ONCE - 1).limit(1))
        # By stretches of ids: no transaction is long, and no row is looked at twice.
        within = and_(assets.c.id > after, assets.c.id <= last) if last else assets.c.id > after
        lost = update(assets).where(within, assets.c.is_backed_up, ~proven(target))
        with away(), engine.begin() as connection:
            lowered += connection.execute(lost.values(is_backed_up=False)).rowcount
        if last is None:
            return lowered
        after = last


def asset_rows(where: Any = None) -> Select[Any]:
    """A query for what Asset needs."""
    query = select(*(assets.c[name] for name in OF_ASSET))
    return query if where is None else query.where(where)


def as_assets(rows: Any, settings: Settings) -> Iterator[Asset]:
    """Assets from the rows of `asset_rows`."""
    paths = Paths.of(settings)
    for row in rows:
        known = {name: getattr(row, name) for name in OF_ASSET}
        yield Asset(path=paths.on_disk(row.final_path), **known)


def without_copy(engine: Engine, settings: Settings, target: str, limit: int) -> list[Asset]:
    """Assets a target has no row of, the newest first."""
    of_asset = (copies.c.asset_id == assets.c.id) & (copies.c.target == target)
    query = asset_rows(~exists().where(of_asset) & ~assets.c.is_backed_up)
    with away(), reading(engine) as connection:
        rows = connection.execute(query.order_by(assets.c.ingested_at.desc()).limit(limit)).all()
    return list(as_assets(rows, settings))
