"""Persons and their faces, in pages by key; and a face cut out of our own small picture."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, func, or_, select

from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.paths import Paths
from photo_factory.shared.people import faces, persons

_assets = cast(Table, MediaAsset.__table__)

Which = Literal["everybody", "named", "nameless"]
Whose = uuid.UUID | Literal["nobody", "no face"]
Box = tuple[float, float, float, float]

_MARGIN = 0.35
"""So much of the face's size is shown around it on each side."""


@dataclass(frozen=True)
class FaceTile:
    """One face on one photo; the box is left, top, width, height in fractions of the picture."""

    id: uuid.UUID
    asset_id: uuid.UUID
    file_hash: str
    box: Box
    quality: float
    by_person: bool
    original_name: str
    captured_at: datetime


@dataclass(frozen=True)
class Somebody:
    """One person, with the face that shows them best."""

    id: uuid.UUID
    name: str | None
    faces: int
    photos: int
    first: datetime | None
    last: datetime | None
    best: FaceTile | None

    @property
    def key(self) -> tuple[int, uuid.UUID]:
        """Their place in the order: by faces."""
        return self.faces, self.id


@dataclass(frozen=True)
class Persons:
    """Some persons, those with most faces first; `after` is the key the next ones begin at."""

    persons: tuple[Somebody, ...]
    after: tuple[int, uuid.UUID] | None


@dataclass(frozen=True)
class Faces:
    """Some faces, the best first; `after` is the key the next ones begin at."""

    faces: tuple[FaceTile, ...]
    after: tuple[float, uuid.UUID] | None


@dataclass(frozen=True)
class Totals:
    """How many there are."""

    named: int
    nameless: int
    faces: int
    nobodys: int
    no_faces: int


def totals(engine: Engine) -> Totals:
    """How many persons and faces the ledger knows; LedgerAway."""
    counted = select(
        func.count().filter(faces.c.is_face),
        func.count().filter(faces.c.is_face, faces.c.person_id.is_(None)),
        func.count().filter(~faces.c.is_face),
    )
    with away(), reading(engine) as connection:
        everybody = connection.scalar(select(func.count()).select_from(persons)) or 0
        named = connection.scalar(select(func.count(persons.c.name))) or 0
        found, nobodys, no_faces = connection.execute(counted).one()
    return Totals(named, everybody - named, found, nobodys, no_faces)


def persons_after(
    engine: Engine,
    which: Which = "everybody",
    after: tuple[int, uuid.UUID] | None = None,
    size: int = 24,
    name: str = "",
) -> Persons:
    """The persons beyond a key; `name` is a part of their name. LedgerAway."""
    with away(), reading(engine) as connection:
        counts = _counts(connection, which, after, size + 1, name)
        more = len(counts) > size
        found = _described(connection, counts[:size])
    return Persons(found, found[-1].key if more else None)


def _counts(
    connection: Connection,
    which: Which,
    after: tuple[int, uuid.UUID] | None,
    size: int,
    name: str,
) -> Sequence[Any]:
    number = func.count(faces.c.id)
    theirs = (faces.c.person_id == persons.c.id) & faces.c.is_face
    query = select(persons.c.id, persons.c.name, number.label("faces"))
    query = query.select_from(persons.outerjoin(faces, theirs)).group_by(persons.c.id)
    if which != "everybody":
        is_named = persons.c.name.is_not(None)
        query = query.where(is_named if which == "named" else ~is_named)
    if name.strip():
        query = query.where(persons.c.name.icontains(name.strip(), autoescape=True))
    if after is not None:
        query = query.having(
            or_(number < after[0], and_(number == after[0], persons.c.id > after[1]))
        )
    return connection.execute(query.order_by(number.desc(), persons.c.id).limit(size)).all()


def _described(connection: Connection, counts: Sequence[Any]) -> tuple[Somebody, ...]:
    ids = [row.id for row in counts]
    best, spans = _best(connection, ids), _spans(connection, ids)
    told = []
    for row in counts:
        photos, first, last = spans.get(row.id, (0, None, None))
        told.append(Somebody(row.id, row.name, row.faces, photos, first, last, best.get(row.id)))
    return tuple(told)


