"""Enters what was found on a photo: what people have said of its faces stays, the rest is new."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from photo_factory.addons.face import vectors
from photo_factory.addons.face.engines import Identity, distance
from photo_factory.addons.face.found import Box
from photo_factory.addons.face.nearest import nearest_person
from photo_factory.shared.ledger.database import database_now
from photo_factory.shared.people import faces, lock, new_person, remove_empty
from photo_factory.shared.settings import Settings

Row = dict[str, Any]

SAME_FACE = 0.3
"""Boxes of two scans that overlap so much are the same face; detectors disagree about edges."""


def enter(
    connection: Connection,
    asset_id: uuid.UUID,
    found: Iterable[Mapping[str, Any]],
    identity: Identity,
    settings: Settings,
) -> None:
    """Put the faces `found` on a photo in the place of what was found there before."""
    lock(connection)
    now = database_now(connection)
    old = [row._asdict() for row in connection.execute(_of_asset(asset_id))]
    rows = merged(old, [_new(one, asset_id, identity, now) for one in found])
    index = vectors.index(connection, identity)
    for row in rows:
        row["changed_at"] = now
        if _wants_person(row, settings):
            candidates = index.nearest(row["embedding"], distance(settings))
            row["person_id"] = nearest_person(candidates) or new_person(connection, now)
    connection.execute(delete(faces).where(faces.c.asset_id == asset_id))
    if rows:
        connection.execute(insert(faces), rows)
        vectors.put(connection, rows)
    remove_empty(connection, {row["person_id"] for row in old if row["person_id"]})


def _of_asset(asset_id: uuid.UUID) -> Any:
    return select(faces).where(faces.c.asset_id == asset_id).order_by(faces.c.id)


def _new(found: Mapping[str, Any], asset_id: uuid.UUID, identity: Identity, now: datetime) -> Row:
    return {
        **found,
        "id": uuid.uuid4(),
        "asset_id": asset_id,
        "engine": identity.name,
        "engine_version": identity.version,
        "is_face": True,
        "person_id": None,
        "assigned_by": "engine",
        "found_at": now,
    }


def _wants_person(row: Row, settings: Settings) -> bool:
    is_free = row["person_id"] is None and row["assigned_by"] == "engine"
    return is_free and row["is_face"] and row["quality"] >= settings.face_min_quality


def merged(old: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """The faces of a photo after another scan.

    A face found again keeps its id, its person and what people said of it, also when another
    engine finds it. What people have touched stays even when it is not found any more.
    """
    rows, left = [], list(new)
    # The faces people have touched choose first.
    for known in sorted(old, key=lambda row: not is_touched(row)):
        again = max(left, key=lambda row: _overlap(known, row), default=None)
        if again is not None and _overlap(known, again) >= SAME_FACE:
            left.remove(again)
            rows.append({**again, **{name: known[name] for name in _KEPT}})
        elif is_touched(known):
            rows.append(dict(known))
    return rows + left


_KEPT = ("id", "is_face", "person_id", "assigned_by", "found_at")


def is_touched(row: Mapping[str, Any]) -> bool:
    """Whether a person has said something of this face."""
    return row["assigned_by"] == "person" or not row["is_face"]


def _overlap(one: Row, other: Row) -> float:
    return box_of(one).overlap(box_of(other))


def box_of(row: Mapping[str, Any]) -> Box:
    """The box of a row of `faces`."""
    return Box(row["box_left"], row["box_top"], row["box_width"], row["box_height"])
