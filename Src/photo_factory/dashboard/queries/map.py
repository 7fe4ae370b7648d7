"""Where pictures were taken, gathered into clusters for what a map shows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import Engine, Table, func, select

from photo_factory.dashboard.queries.filters import Box
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import MediaAsset, Place, waiting

if TYPE_CHECKING:
    import pandas as pd

_assets = cast(Table, MediaAsset.__table__)
_places = cast(Table, Place.__table__)

_CELL_PX = 72
_TILE_PX = 256
_ROUNDED = 0.0006
"""Half of the third decimal, to which positions are rounded before they are looked up."""


@dataclass(frozen=True)
class Cluster:
    """Some files close together; `place_id` is where most of them are."""

    latitude: float
    longitude: float
    files: int
    label: str
    box: Box
    place_id: uuid.UUID


def positions(engine: Engine) -> pd.DataFrame:
    """Every place that has files: place_id, latitude, longitude, display, files.

    By the place and not by each position: that is in an index, and a household has been to some
    thousand places, however often it pressed the shutter there.
    """
    import pandas as pd

    counted = select(_assets.c.place_id, func.count().label("files"))
    counted = counted.where(_assets.c.place_id.is_not(None)).group_by(_assets.c.place_id)
    per_place = counted.subquery()
    columns = [_places.c[name] for name in ("id", "latitude", "longitude", "display")]
    query = select(*columns, per_place.c.files).join(
        per_place, per_place.c.place_id == _places.c.id
    )
    with away(), reading(engine) as connection:
        rows = connection.execute(query).all()
    names = ["place_id", "latitude", "longitude", "display", "files"]
    return pd.DataFrame([tuple(row) for row in rows], columns=names)


def without_a_place_yet(engine: Engine, most: int = 10_000) -> int:
    """How many files have a position that nobody has looked up, up to `most`."""
    query = select(_assets.c.id).where(waiting("is_geocoded")).limit(most)
    with away(), reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(query.subquery())) or 0


def clusters(found: pd.DataFrame, box: Box, zoom: float) -> list[Cluster]:
    """What is inside the box, one cluster a cell of some 70 pixels, the largest first."""
    import numpy as np

    south, west, north, east = box
    seen = found[found.latitude.between(south, north) & _across(found.longitude, west, east)]
    if seen.empty:
        return []
    cell = 360 / (_TILE_PX * 2**zoom) * _CELL_PX
    radians = np.radians(seen.latitude.clip(-85, 85))
    mercator = np.degrees(np.log(np.tan(np.pi / 4 + radians / 2)))
    cells = [(mercator // cell).astype(int), (seen.longitude // cell).astype(int)]
    made = [_cluster(part) for _, part in seen.groupby(cells, sort=False)]
    return sorted(made, key=lambda one: -one.files)


def _across(longitude: pd.Series, west: float, east: float) -> pd.Series:
    # A map that was dragged around the world tells longitudes beyond 180 degrees.
    if east - west >= 360:
        return longitude.between(-180, 180)
    west, east = ((degrees + 180) % 360 - 180 for degrees in (west, east))
    return longitude.between(west, east) if west <= east else ~longitude.between(east, west)


def _cluster(part: pd.DataFrame) -> Cluster:
    files = int(part.files.sum())
    most = part.loc[part.files.idxmax()]
    others = f" and {len(part) - 1} more places" if len(part) > 1 else ""
    return Cluster(
        latitude=float((part.latitude * part.files).sum() / files),
        longitude=float((part.longitude * part.files).sum() / files),
        files=files,
        label=f"{most.display}{others}: {files:,}",
        box=(
            float(part.latitude.min()) - _ROUNDED,
            max(float(part.longitude.min()) - _ROUNDED, -180.0),
            float(part.latitude.max()) + _ROUNDED,
            min(float(part.longitude.max()) + _ROUNDED, 180.0),
        ),
        place_id=most.place_id,
    )


def extent(found: pd.DataFrame) -> Box:
    """The box around nearly all places; the world where there are none."""
    if found.empty:
        return -50.0, -140.0, 65.0, 160.0
    low, high = found.latitude.min(), found.latitude.max()
    west, east = found.longitude.min(), found.longitude.max()
    return float(low), float(west), float(high), float(east)


def samples(engine: Engine, places: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The hash of the newest file that has a small picture, for each of some places."""
    found = {}
    with away(), reading(engine) as connection:
        for place in places:
            query = (
                select(_assets.c.file_hash)
                .where(_assets.c.place_id == place, _assets.c.is_thumbnailed)
                .order_by(_assets.c.captured_at.desc())
                .limit(1)
            )
            if file_hash := connection.scalar(query):
                found[place] = file_hash
    return found
