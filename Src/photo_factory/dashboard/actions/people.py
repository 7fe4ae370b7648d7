"""What people say of persons and faces; each is one transaction, and stands in the log."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from photo_factory.dashboard.actions import acting
from photo_factory.dashboard.context import Context
from photo_factory.shared import people
from photo_factory.shared.action_log import Actor


def rename(context: Context, actor: Actor, who: uuid.UUID, name: str) -> None:
    """Give a person a name; an empty one takes it away. PeopleError, NotAllowed, LedgerAway."""
    with acting(context, actor, "rename person", str(who), name=name):
        people.rename(context.engine, str(who), name)


def merge(context: Context, actor: Actor, who: uuid.UUID, others: Sequence[uuid.UUID]) -> int:
    """Make one person of several; how many faces they have now."""
    gone = [str(other) for other in others]
    with acting(context, actor, "merge persons", str(who), others=gone):
        return people.merge(context.engine, str(who), gone)


def give(
    context: Context, actor: Actor, faces: Sequence[uuid.UUID], to: str | None = None
) -> uuid.UUID:
    """Give faces to a person (an id or a name, also a new one), or to a new nameless one."""
    chosen = [str(face) for face in faces]
    with acting(context, actor, "split person", to or "a new person", faces=chosen):
        return people.split(context.engine, chosen, to)


def not_faces(
    context: Context, actor: Actor, faces: Sequence[uuid.UUID], *, undo: bool = False
) -> int:
    """Say that these are no faces, or take that back; how many."""
    chosen = [str(face) for face in faces]
    said = "a face after all" if undo else "not a face"
    with acting(context, actor, said, f"{len(chosen)} faces", faces=chosen):
        return people.not_a_face(context.engine, chosen, undo=undo)
