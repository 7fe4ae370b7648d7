"""The gallery: a page of tiles after a key, how many there are, and what can be chosen."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, cast

from sqlalchemy import Connection, Engine, Table, and_, func, select

from photo_factory.dashboard.queries import scan
from photo_factory.dashboard.queries.conditions import assets, rank
from photo_factory.dashboard.queries.filters import Camera, Filters, Key, Where
from photo_factory.dashboard.queries.scan import Towards
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import Person, Place

_places = cast(Table, Place.__table__)
_persons = cast(Table, Person.__table__)

COUNTED = 10_000
"""More matches than this are not counted."""

_SHOWN = (
    "id", "captured_at", "file_hash", "original_name", "media_type", "mime_type", "duration_s",
    "is_thumbnailed", "is_backed_up", "has_errors", "group_id", "width", "height",
)  # fmt: skip
_COLUMNS = [assets.c[name] for name in _SHOWN]


@dataclass(frozen=True)
class Tile:
    """One picture of the gallery; `badge` says what belongs to it, such as LIVE or RAW."""

    id: uuid.UUID
    captured_at: datetime
    file_hash: str
    original_name: str
    media_type: str
    mime_type: str | None
    duration_s: float | None
    is_thumbnailed: bool
    is_backed_up: bool
    has_errors: bool
    group_id: uuid.UUID | None
    width: int | None
    height: int | None
    badge: str | None = None

    @property
    def key(self) -> Key:
        """Its place in the order of the gallery."""
        return self.captured_at, self.id


@dataclass(frozen=True)
class Page:
    """Some tiles, the newest first; the keys from which the pages beside it are asked."""

    tiles: tuple[Tile, ...]
    newer: Key | None
    older: Key | None


@dataclass(frozen=True)
class Choice:
    """One value of a filter, and how many files have it."""

    value: Any
    label: str
    files: int


@dataclass(frozen=True)
class Named:
    """Somebody with a name."""

    id: uuid.UUID
    name: str


@dataclass(frozen=True)
class Choices:
    """What can be chosen, the most frequent first."""

    cameras: tuple[Choice, ...]
    devices: tuple[Choice, ...]
    places: tuple[Choice, ...]
    """Countries, then states, then cities; each value is a Where."""
    persons: tuple[Named, ...]


def page(
    engine: Engine, filters: Filters, at: Key | None, towards: Towards = "older", size: int = 60
) -> Page:
    """The tiles beyond `at`, or the newest ones; LedgerAway."""
    with away(), reading(engine) as connection:
        rows = scan.beyond(connection, filters, at, towards, _COLUMNS, size + 1)
        more = len(rows) > size
        rows = rows[:size] if towards == "older" else rows[:size][::-1]
        badges = _badges(connection, [row.group_id for row in rows if row.group_id])
    tiles = tuple(_tile(row, badges.get(row.group_id)) for row in rows)
    if not tiles:
        return Page((), None, None)
    newer_ones = more if towards == "newer" else at is not None
    older_ones = more if towards == "older" else at is not None
    return Page(tiles, tiles[0].key if newer_ones else None, tiles[-1].key if older_ones else None)


def beside(engine: Engine, filters: Filters, key: Key) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """The tiles right before (newer) and after (older) this one."""
    with away(), reading(engine) as connection:
        newer = scan.beyond(connection, filters, key, "newer", _COLUMNS, 1)
        older = scan.beyond(connection, filters, key, "older", _COLUMNS, 1)
    return (newer[0].id if newer else None), (older[0].id if older else None)


def count(engine: Engine, filters: Filters) -> int:
    """How many tiles match, but never more than COUNTED + 1."""
    with away(), reading(engine) as connection:
        return scan.count(connection, filters, COUNTED + 1)


def _tile(row: Any, badge: str | None = None) -> Tile:
    if badge is None and (row.mime_type or "").startswith("image/x-"):
        badge = "RAW"
    return Tile(**row._mapping, badge=badge)


def _badges(connection: Connection, groups: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What each group is: a Live photo, a RAW with its JPEG."""
    columns = (assets.c.group_id, rank(assets).label("rank"))
    if not groups:
        return {}
    found = connection.execute(select(*columns).where(assets.c.group_id.in_(groups)))
    ranks: dict[uuid.UUID, set[int]] = {}
    for row in found:
        ranks.setdefault(row.group_id, set()).add(row.rank)
    told = {}
    for group, has in ranks.items():
        if 1 in has:
            told[group] = "RAW + JPEG" if 0 in has else "RAW"
        elif {0, 2} <= has:
            told[group] = "LIVE"
    return told


