"""What people say of faces and persons; each verb is one transaction, under the lock of faces.

All that writes faces or persons does so under that lock, so that two workers who find the same new
face at once do not make two persons of it. Errors (PeopleError) are told in one line.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    String,
    Table,
    cast,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.database import away, database_now, reading
from photo_factory.shared.ledger.models import Face, MediaAsset, Person

faces: Table = Face.__table__  # type: ignore[assignment]
persons: Table = Person.__table__  # type: ignore[assignment]
_assets: Table = MediaAsset.__table__  # type: ignore[assignment]

_LOCK = 0x66616365  # "face"

SHORT = 8
"""So many digits of an id are shown; any number that tells it from the others is understood."""


class PeopleError(PhotoFactoryError):
    """What was asked cannot be done; nothing was changed."""

    exit_code = 2


@dataclass(frozen=True)
class PersonLine:
    """One person as `person list` shows them."""

    id: str
    name: str | None
    faces: int
    photos: int
    first: datetime | None
    last: datetime | None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        told = asdict(self)
        for name in ("first", "last"):
            told[name] = told[name].isoformat() if told[name] else None
        return told


@dataclass(frozen=True)
class FaceLine:
    """One face as `person faces` shows it."""

    id: str
    photo: str
    box: tuple[float, float, float, float]
    quality: float
    assigned_by: str
    person: str | None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**asdict(self), "box": list(self.box)}


def lock(connection: Connection) -> None:
    """Wait until nobody else writes faces, up to the end of this transaction.

    A writing transaction of SQLite is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def new_person(connection: Connection, now: datetime, name: str | None = None) -> uuid.UUID:
    """A person, nameless unless somebody gives a name."""
    row = {"id": uuid.uuid4(), "name": name, "named_at": now if name else None, "created_at": now}
    connection.execute(insert(persons), [row])
    return uuid.UUID(str(row["id"]))


def remove_empty(connection: Connection, ids: Iterable[uuid.UUID]) -> None:
    """Remove those of these persons who have neither a name nor a face."""
    empty = ~select(faces.c.id).where(faces.c.person_id == persons.c.id).exists()
    for person_id in sorted(ids):
        is_nobody = (persons.c.id == person_id) & persons.c.name.is_(None)
        connection.execute(delete(persons).where(is_nobody, empty))


def listed(engine: Engine, *, only_named: bool = False) -> list[PersonLine]:
    """Every person, those with most faces first."""
    count = func.count(faces.c.id)
    query = (
        select(
            persons.c.id,
            persons.c.name,
            count.label("faces"),
            func.count(func.distinct(faces.c.asset_id)).label("photos"),
            func.min(_assets.c.captured_at).label("first"),
            func.max(_assets.c.captured_at).label("last"),
        )
        .select_from(
            persons.outerjoin(
                faces, (faces.c.person_id == persons.c.id) & faces.c.is_face
            ).outerjoin(_assets, _assets.c.id == faces.c.asset_id)
        )
        .group_by(persons.c.id, persons.c.name)
        .order_by(count.desc(), persons.c.id)
    )
    if only_named:
        query = query.where(persons.c.name.is_not(None))
    with away(), reading(engine) as connection:
        rows = connection.execute(query).all()
    return [PersonLine(str(row.id), *row[1:]) for row in rows]


def faces_of(engine: Engine, who: str | None) -> list[FaceLine]:
    """The faces of one person, or (None) those that are nobody's; the best first."""
    with away(), reading(engine) as connection:
        whose = None if who is None else person(connection, who)
        query = select(faces, _assets.c.final_path).join(_assets, _assets.c.id == faces.c.asset_id)
        query = query.where(faces.c.person_id == whose, faces.c.is_face)
        rows = connection.execute(query.order_by(faces.c.quality.desc(), faces.c.id)).all()
    return [_face_line(row) for row in rows]


def _face_line(row: Any) -> FaceLine:
    box = (row.box_left, row.box_top, row.box_width, row.box_height)
    whose = str(row.person_id) if row.person_id else None
    return FaceLine(str(row.id), row.final_path, box, row.quality, row.assigned_by, whose)


def rename(engine: Engine, who: str, name: str) -> None:
    """Give a person a name; an empty one takes it away."""
    name = name.strip()
    with _changing(engine) as (connection, now):
        whose = person(connection, who)
        same = select(persons.c.id).where(persons.c.name == name, persons.c.id != whose)
        if name and (other := connection.scalar(same.limit(1))):
            raise PeopleError(
                f"somebody else is called {name!r} already: if both are one person, "
                f"photo-factory person merge {str(other)[:SHORT]} {str(whose)[:SHORT]}"
            )
        values = {"name": name or None, "named_at": now if name else None}
        connection.execute(update(persons).where(persons.c.id == whose).values(values))
        remove_empty(connection, [whose])


