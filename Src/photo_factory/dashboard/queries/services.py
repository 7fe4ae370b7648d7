"""How long services were up, from the history of their beats, added up by the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import BigInteger, Engine, Table, case, extract, func, select
from sqlalchemy import cast as as_type

from photo_factory.shared.heartbeat_service import STOPPED
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import SystemStatusHistory

_beats = cast(Table, SystemStatusHistory.__table__)

HOUR = timedelta(hours=1)

Worst = Literal["OK", "WARNING", "ERROR"]
_WORST: tuple[Worst, ...] = ("OK", "WARNING", "ERROR")


@dataclass(frozen=True)
class Slot:
    """One service in one slice of time."""

    service: str
    start: datetime
    first: datetime
    """The first beat in it."""
    covered_s: float
    """Seconds for which a beat answers: until the next one, or as long as it may be late."""
    worst: Worst


def slots(engine: Engine, at: datetime, window: timedelta, slice_: timedelta) -> list[Slot]:
    """What the beats of the last `window` before `at` say; LedgerAway.

    A beat counts for the slice it falls into, though it may reach into the next one.
    """
    size = int(slice_.total_seconds())
    query = _by_slice(at, window, size)
    with away(), reading(engine) as connection:
        return [
            Slot(
                row.service_name,
                datetime.fromtimestamp(row.slot * size, UTC),
                datetime.fromtimestamp(row.first, UTC),
                min(float(row.covered), size),
                _WORST[row.worst],
            )
            for row in connection.execute(query)
        ]


def _by_slice(at: datetime, window: timedelta, size: int) -> Any:
    # The same on both databases: seconds since 1970 as a number, which one of them has to parse
    # out of a text, and so does it once.
    epoch = as_type(extract("epoch", _beats.c.beat_at), BigInteger)
    told = (
        select(
            _beats.c.service_name,
            epoch.label("at"),
            (2 * _beats.c.expected_every + 5).label("patience"),
            case((_beats.c.status == "ERROR", 2), (_beats.c.status == "WARNING", 1), else_=0).label(
                "badness"
            ),
            (_beats.c.current_task == STOPPED).label("is_last"),
        )
        .where(_beats.c.beat_at > at - window, _beats.c.beat_at <= at)
        .subquery()
    )
    following = func.lead(told.c.at).over(partition_by=told.c.service_name, order_by=told.c.at)
    until = func.coalesce(following, int(at.timestamp())) - told.c.at
    spans = select(told, until.label("until")).subquery()
    covered = case(
        (spans.c.is_last, 0), (spans.c.until < spans.c.patience, spans.c.until),
        else_=spans.c.patience,
    )  # fmt: skip
    slot = as_type(func.floor(spans.c.at / float(size)), BigInteger).label("slot")
    return (
        select(
            spans.c.service_name,
            slot,
            func.min(spans.c.at).label("first"),
            func.sum(covered).label("covered"),
            func.max(spans.c.badness).label("worst"),
        )
        .group_by(spans.c.service_name, slot)
        .order_by(spans.c.service_name, slot)
    )


def uptimes(
    found: Iterable[Slot], at: datetime, windows: Sequence[timedelta]
) -> dict[str, list[float]]:
    """For each service the share of each window that it was up, 0 to 1.

    A service that is younger than a window is measured from its first beat.
    """
    by_service: dict[str, list[Slot]] = {}
    for slot in found:
        by_service.setdefault(slot.service, []).append(slot)
    return {
        name: [_share(its, at, at - window) for window in windows]
        for name, its in by_service.items()
    }


def first_beats(found: Iterable[Slot]) -> dict[str, datetime]:
    """The first beat of each service that the slices know of."""
    firsts: dict[str, datetime] = {}
    for slot in found:
        firsts[slot.service] = min(slot.first, firsts.get(slot.service, slot.first))
    return firsts


def _share(its: Sequence[Slot], at: datetime, begin: datetime) -> float:
    first = min(slot.first for slot in its)
    span = (at - max(begin, first)).total_seconds()
    covered = sum(slot.covered_s for slot in its if slot.start >= begin)
    return min(1.0, covered / span) if span > 0 else 1.0
