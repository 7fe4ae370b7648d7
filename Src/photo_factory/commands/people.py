"""How persons and faces are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from photo_factory.commands import console
from photo_factory.shared.people import SHORT, FaceLine, PersonLine


def show_persons(people: Sequence[PersonLine], *, as_json: bool) -> None:
    """One line a person."""
    if as_json:
        console.give_json([one.as_json() for one in people])
        return
    rows = [
        (one.id[:SHORT], one.name, one.faces, one.photos, _day(one.first), _day(one.last))
        for one in people
    ]
    console.table("", ("person", "name", "faces", "photos", "first", "last"), rows)
    if people and not any(one.name for one in people):
        console.say("give the first name: photo-factory person rename PERSON NAME")


def show_faces(found: Sequence[FaceLine], *, as_json: bool) -> None:
    """One line a face; the box in percent of the upright picture."""
    if as_json:
        console.give_json([one.as_json() for one in found])
        return
    rows = [
        (
            one.id[:SHORT],
            one.photo,
            " ".join(f"{100 * edge:.0f}" for edge in one.box),
            f"{one.quality:.2f}",
            one.assigned_by,
        )
        for one in found
    ]
    columns = ("face", "photo", "left top width height, %", "quality", "assigned by")
    console.table("", columns, rows)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