def _spans(
    connection: Connection, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[int, datetime, datetime]]:
    taken = _assets.c.captured_at
    query = (
        select(
            faces.c.person_id,
            func.count(func.distinct(faces.c.asset_id)),
            func.min(taken),
            func.max(taken),
        )
        .join(_assets, _assets.c.id == faces.c.asset_id)
        .where(faces.c.person_id.in_(ids), faces.c.is_face)
        .group_by(faces.c.person_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}


_SHOWN = (
    faces.c.id, faces.c.asset_id, _assets.c.file_hash, faces.c.box_left, faces.c.box_top,
    faces.c.box_width, faces.c.box_height, faces.c.quality, faces.c.assigned_by,
    _assets.c.original_name, _assets.c.captured_at,
)  # fmt: skip


def _best(connection: Connection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, FaceTile]:
    """The face of each person that can be seen best: one that has a small picture, first."""
    order = (_assets.c.is_thumbnailed.desc(), faces.c.quality.desc(), faces.c.id)
    place = func.row_number().over(partition_by=faces.c.person_id, order_by=order)
    ranked = (
        select(*_SHOWN, faces.c.person_id, place.label("place"))
        .join(_assets, _assets.c.id == faces.c.asset_id)
        .where(faces.c.person_id.in_(ids), faces.c.is_face)
        .subquery()
    )
    rows = connection.execute(select(ranked).where(ranked.c.place == 1))
    return {row.person_id: _tile(row) for row in rows}


def person(engine: Engine, which: uuid.UUID) -> Somebody | None:
    """One person; None where nobody has that id (any more). LedgerAway."""
    number = func.count(faces.c.id).label("faces")
    theirs = (faces.c.person_id == persons.c.id) & faces.c.is_face
    query = select(persons.c.id, persons.c.name, number)
    query = query.select_from(persons.outerjoin(faces, theirs)).where(persons.c.id == which)
    with away(), reading(engine) as connection:
        found = _described(connection, connection.execute(query.group_by(persons.c.id)).all())
    return found[0] if found else None


def faces_after(
    engine: Engine, whose: Whose, after: tuple[float, uuid.UUID] | None = None, size: int = 48
) -> Faces:
    """The faces of a person, of nobody, or what was said to be none, beyond a key; LedgerAway."""
    quality = faces.c.quality
    query = select(*_SHOWN).join(_assets, _assets.c.id == faces.c.asset_id).where(_of(whose))
    if after is not None:
        beyond = or_(quality < after[0], and_(quality == after[0], faces.c.id > after[1]))
        query = query.where(beyond)
    query = query.order_by(quality.desc(), faces.c.id).limit(size + 1)
    with away(), reading(engine) as connection:
        found = tuple(_tile(row) for row in connection.execute(query))
    shown = found[:size]
    return Faces(shown, (shown[-1].quality, shown[-1].id) if len(found) > size else None)


def _of(whose: Whose) -> ColumnElement[bool]:
    if whose == "no face":
        return ~faces.c.is_face
    if whose == "nobody":
        return and_(faces.c.is_face, faces.c.person_id.is_(None))
    return and_(faces.c.is_face, faces.c.person_id == whose)


def names(engine: Engine) -> dict[uuid.UUID, str]:
    """Everybody who has a name, by name; LedgerAway."""
    query = select(persons.c.id, persons.c.name).where(persons.c.name.is_not(None))
    with away(), reading(engine) as connection:
        return {row.id: row.name for row in connection.execute(query.order_by(persons.c.name))}


def _tile(row: Any) -> FaceTile:
    box = (row.box_left, row.box_top, row.box_width, row.box_height)
    by_person = row.assigned_by == "person"
    return FaceTile(
        row.id, row.asset_id, row.file_hash, box, row.quality, by_person, row.original_name,
        row.captured_at,
    )  # fmt: skip


def cropped(
    paths: Paths, sizes: Iterable[int], file_hash: str, box: Box, side: int = 160
) -> bytes | None:
    """A face as a square JPEG of `side` pixels; None where there is no small picture (yet).

    It comes from the smallest of our pictures in which the face has about that many pixels.
    """
    longest = max(box[2], box[3])
    there = [(size, path) for size in sorted(sizes) if (path := _there(paths, file_hash, size))]
    if not there:
        return None
    enough = (path for size, path in there if longest * size >= side)
    return _cut(next(enough, there[-1][1]), box, side)


def _there(paths: Paths, file_hash: str, size: int) -> Path | None:
    both = (paths.thumbnail(file_hash, size, extension) for extension in ("jpg", "webp"))
    return next((path for path in both if path.is_file()), None)


def _cut(path: Path, box: Box, side: int) -> bytes | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            square = picture.convert("RGB").crop(_square(box, *picture.size))
    except (OSError, UnidentifiedImageError):  # it is just being made again, or damaged
        return None
    into = io.BytesIO()
    square.resize((side, side), Image.Resampling.LANCZOS).save(into, "JPEG", quality=88)
    return into.getvalue()


def _square(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """A square around the face, with a margin, in pixels and inside the picture."""
    left, top = box[0] * width, box[1] * height
    across, down = box[2] * width, box[3] * height
    side = min(max(across, down) * (1 + 2 * _MARGIN), width, height)
    x = min(max(left + across / 2 - side / 2, 0), width - side)
    y = min(max(top + down / 2 - side / 2, 0), height - side)
    return round(x), round(y), round(x) + max(round(side), 1), round(y) + max(round(side), 1)
