"""Verbs about Syncthing: its doctor, how it is, and adding a phone."""

from __future__ import annotations

from typing import Annotated

import typer

from photo_factory.cli.common import Json, app, load_settings
from photo_factory.commands import console

syncthing = typer.Typer(no_args_is_help=True, help="The way photos come: Syncthing and its phones.")
app.add_typer(syncthing, name="syncthing")

Name = Annotated[str, typer.Argument(help="What the phone is called; its folder in the inbox.")]
DeviceId = Annotated[str, typer.Argument(metavar="ID", help="The phone's device ID.")]


@syncthing.command(epilog="Example: photo-factory syncthing doctor")
def doctor(as_json: Json = False) -> None:
    """Say whether emptying the inbox would delete photos on a phone; 1 when it would."""
    from photo_factory.commands import syncthing as commands

    found = commands.examine(load_settings())
    if as_json:
        console.give_json(commands.as_json(found))
    else:
        commands.show_verdicts(found)
    raise typer.Exit(1 if any(one.verdict == "ERROR" for one in found.verdicts) else 0)


@syncthing.command(epilog="Example: photo-factory syncthing status --json")
def status(as_json: Json = False) -> None:
    """Show Syncthing's folders and phones; 1 when something is wrong with them."""
    from photo_factory.commands import syncthing as commands

    found = commands.examine(load_settings())
    if as_json:
        console.give_json(commands.as_json(found))
    else:
        commands.show_status(found)
    raise typer.Exit(1 if found.status == "ERROR" else 0)


@syncthing.command(
    epilog="Example: photo-factory syncthing add-device pixel-7 MFZWI3D-BONSGYC-YLTMRWG-…"
)
def add_device(name: Name, device_id: DeviceId, as_json: Json = False) -> None:
    """Take a phone's photos into inbox/NAME, Receive Only; says what to do on the phone."""
    from photo_factory.commands import syncthing as commands

    added = commands.add(load_settings(), name, device_id)
    if as_json:
        console.give_json(added.as_json())
    else:
        commands.show_added(added)
