"""Flags and columns that add-ons of other packages bring along, beside those of models.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Engine, Table, false, inspect, true
from sqlalchemy.orm import InstrumentedAttribute, mapped_column
from sqlalchemy.types import TypeEngine

from photo_factory.shared.errors import SettingsError
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.columns import UtcDateTime
from photo_factory.shared.ledger.models import APPLIES, MediaAsset, waiting

_assets: Table = MediaAsset.__table__  # type: ignore[assignment]
_columns: list[str] = []
_queues: dict[str, ColumnElement[bool]] = {}


def own_flag(name: str, applies: ColumnElement[bool] | None = None) -> InstrumentedAttribute[bool]:
    """A flag `is_…` on media_assets, with its time and its queue, for an add-on's own package.

    `applies` names the assets that wait for it: a condition on columns of media_assets, in literal
    SQL without parameters; it is all of them where it is left out. The ledger gets the columns when
    the add-on first runs. SettingsError where the name is taken or does not begin with `is_`.
    """
    if not name.startswith("is_") or name in _assets.columns:
        raise SettingsError(f"{name!r} cannot be an add-on's flag: it is taken, or not is_…")
    APPLIES[name] = true() if applies is None else applies
    flag = own_column(name, Boolean(), nullable=False, server_default=false())
    own_column(f"{name.removeprefix('is_')}_at", UtcDateTime())
    _queues[name] = waiting(name)
    return flag


def own_column(name: str, kind: TypeEngine[Any], **options: Any) -> InstrumentedAttribute[Any]:
    """A column on media_assets for what an add-on finds out; NULL until then."""
    setattr(MediaAsset, name, mapped_column(kind, **{"nullable": True, **options}))
    _columns.append(name)
    made: InstrumentedAttribute[Any] = getattr(MediaAsset, name)
    return made


def extend(engine: Engine) -> None:
    """Give the ledger what the add-ons imported so far bring along; it stays when they go."""
    if not _columns:
        return
    with database.away(), database.reading(engine) as connection:
        if not _missing(connection):
            return
    with database.reshaping(engine) as connection:
        if missing := _missing(connection):  # another replica may have added them meanwhile
            _add(connection, missing)


def _missing(connection: Connection) -> list[str]:
    there = {column["name"] for column in inspect(connection).get_columns("media_assets")}
    return [name for name in _columns if name not in there]


def _add(connection: Connection, missing: list[str]) -> None:
    # Imported here, as it takes a while and is needed once.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    for name in missing:
        operations.add_column("media_assets", _assets.columns[name]._copy())
    for name, where in _queues.items():
        operations.create_index(
            f"ix_media_assets_waiting_{name}", "media_assets", ["ingested_at"],
            sqlite_where=where, postgresql_where=where, if_not_exists=True,
        )  # fmt: skip
