"""Groups the faces of nameless persons anew; names, and what people said, stay as they are."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from photo_factory.addons.face.engines import Identity, distance, identity
from photo_factory.addons.face.nearest import nearest_person
from photo_factory.addons.face.vectors import Memory
from photo_factory.shared.ledger.database import away, database_now, reading
from photo_factory.shared.people import faces, lock, persons, remove_empty
from photo_factory.shared.settings import Settings


@dataclass(frozen=True)
class Regrouped:
    """What came of it."""

    faces: int
    """How many could be moved."""
    moved: int
    persons: int
    """How many persons there are afterwards."""


def recluster(engine: Engine, settings: Settings, ours: Identity | None = None) -> Regrouped:
    """Group again what only the engine has grouped, by FACE_DISTANCE as it is now.

    The faces of named persons, and those that people have assigned, are anchors: they stay, and
    nameless faces may join them. The work is done beside the ledger; what somebody changed
    meanwhile is left as they made it.
    """
    ours = ours or identity(settings)
    with away(), reading(engine) as connection:
        rows = _rows(connection, ours, settings)
    wanted = _regrouped(rows, settings, ours)
    with away(), engine.begin() as connection:
        lock(connection)
        moved = _write(connection, rows, wanted)
        people = len(connection.execute(select(persons.c.id)).all())
    return Regrouped(len(wanted), moved, people)


def _rows(connection: Connection, ours: Identity, settings: Settings) -> list[Any]:
    query = select(faces, persons.c.name).outerjoin(persons, persons.c.id == faces.c.person_id)
    query = query.where(
        faces.c.is_face,
        faces.c.engine == ours.name,
        faces.c.engine_version == ours.version,
        faces.c.embedding.is_not(None),
        (faces.c.quality >= settings.face_min_quality) | faces.c.person_id.is_not(None),
    )
    # The best first: they are what the others join.
    return list(connection.execute(query.order_by(faces.c.quality.desc(), faces.c.id)).all())


def _is_anchor(row: Any) -> bool:
    return row.person_id is not None and (row.assigned_by == "person" or row.name is not None)


def _regrouped(
    rows: Sequence[Any], settings: Settings, ours: Identity
) -> dict[uuid.UUID, uuid.UUID]:
    """Face -> person, for every face that may move."""
    limit, memory = distance(settings), Memory(ours)
    anchors = [row for row in rows if _is_anchor(row)]
    memory.take([_known(row, row.person_id) for row in anchors])
    groups: dict[uuid.UUID, uuid.UUID] = {}
    for row in rows:
        if not _is_anchor(row):
            near = nearest_person(memory.nearest(row.embedding, limit))
            groups[row.id] = near or uuid.uuid4()
            memory.take([_known(row, groups[row.id])])
    return _under_old_ids(groups, rows, {row.person_id for row in anchors})


@dataclass(frozen=True)
class _Known:
    id: uuid.UUID
    person_id: uuid.UUID
    is_face: bool
    embedding: bytes


def _known(row: Any, whose: uuid.UUID) -> _Known:
    return _Known(row.id, whose, True, row.embedding)


def _under_old_ids(
    groups: Mapping[uuid.UUID, uuid.UUID], rows: Sequence[Any], anchors: set[uuid.UUID]
) -> dict[uuid.UUID, uuid.UUID]:
    """Let each new group go on under the id that most of its faces had."""
    shared: dict[uuid.UUID, Counter[uuid.UUID]] = defaultdict(Counter)
    for row in rows:
        group = groups.get(row.id)
        if group and group not in anchors and row.person_id and row.person_id not in anchors:
            shared[group][row.person_id] += 1
    pairs = [(n, group, old) for group, olds in shared.items() for old, n in olds.items()]
    renamed: dict[uuid.UUID, uuid.UUID] = {}
    for _, group, old in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if group not in renamed and old not in renamed.values():
            renamed[group] = old
    return {face: renamed.get(group, group) for face, group in groups.items()}


def _write(
    connection: Connection, rows: Sequence[Any], wanted: Mapping[uuid.UUID, uuid.UUID]
) -> int:
    now = database_now(connection)
    seen = connection.execute(select(faces.c.id, faces.c.changed_at))
    unchanged = {row.id: row.changed_at for row in seen}
    named = connection.execute(select(persons.c.id, persons.c.name))
    names = {row.id: row.name for row in named}
    moves = [
        row
        for row in rows
        if row.id in wanted
        and wanted[row.id] != row.person_id
        and unchanged.get(row.id) == row.changed_at
        and not names.get(row.person_id)
    ]
    new = sorted({wanted[row.id] for row in moves} - names.keys())
    if new:
        connection.execute(insert(persons), [{"id": one, "created_at": now} for one in new])
    if moves:
        moved = update(faces).where(faces.c.id == bindparam("of_face"))
        connection.execute(
            moved.values(person_id=bindparam("whose"), changed_at=now),
            [{"of_face": row.id, "whose": wanted[row.id]} for row in moves],
        )
    remove_empty(connection, {row.person_id for row in moves if row.person_id})
    return len(moves)
