"""So many wrong at once: then it is not the photos that are at fault, and none is marked.

A disk that drops out answers every read with an error; a program gone wild changes everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection, Table, func, select

from photo_factory.monitor.integrity_looks import Wrong
from photo_factory.monitor.integrity_sweep import MOST, MOST_SHARE
from photo_factory.shared import breakers, clock
from photo_factory.shared.ledger.models import Finding, MediaAsset, Root

IN_A_ROW = 10
"""So many unreadable ones, none between them that could be read: the disk is at fault."""

SAID_FOR = timedelta(days=1)
"""How long all is marked when a person reset the breaker, as breakers.reset says.

Many in a row that cannot be read stop everything all the same, but for those it stopped for."""

_assets = cast(Table, MediaAsset.__table__)
_findings = cast(Table, Finding.__table__)
_roots = cast(Table, Root.__table__)


def too_many(connection: Connection, news: Sequence[Wrong], in_a_row: int, days: int) -> str | None:
    """Why everything is to stop rather than have `news` marked; None where they may be.

    `days`: what a round takes; what was found wrong in that time, and is still, counts as well.
    """
    if not news:
        return None
    if in_a_row >= IN_A_ROW:  # also when a person said so: the cable may come off once more
        what = f"{in_a_row} originals in a row cannot be read"
        return _reason(what, news, "these marked if they still cannot be read")
    now, said_until = clock.now(), _said_until(connection)
    if said_until and now < said_until:
        return None
    began = now - timedelta(days=max(days, 1))
    since = max(began, said_until or began)
    # Those that are missing were weighed by the sweep that marked them.
    open_ones = _findings.c.repaired_at.is_(None) & (_findings.c.kind != "missing")
    open_ones &= _findings.c.found_at > since
    found = connection.scalar(select(func.count()).select_from(_findings).where(open_ones)) or 0
    count = found + len(news)
    if count < MOST:
        return None
    assets = connection.scalar(select(func.count()).select_from(_assets)) or 0
    if count <= MOST_SHARE * assets:
        return None
    what = f"{count} of {assets} originals were found wrong in this round"
    return _reason(what, news, "all that is wrong marked for a day")


def _said_until(connection: Connection) -> datetime | None:
    query = select(_roots.c.seen_at).where(_roots.c.name == breakers.WRONG)
    said_at: datetime | None = connection.scalar(query)
    return said_at and said_at + SAID_FOR


def _reason(what: str, news: Sequence[Wrong], then: str) -> str:
    return (
        f"{breakers.WRONG_AT_ONCE}{what}, the last: {news[-1].message}; it is not marked. Does the "
        "disk answer, is its cable fast, did a program change the photos? Mend that. Then, or to "
        f"have {then}: photo-factory breakers reset archive"
    )
