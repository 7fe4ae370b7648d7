"""The library's filters as conditions on media_assets, and which of them is asked first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    select,
    true,
)

from photo_factory.dashboard.queries.filters import Filters
from photo_factory.shared.ledger.models import Face, MediaAsset, Place, StageRun, waiting

assets = cast(Table, MediaAsset.__table__)
_faces = cast(Table, Face.__table__)
_places = cast(Table, Place.__table__)
_runs = cast(Table, StageRun.__table__)

NARROW = 10_000
"""Up to so many rows of one filter are fetched and sorted; more are looked through by time."""

_WAITING = {
    "not-backed-up": "is_backed_up",
    "not-thumbnailed": "is_thumbnailed",
    "not-geocoded": "is_geocoded",
    "not-scanned": "is_face_scanned",
}
_RAW = assets.c.mime_type.startswith("image/x-", autoescape=True)


def rank(table: FromClause) -> ColumnElement[int]:
    """Which file of a group is shown for all: a picture, then a RAW, then a film."""
    raw = table.c.mime_type.startswith("image/x-", autoescape=True)
    return case(
        (table.c.media_type == "video", 2),
        (table.c.media_type == "sidecar", 3),
        (raw, 1),
        else_=0,
    )


def stands_for_its_group() -> ColumnElement[bool]:
    """Nothing in its group comes before it."""
    other = assets.alias("other")
    first = or_(
        rank(other) < rank(assets), and_(rank(other) == rank(assets), other.c.id < assets.c.id)
    )
    return ~exists().where(other.c.group_id == assets.c.group_id, first)


def of_time(filters: Filters) -> Iterator[ColumnElement[bool]]:
    """From the first day to the end of the last."""
    if filters.first:
        yield assets.c.captured_at >= datetime.combine(filters.first, time.min)
    if filters.last:
        yield assets.c.captured_at < datetime.combine(filters.last + timedelta(1), time.min)


def of_few(filters: Filters) -> dict[str, ColumnElement[bool]]:
    """The conditions that an index answers, by the filter's name."""
    return {
        name: condition
        for name, make in _BY_INDEX.items()
        if getattr(filters, name) is not None and (condition := make(filters)) is not None
    }


def others(filters: Filters) -> Iterator[ColumnElement[bool]]:
    """The conditions for which every row has to be looked at."""
    if filters.kind:
        yield _of_kind(filters.kind)
    if filters.flag == "unsure-date":
        yield assets.c.captured_at_confidence < 0.5
    if filters.name:
        yield assets.c.original_name.icontains(filters.name, autoescape=True)
    if filters.folds:
        yield assets.c.media_type != "sidecar"
        yield stands_for_its_group()


def _of_kind(kind: str) -> ColumnElement[bool]:
    if kind == "raw":
        return _RAW
    return assets.c.media_type == {"photo": "image", "video": "video"}[kind]


def _of_camera(filters: Filters) -> ColumnElement[bool]:
    assert filters.camera
    make, model = assets.c.camera_make, assets.c.camera_model
    return and_(make == filters.camera.make, model == filters.camera.model)


def _of_device(filters: Filters) -> ColumnElement[bool]:
    return assets.c.source_device == filters.device


def _of_place(filters: Filters) -> ColumnElement[bool]:
    assert filters.where
    inside = [_places.c.country_code == filters.where.country_code]
    if filters.where.state:
        inside.append(_places.c.state == filters.where.state)
    if filters.where.city:
        inside.append(_places.c.city == filters.where.city)
    return assets.c.place_id.in_(select(_places.c.id).where(*inside))


def _of_box(filters: Filters) -> ColumnElement[bool]:
    assert filters.box
    south, west, north, east = filters.box
    longitude = _places.c.longitude
    across = longitude.between(west, east) if west <= east else ~longitude.between(east, west)
    inside = select(_places.c.id).where(_places.c.latitude.between(south, north), across)
    return assets.c.place_id.in_(inside)


def _of_person(filters: Filters) -> ColumnElement[bool]:
    seen = select(_faces.c.asset_id).where(
        _faces.c.person_id == filters.person, _faces.c.is_face == true()
    )
    return assets.c.id.in_(seen)


def _of_flag(filters: Filters) -> ColumnElement[bool] | None:
    if filters.flag == "parked":
        return assets.c.id.in_(select(_runs.c.asset_id).where(_runs.c.parked_at.is_not(None)))
    if filters.flag == "no-place":
        return and_(assets.c.place_id.is_(None), assets.c.media_type != "sidecar")
    if filters.flag in _WAITING:
        return waiting(_WAITING[filters.flag])
    return None


_BY_INDEX: dict[str, Callable[[Filters], ColumnElement[bool] | None]] = {
    "camera": _of_camera,
    "device": _of_device,
    "where": _of_place,
    "box": _of_box,
    "person": _of_person,
    "flag": _of_flag,
}
_ORDERED = {
    "camera": "ix_media_assets_camera_make_camera_model_captured_at_id",
    "device": "ix_media_assets_source_device_captured_at_id",
}


def narrowed(connection: Connection, filters: Filters, columns: list[Any]) -> Select[Any]:
    """The assets that match, asked in the way that costs least; not yet in an order.

    A planner cannot know how many rows a filter leaves, nor that they all may lie far back: so
    each filter is counted first, up to NARROW. The smallest is then fetched as a whole; where
    all are wide, matches lie close together, and are looked for in the order of time.
    """
    few = of_few(filters)
    driver = _smallest(connection, filters, few)
    rest = [*of_time(filters), *others(filters)]
    rest += [condition for name, condition in few.items() if name != driver]
    if driver is None:
        hint = next((_ORDERED[name] for name in _ORDERED if name in few), _BY_TIME)
        query = select(*columns).where(*rest)
        return query.with_hint(assets, f"INDEXED BY {hint}", "sqlite")
    ids = select(assets.c.id).where(few[driver], *of_time(filters)).cte("few")
    ids = ids.prefix_with("MATERIALIZED") if False else ids
    return select(*columns).join_from(ids, assets, assets.c.id == ids.c.id).where(*rest)


_BY_TIME = "ix_media_assets_captured_at_id"


def _smallest(
    connection: Connection, filters: Filters, few: dict[str, ColumnElement[bool]]
) -> str | None:
    if set(few) <= set(_ORDERED) and len(few) <= 1:
        return None  # its own index has it in the order of time
    counted = {}
    for name, condition in few.items():
        found = select(assets.c.id).where(condition, *of_time(filters)).limit(NARROW + 1)
        counted[name] = connection.scalar(select(func.count()).select_from(found.subquery()))
    smallest = min(counted, key=lambda name: counted[name] or 0, default=None)
    return smallest if smallest and (counted[smallest] or 0) <= NARROW else None


__all__ = ["NARROW", "assets", "false", "narrowed", "of_few", "of_time", "others", "rank"]
