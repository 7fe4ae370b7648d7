"""The library's filters as conditions on media_assets, and which of them an index answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Table,
    and_,
    case,
    exists,
    or_,
    select,
    true,
)

from photo_factory.dashboard.queries.filters import Filters
from photo_factory.shared.ledger.models import (
    SPECIAL,
    Face,
    MediaAsset,
    Place,
    StageRun,
    waiting,
)

assets = cast(Table, MediaAsset.__table__)
_faces = cast(Table, Face.__table__)
_places = cast(Table, Place.__table__)
_runs = cast(Table, StageRun.__table__)

_WAITING = {
    "not-backed-up": "is_backed_up",
    "not-thumbnailed": "is_thumbnailed",
    "not-geocoded": "is_geocoded",
    "not-scanned": "is_face_scanned",
}


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


def others(filters: Filters) -> Iterator[ColumnElement[bool]]:
    """The conditions for which every row has to be looked at."""
    if filters.kind == "photo":
        yield assets.c.media_type == "image"
    if filters.name:
        yield assets.c.original_name.icontains(filters.name, autoescape=True)
    if filters.folds:
        yield assets.c.media_type != "sidecar"
        yield stands_for_its_group()


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


def _of_kind(filters: Filters) -> ColumnElement[bool] | None:
    return SPECIAL.get(filters.kind or "")


def _of_flag(filters: Filters) -> ColumnElement[bool] | None:
    if filters.flag == "parked":
        return assets.c.id.in_(select(_runs.c.asset_id).where(_runs.c.parked_at.is_not(None)))
    if filters.flag == "no-place":
        return and_(assets.c.place_id.is_(None), assets.c.media_type != "sidecar")
    if filters.flag in _WAITING:
        return waiting(_WAITING[filters.flag])
    return SPECIAL.get(filters.flag or "")


@dataclass(frozen=True)
class Indexed:
    """A condition that an index answers.

    `limit`: up to so many rows are fetched and sorted, where there are more the assets are looked
    through in the order of time. `in_order`: the index has them in that order by itself.
    """

    condition: ColumnElement[bool]
    limit: int
    in_order: str | None = None

    @property
    def has_time(self) -> bool:
        """Whether the index knows the times, so that no row is read for them."""
        return self.limit == _BY_INDEX_ALONE


_BY_INDEX_ALONE = 30_000
_BY_ROWS = 2_000

BY_TIME = "ix_media_assets_captured_at_id"

_INDEXED: dict[str, tuple[Callable[[Filters], ColumnElement[bool] | None], int, str | None]] = {
    "camera": (
        _of_camera,
        _BY_INDEX_ALONE,
        "ix_media_assets_camera_make_camera_model_captured_at_id",
    ),
    "device": (_of_device, _BY_INDEX_ALONE, "ix_media_assets_source_device_captured_at_id"),
    "where": (_of_place, _BY_INDEX_ALONE, None),
    "box": (_of_box, _BY_INDEX_ALONE, None),
    "kind": (_of_kind, _BY_INDEX_ALONE, "ix_media_assets_special_{}"),
    "person": (_of_person, _BY_ROWS, None),
    "flag": (_of_flag, _BY_ROWS, None),
}


def indexed(filters: Filters) -> dict[str, Indexed]:
    """The conditions that an index answers, by the filter's name."""
    found = {}
    for name, (make, limit, index) in _INDEXED.items():
        if getattr(filters, name) is not None and (condition := make(filters)) is not None:
            found[name] = Indexed(condition, limit, index and index.format(filters.kind))
    return found