def choices(engine: Engine) -> Choices:
    """What the filters can be set to; it reads indexes only, and is worth keeping for minutes."""
    with away(), reading(engine) as connection:
        return Choices(
            _cameras(connection), _devices(connection), _where(connection), _named(connection)
        )


def _cameras(connection: Connection) -> tuple[Choice, ...]:
    by = (assets.c.camera_make, assets.c.camera_model)
    found = connection.execute(select(*by, func.count().label("files")).group_by(*by))
    all_of_them = [(Camera(row.camera_make, row.camera_model), row.files) for row in found]
    known = [(camera, files) for camera, files in all_of_them if camera.make or camera.model]
    return _ordered(Choice(camera, camera.label, files) for camera, files in known)


def _devices(connection: Connection) -> tuple[Choice, ...]:
    by = assets.c.source_device
    found = connection.execute(select(by, func.count()).where(by.is_not(None)).group_by(by))
    return _ordered(Choice(row[0], row[0], row[1]) for row in found)


def _where(connection: Connection) -> tuple[Choice, ...]:
    per_place = select(assets.c.place_id, func.count().label("files")).group_by(assets.c.place_id)
    counted = per_place.where(assets.c.place_id.is_not(None)).subquery()
    by = [_places.c[name] for name in ("country_code", "country", "state", "city")]
    query = select(*by, func.sum(counted.c.files)).join(counted, counted.c.place_id == _places.c.id)
    query = query.where(_places.c.country_code.is_not(None)).group_by(*by)
    totals: dict[Where, int] = {}
    labels: dict[Where, str] = {}
    for row in connection.execute(query):
        code, country, state, city, files = tuple(row)
        levels = {Where(code): country or code}
        if state:
            levels[Where(code, state)] = f"{state}, {country or code}"
        if city:
            levels[Where(code, state, city)] = f"{city}, {country or code}"
        for where, label in levels.items():
            totals[where] = totals.get(where, 0) + int(files)
            labels[where] = label
    return _ordered(Choice(where, labels[where], files) for where, files in totals.items())


def _ordered(found: Any) -> tuple[Choice, ...]:
    return tuple(sorted(found, key=lambda one: (-one.files, one.label)))


def _named(connection: Connection) -> tuple[Named, ...]:
    query = select(_persons.c.id, _persons.c.name).where(_persons.c.name.is_not(None))
    return tuple(Named(*row) for row in connection.execute(query.order_by(_persons.c.name)))


def month_samples(engine: Engine, year: int) -> dict[int, Tile]:
    """One picture of each month of a year that has any: the first that has a thumbnail."""
    found = {}
    with away(), reading(engine) as connection:
        for month in range(1, 13):
            first = datetime(year, month, 1)
            end = datetime(year + month // 12, month % 12 + 1, 1)
            inside = and_(assets.c.captured_at >= first, assets.c.captured_at < end)
            query = select(*_COLUMNS).where(inside, assets.c.media_type == "image")
            row = connection.execute(query.order_by(assets.c.captured_at).limit(1)).first()
            if row:
                found[month] = _tile(row)
    return found


def day_beside(engine: Engine, day: date) -> tuple[date | None, date | None]:
    """The nearest days before and after this one of which there are pictures."""
    at = assets.c.captured_at
    begin, end = datetime.combine(day, time.min), datetime.combine(day, time.max)
    with away(), reading(engine) as connection:
        before = connection.scalar(select(func.max(at)).where(at < begin))
        after = connection.scalar(select(func.min(at)).where(at > end))
    return (before.date() if before else None), (after.date() if after else None)