def merge(engine: Engine, who: str, others: Sequence[str]) -> int:
    """Make one person of several; how many faces moved. A nameless one takes over a name."""
    with _changing(engine) as (connection, now):
        stays = person(connection, who)
        go = sorted({person(connection, other) for other in others} - {stays})
        if not go:
            raise PeopleError("there is nobody to merge with: name a second person")
        named = select(persons.c.id, persons.c.name).where(persons.c.id.in_([stays, *go]))
        names = {row.id: row.name for row in connection.execute(named)}
        _take_over_name(connection, stays, names, now)
        moved = connection.execute(
            update(faces)
            .where(faces.c.person_id.in_([stays, *go]))
            # Somebody has said that all of these are one: no re-cluster takes them apart again.
            .values(person_id=stays, assigned_by="person", changed_at=now)
        ).rowcount
        connection.execute(delete(persons).where(persons.c.id.in_(go)))
        return moved


def _take_over_name(
    connection: Connection, stays: uuid.UUID, names: dict[uuid.UUID, str | None], now: datetime
) -> None:
    given = sorted({name for whose, name in names.items() if name and whose != stays})
    if not given:
        return
    if len({*given, names[stays]} - {None}) > 1:
        told = ", ".join(repr(name) for name in sorted({*given, names[stays] or given[0]}))
        raise PeopleError(
            f"they have different names ({told}): if they are one person all the same, first take "
            "a name away: photo-factory person rename PERSON ''"
        )
    named = update(persons).where(persons.c.id == stays)
    connection.execute(named.values(name=given[0], named_at=now))


def split(engine: Engine, face_ids: Sequence[str], to: str | None = None) -> uuid.UUID:
    """Give faces to a person, or (None) to a new one; who that is.

    `to` is a person, or the name of a new one.
    """
    with _changing(engine) as (connection, now):
        chosen = [face(connection, one) for one in face_ids]
        target = _person_or_none(connection, to) if to else None
        target = target or new_person(connection, now, to)
        # What is not taken away belongs together: else a re-cluster would join both halves again.
        sources = {row.person_id for row in chosen if row.person_id}
        left = update(faces).where(faces.c.person_id.in_(sources))
        connection.execute(left.values(assigned_by="person", changed_at=now))
        _say(connection, chosen, now, person_id=target, is_face=True)
        return target


def not_a_face(engine: Engine, face_ids: Sequence[str], *, undo: bool = False) -> int:
    """Say that these are no faces, for good (`undo`: that nothing was said of them); how many."""
    with _changing(engine) as (connection, now):
        chosen = [face(connection, one) for one in face_ids]
        _say(connection, chosen, now, is_face=undo, person_id=None)
        if undo:  # free for the engine again: `recluster` says whose they are
            free = update(faces).where(faces.c.id.in_([row.id for row in chosen]))
            connection.execute(free.values(assigned_by="engine"))
        return len(chosen)


def _say(connection: Connection, chosen: Sequence[Any], now: datetime, **values: Any) -> None:
    said = update(faces).where(faces.c.id.in_([row.id for row in chosen]))
    connection.execute(said.values(**values, assigned_by="person", changed_at=now))
    remove_empty(connection, {row.person_id for row in chosen if row.person_id})


def person(connection: Connection, who: str) -> uuid.UUID:
    """A person by name, id, or the beginning of an id; PeopleError otherwise."""
    found = _person_or_none(connection, who)
    if found is None:
        raise PeopleError(f"nobody is called {who!r}, nor has that id: photo-factory person list")
    return found


def _person_or_none(connection: Connection, who: str) -> uuid.UUID | None:
    named = connection.scalars(select(persons.c.id).where(persons.c.name == who)).all()
    found = named or [row.id for row in _by_id(connection, persons, who)]
    if len(found) > 1:
        raise PeopleError(f"{who!r} could be {len(found)} persons: give more of the id")
    return found[0] if found else None


def face(connection: Connection, which: str) -> Any:
    """A face by id or the beginning of one; PeopleError otherwise."""
    found = _by_id(connection, faces, which)
    if len(found) != 1:
        told = "no face has that id" if not found else f"{len(found)} faces begin like that"
        raise PeopleError(f"{which!r}: {told}: photo-factory person faces PERSON")
    return found[0]


def _by_id(connection: Connection, table: Table, beginning: str) -> list[Any]:
    digits = beginning.replace("-", "").lower()
    if not digits or set(digits) - set("0123456789abcdef"):
        return []
    plain = func.replace(cast(table.c.id, String), "-", "")
    return list(connection.execute(select(table).where(plain.like(f"{digits}%"))).all())


@contextmanager
def _changing(engine: Engine) -> Iterator[tuple[Connection, datetime]]:
    with away(), engine.begin() as connection:
        lock(connection)
        yield connection, database_now(connection)
