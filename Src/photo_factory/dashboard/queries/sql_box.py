"""The SQL box: one SELECT of a person's own, that reads the ledger and can do nothing else.

On SQLite it runs on a read-only connection whose authorizer knows reading alone, on PostgreSQL in
a session of the role `factory_reader`, which was never anybody else. Nothing here looks for
forbidden words: what is refused, the databases refuse.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from photo_factory.dashboard.queries import box_on_postgresql, box_on_sqlite
from photo_factory.dashboard.queries.box_limits import LIMITS, Limits, Refused
from photo_factory.dashboard.queries.frames import framed, plain
from photo_factory.shared.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LIMITS", "Answer", "Limits", "Refused", "ask", "why_closed"]

_MOST_TEXT = 20_000


@dataclass(frozen=True)
class Answer:
    """What came back; `cut` says why there are not more rows."""

    table: pd.DataFrame
    cut: str | None
    seconds: float


def why_closed(engine: Engine, settings: Settings) -> str | None:
    """Why nothing can be asked here, and what to do about it; None where it can."""
    if engine.dialect.name == "postgresql" and settings.reader_password is None:
        return (
            "On PostgreSQL the box works as the role factory_reader, which can only read: set "
            "READER_PASSWORD (any long text), then run `photo-factory migrate` and restart"
        )
    return None


def ask(engine: Engine, settings: Settings, sql: str, limits: Limits = LIMITS) -> Answer:
    """Run one SELECT; Refused with the reason, LedgerAway.

    Its memory is bounded: a row has at most `limits.row_bytes`, all of them `limits.all_bytes`.
    """
    if closed := why_closed(engine, settings):
        raise Refused(closed)
    began = time.monotonic()
    statement = single(sql)
    if engine.dialect.name == "sqlite":
        found = box_on_sqlite.rows(str(engine.url.database), statement, limits)
    else:
        found = box_on_postgresql.rows(engine, settings, statement, limits)
    names = next(found)
    rows, cut = _taken(found, limits)
    return Answer(framed(names, rows), cut, time.monotonic() - began)


def single(sql: str) -> str:
    """The statement without its semicolon; Refused where there is more than one."""
    bare = sql.strip().removesuffix(";").strip()
    if not bare:
        raise Refused("there is no question yet: write a SELECT")
    if ";" in bare:
        raise Refused("one statement, and no ; inside it (in a text it can be written as a code)")
    if "\0" in bare or len(bare) > _MOST_TEXT:
        raise Refused(f"a question has at most {_MOST_TEXT:,} characters, and no NUL")
    try:
        bare.encode()
    except UnicodeEncodeError as error:
        broken = f"character {error.start + 1} of it is half of one (U+{ord(bare[error.start]):X})"
        raise Refused(f"{broken}: write it again, or leave it out") from None
    return bare


def _taken(
    found: Iterator[Sequence[Any]], limits: Limits
) -> tuple[list[Sequence[Any]], str | None]:
    rows: list[Sequence[Any]] = []
    size = 0
    for told in found:
        row = [plain(cell) for cell in told]  # as it is kept: a list has no size, its text has
        size += sum(_size(cell) for cell in row)
        if len(rows) == limits.rows:
            return rows, f"these are the first {limits.rows:,} rows"
        if size > limits.all_bytes:
            return rows, f"these are the first {len(rows):,} rows: more would be too large"
        rows.append(row)
    return rows, None


def _size(cell: Any) -> int:
    """The bytes of a plain cell."""
    if not isinstance(cell, str):
        return 8
    return len(cell) if cell.isascii() else len(cell.encode())
