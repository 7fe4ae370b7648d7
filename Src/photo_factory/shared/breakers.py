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

AWAY = "the archive is away: "
"""How the reason begins where the archive's marker is not the one that is known."""

VANISHED_AT_ONCE = "too much vanished at once: "
"""How the reason begins where more originals vanished than vanish one by one."""

WRONG = "originals/wrong"
"""The row in `roots` by which a person says that what is wrong may be marked, and since when."""

WRONG_AT_ONCE = "too much is wrong: "
"""How the reason begins where more originals changed, or cannot be read, than do one by one."""

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
    """A person lets it go on; False when it did already, and then nothing is changed.

    For the archive this says as well that what it was tripped for is right: where that was its
    marker, the one that is there is learned anew; where much vanished or is wrong, that is entered
    as findings instead of stopping everything once more, unless a disk drops out again. Whatever
    else protects it stays.
    """
    reason = reason_of(connection, name)
    if reason is None:
        return False
    if name == ARCHIVE:
        _say_right(connection, reason)
    return untrip(connection, name)


def reason_of(connection: Connection, name: str) -> str | None:
    """Why it stands still; None where it does not."""
    return connection.scalar(select(_breakers.c.reason).where(_breakers.c.name == name))


def learn_anew(connection: Connection) -> None:
    """The archive's marker that is there now is the right one."""
    _note(connection, ROOT, "")


def _say_right(connection: Connection, reason: str) -> None:
    if reason.startswith(AWAY):
        learn_anew(connection)
    elif reason.startswith(VANISHED_AT_ONCE):
        _note(connection, VANISHED, "right")
    if reason.startswith((VANISHED_AT_ONCE, WRONG_AT_ONCE)):
        _note(connection, WRONG, "right")


def _note(connection: Connection, name: str, marker: str) -> None:
    row = {"name": name, "marker": marker, "device": "", "seen_at": clock.now()}
    connection.execute(upsert(_roots, ["name"], ["marker", "device", "seen_at"]), row)


def untrip(connection: Connection, name: str) -> bool:
    """Let it go on because its cause is gone; False when it did already."""
    return bool(connection.execute(delete(_breakers).where(_breakers.c.name == name)).rowcount)
