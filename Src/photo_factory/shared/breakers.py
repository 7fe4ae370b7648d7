"""Breakers: what must not go on stands still until a person says so, whatever else is asked.

`archive` stops everything; `inbox/FOLDER` keeps the Librarian's hands off one folder.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, Engine, Table, delete, select

from photo_factory.shared import clock
from photo_factory.shared.ledger.database import away, insert_ignore, reading, upsert
from photo_factory.shared.ledger.models import Breaker, Root

ARCHIVE = "archive"
"""The breaker that concerns everybody."""

ROOT = "originals"
"""The archive's row in `roots`; an empty marker: the one that is there is to be learned."""

VANISHED = "originals/vanished"
"""The row in `roots` by which a person says that what vanished did so rightly."""

_breakers = cast(Table, Breaker.__table__)
_roots = cast(Table, Root.__table__)


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
    """A person lets it go on; False when it did already.

    For the archive this says as well that what is there now is right: its marker is learned anew,
    and what vanished is entered as findings instead of stopping everything once more.
    """
    if name == ARCHIVE:
        said = {"device": "", "seen_at": clock.now()}
        rows = [{"name": ROOT, "marker": "", **said}, {"name": VANISHED, "marker": "right", **said}]
        connection.execute(upsert(_roots, ["name"], ["marker", "device", "seen_at"]), rows)
    return untrip(connection, name)


def untrip(connection: Connection, name: str) -> bool:
    """Let it go on because its cause is gone; False when it did already."""
    return bool(connection.execute(delete(_breakers).where(_breakers.c.name == name)).rowcount)
