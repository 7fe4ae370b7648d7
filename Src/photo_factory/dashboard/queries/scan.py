"""Finds the assets beside a key that match, in the way that looks at the fewest.

A planner cannot know how many rows a filter leaves, nor that all of them may lie far back. So each
filter that an index answers is counted first, up to its limit. The smallest one gives the
candidates; where all are wide, matches lie close together and are met in the order of time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from photo_factory.dashboard.queries.conditions import (
    BY_TIME,
    Indexed,
    assets,
    indexed,
    of_time,
    others,
)
from photo_factory.dashboard.queries.filters import Filters, Key
from photo_factory.shared.facts import chunks

Towards = Literal["older", "newer"]

_at, _id = assets.c.captured_at, assets.c.id
_CHUNK = 250
_LARGEST_CHUNK = 8_000


def beyond(
    connection: Connection,
    filters: Filters,
    at: Key | None,
    towards: Towards,
    columns: Sequence[Any],
    size: int,
) -> list[Any]:
    """The `size` matching assets next to `at`, or from the end, in the order of the direction."""
    few = indexed(filters)
    driver = _smallest(connection, filters, few)
    rest = [*of_time(filters), *others(filters)]
    rest += [one.condition for name, one in few.items() if name != driver]
    if driver is None:
        query = _through_time(few, [*columns]).where(*rest, *_past(at, towards))
        return list(connection.execute(query.order_by(*_order(towards)).limit(size)))
    found: list[Any] = []
    for ids in _candidates(connection, filters, few[driver], at, towards):
        query = select(*columns).where(_id.in_(ids), *rest, *_past(at, towards))
        query = query.order_by(*_order(towards))
        found += connection.execute(query.limit(size - len(found)))
        if len(found) >= size:
            break
    return found


def count(connection: Connection, filters: Filters, most: int) -> int:
    """How many match, up to `most`."""
    few = indexed(filters)
    driver = _smallest(connection, filters, few)
    rest = [*of_time(filters), *others(filters)]
    rest += [one.condition for name, one in few.items() if name != driver]
    if driver is None:
        query = _through_time(few, [_id]).where(*rest).limit(most)
        return connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    total = 0
    for ids in _candidates(connection, filters, few[driver], None, "older"):
        query = select(func.count()).where(_id.in_(ids), *rest)
        total += connection.scalar(query) or 0
        if total >= most:
            break
    return min(total, most)


def _through_time(few: dict[str, Indexed], columns: list[Any]) -> Select[Any]:
    """All assets, or those of one shelf, by an index that has them in order."""
    # SQLite keeps no account of how often a value occurs, and would often take another.
    index = next((one.in_order for one in few.values() if one.in_order), BY_TIME)
    return select(*columns).with_hint(assets, f"INDEXED BY {index}", "sqlite")


def _smallest(connection: Connection, filters: Filters, few: dict[str, Indexed]) -> str | None:
    if len(few) == 1 and all(one.in_order for one in few.values()):
        return None
    counted = {}
    for name, one in few.items():
        found = select(_id).where(one.condition, *_times(filters, one)).limit(one.limit + 1)
        number = connection.scalar(select(func.count()).select_from(found.subquery())) or 0
        if number <= one.limit:
            counted[name] = number
        if not number:
            break  # nothing can match
    return min(counted, key=counted.__getitem__, default=None)


def _times(filters: Filters, one: Indexed) -> Iterator[ColumnElement[bool]]:
    return of_time(filters) if one.has_time else iter(())


def _candidates(
    connection: Connection, filters: Filters, driver: Indexed, at: Key | None, towards: Towards
) -> Iterator[Sequence[uuid.UUID]]:
    """The ids that the driver leaves beyond `at`, in order, in parts that grow."""
    query = select(_at, _id).where(driver.condition, *_times(filters, driver))
    if not driver.has_time:
        # Sorted here: asked for an order, SQLite would go through all assets by their time.
        keys = sorted(connection.execute(query).all(), reverse=towards == "older")
        yield from ([row.id for row in part] for part in chunks(keys, _LARGEST_CHUNK))
        return
    query = query.order_by(*_order(towards))
    size = _CHUNK
    while rows := connection.execute(query.where(*_past(at, towards)).limit(size)).all():
        yield [row.id for row in rows]
        if len(rows) < size:
            return
        at = rows[-1].captured_at, rows[-1].id
        size = min(size * 4, _LARGEST_CHUNK)


def _past(at: Key | None, towards: Towards) -> Iterator[ColumnElement[bool]]:
    """Beyond the key; written so that both databases begin to read at it."""
    if at is None:
        return
    moment, last = at
    if towards == "older":
        yield and_(_at <= moment, or_(_at < moment, _id < last))
    else:
        yield and_(_at >= moment, or_(_at > moment, _id > last))


def _order(towards: Towards) -> tuple[Any, Any]:
    if towards == "older":
        return _at.desc(), _id.desc()
    return _at.asc(), _id.asc()
