"""Breakers: what must not go on stands still until a person says so, whatever else is asked.

`archive` stops everything; `inbox/FOLDER` keeps the Librarian's hands off one folder.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, Engine, Table, delete, select

from photo_factory.shared import clock
from photo_factory.shared.ledger.database import away, insert_ignore, reading
from photo_factory.shared.ledger.models import Breaker

ARCHIVE = "archive"
"""The breaker that concerns everybody."""

_breakers = cast(Table, Breaker.__table__)


def inbox_breaker(folder: str) -> str:
    """The breaker of one folder of the inbox; an empty name is the inbox itself."""
    return f"inbox/{folder}"


def tripped(engine: Engine) -> dict[str, str]:
    """What stands still, with the reason of each; LedgerAway."""
    with away(), reading(engine) as connection:
        rows = connection.execute(select(_breakers.c.name, _breakers.c.reason))
        return {row.name: row.reason for row in rows}


def trip(connection: Connection, name: str, reason: str) -> bool:
    """Let it stand still; False when it did already (the first reason stays)."""
    row = {"name": name, "reason": reason, "tripped_at": clock.now()}
    return bool(connection.execute(insert_ignore(_breakers, ["name"]), row).rowcount)


def reset(connection: Connection, name: str) -> bool:
    """Let it go on; False when it did already."""
    return bool(connection.execute(delete(_breakers).where(_breakers.c.name == name)).rowcount)
