"""What a service is told of an asset, and what it tells about it; plain values that travel."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Table, bindparam, delete, insert, update

from photo_factory.shared.ledger.database import insert_ignore
from photo_factory.shared.ledger.models import Base, MediaAsset

TableRow = Mapping[str, Any]
Item = TypeVar("Item")

assets = cast(Table, MediaAsset.__table__)


@dataclass(frozen=True, slots=True)
class Asset:
    """What a service may know of an asset; a plain value that travels to other processes."""

    id: uuid.UUID
    path: Path
    """Where the original stands on this machine; never to be written to."""
    final_path: str
    """The same as the ledger keeps it, for messages."""
    file_hash: str
    original_name: str
    size_bytes: int
    media_type: str
    mime_type: str | None
    width: int | None
    height: int | None
    duration_s: float | None
    captured_at: datetime
    location: Mapping[str, float] | None


@dataclass(frozen=True)
class Facts:
    """What a service found out about one asset, written in one transaction with its flag.

    `columns` are of `media_assets`. `replaces` are rows of the service's own tables that stand
    in the place of those it wrote for this asset before (their `asset_id` is filled in).
    `adds` are rows that several assets may share; those that exist already are left alone.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    replaces: Mapping[str, Sequence[TableRow]] = field(default_factory=dict)
    adds: Mapping[str, Sequence[TableRow]] = field(default_factory=dict)


OF_ASSET = [name for name in Asset.__dataclass_fields__ if name != "path"]
"""Every field but the path is a column of the same name."""


def write_facts(
    connection: Connection, found: Sequence[tuple[uuid.UUID, Facts]], raised: Mapping[str, Any]
) -> None:
    """Write what was found about assets, and the `raised` columns of each in the same UPDATE."""
    _write_shared_rows(connection, [facts for _, facts in found])
    _write_own_rows(connection, found)
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for asset_id, facts in found:
        row = {**facts.columns, **raised, "of_asset": asset_id}
        alike[tuple(sorted(facts.columns))].append(row)
    for rows in alike.values():
        update_assets(connection, rows)


def update_assets(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set columns of assets; the rows name the same columns, and the asset as `of_asset`."""
    names: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "of_asset"}
    statement = update(assets).where(assets.c.id == bindparam("of_asset")).values(names)
    # Always in the same order: two transactions that lock rows crosswise would dead-lock.
    connection.execute(statement, sorted(map(dict, rows), key=lambda row: row["of_asset"]))


def chunks(items: Sequence[Item], size: int = 1000) -> Iterator[Sequence[Item]]:
    """`items` in parts that a statement can name: SQLite takes 32,766 parameters at most."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _write_shared_rows(connection: Connection, found: Iterable[Facts]) -> None:
    # First of all, as assets may refer to them.
    shared: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for facts in found:
        for name, rows in facts.adds.items():
            shared[name] += map(dict, rows)
    for name, rows in shared.items():
        table = Base.metadata.tables[name]
        keys = [key.name for key in table.primary_key]
        unique = {tuple(row[key] for key in keys): row for row in rows}
        connection.execute(insert_ignore(table), [unique[key] for key in sorted(unique)])


def _write_own_rows(connection: Connection, found: Sequence[tuple[uuid.UUID, Facts]]) -> None:
    for name in sorted({name for _, facts in found for name in facts.replaces}):
        table = Base.metadata.tables[name]
        of = {asset_id: facts.replaces[name] for asset_id, facts in found if name in facts.replaces}
        for some in chunks(sorted(of)):
            connection.execute(delete(table).where(table.c.asset_id.in_(some)))
        rows = [{**row, "asset_id": asset_id} for asset_id in sorted(of) for row in of[asset_id]]
        if rows:
            connection.execute(insert(table), rows)
