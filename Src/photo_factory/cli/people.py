"""Verbs about persons: who is who on the photos."""

from __future__ import annotations

from typing import Annotated

import typer

from photo_factory.cli.common import Json, app, load_settings, migrated_engine
from photo_factory.commands import console

person = typer.Typer(no_args_is_help=True, help="Say who is who on the photos.")
app.add_typer(person, name="person")

Who = Annotated[str, typer.Argument(metavar="PERSON", help="A name, or an id's first digits.")]
Faces = Annotated[
    list[str], typer.Argument(metavar="FACE...", help="Ids' first digits, from `person faces`.")
]


@person.command("list", epilog="Examples: photo-factory person list · … list --named --json")
def list_(
    named: Annotated[bool, typer.Option("--named", help="Only those who have a name.")] = False,
    as_json: Json = False,
) -> None:
    """List the persons, those with most faces first."""
    from photo_factory.commands.people import show_persons
    from photo_factory.shared import people

    found = people.listed(migrated_engine(load_settings()), only_named=named)
    show_persons(found, as_json=as_json)


@person.command(epilog="Examples: photo-factory person faces Marie · photo-factory person faces")
def faces(
    who: Annotated[
        str | None, typer.Argument(metavar="[PERSON]", help="Without one: the faces of nobody.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the faces of a person, with their photos and ids."""
    from photo_factory.commands.people import show_faces
    from photo_factory.shared import people

    show_faces(people.faces_of(migrated_engine(load_settings()), who), as_json=as_json)


@person.command(epilog="Example: photo-factory person rename 3f9a Marie")
def rename(
    who: Who,
    name: Annotated[str, typer.Argument(help="What they are called; '' takes the name away.")],
    as_json: Json = False,
) -> None:
    """Give a person a name."""
    from photo_factory.shared import people

    people.rename(migrated_engine(load_settings()), who, name)
    _done({"person": who, "name": name or None}, f"{who} is {name or 'nameless'} now", as_json)


@person.command(epilog="Example: photo-factory person merge Marie 7c01 e2b4")
def merge(
    who: Who,
    others: Annotated[list[str], typer.Argument(metavar="PERSON...", help="Who they are, too.")],
    as_json: Json = False,
) -> None:
    """Say that several persons are one; the first one stays, with the name any of them has."""
    from photo_factory.shared import people

    count = people.merge(migrated_engine(load_settings()), who, others)
    _done({"person": who, "faces": count}, f"{who} has {count} faces now", as_json)


@person.command(epilog="Examples: photo-factory person split 51d0 9be2 · … split 51d0 --to Pierre")
def split(
    chosen: Faces,
    to: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Whose they are; or a new person's name.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take faces away from a person, and give them to a new one or to another."""
    from photo_factory.shared import people

    whose = people.split(migrated_engine(load_settings()), chosen, to)
    told = f"{len(chosen)} faces are {to or str(whose)[: people.SHORT]}'s now"
    _done({"person": str(whose), "faces": len(chosen)}, told, as_json)


@person.command("not-a-face", epilog="Example: photo-factory person not-a-face 51d0")
def not_a_face(
    chosen: Faces,
    undo: Annotated[bool, typer.Option("--undo", help="Take that back.")] = False,
    as_json: Json = False,
) -> None:
    """Say that something is no face; it will never be found again."""
    from photo_factory.shared import people

    count = people.not_a_face(migrated_engine(load_settings()), chosen, undo=undo)
    told = f"{count} are {'free for the engine again' if undo else 'no faces, for good'}"
    _done({"faces": count, "is_face": undo}, told, as_json)


@person.command(epilog="Example: photo-factory person recluster")
def recluster(as_json: Json = False) -> None:
    """Group the faces of nameless persons anew; names and what people said stay."""
    from photo_factory.addons.face import engines
    from photo_factory.addons.face.recluster import recluster as group_again
    from photo_factory.shared.errors import SettingsError

    chosen = load_settings()
    if missing := engines.missing_packages(chosen):
        raise SettingsError(missing)
    done = group_again(migrated_engine(chosen), chosen)
    told = f"{done.moved} of {done.faces} faces moved; there are {done.persons} persons"
    _done(vars(done), told, as_json)


def _done(answer: dict[str, object], told: str, as_json: bool) -> None:
    if as_json:
        console.give_json(answer)
    else:
        console.say(told)
