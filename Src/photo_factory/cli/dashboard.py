"""The verb of the dashboard."""

from __future__ import annotations

from typing import Annotated

import typer

from photo_factory.cli.common import app, load_settings, stop_event
from photo_factory.commands import console


@app.command(epilog="Example: photo-factory dashboard --hash")
def dashboard(
    make_hash: Annotated[
        bool, typer.Option("--hash", help="Ask for a password, and print what the settings want.")
    ] = False,
) -> None:
    """See it all in a browser, on this machine or, with a password, on the phone."""
    from photo_factory import registry
    from photo_factory.commands.supervisor import end_with_supervisor
    from photo_factory.dashboard import access
    from photo_factory.dashboard.doors import hashed

    if make_hash:
        given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        console.give_lines([hashed(given)])
        return
    chosen = load_settings("dashboard")
    console.say(f"The dashboard      {access.address(chosen)}        (Ctrl-C stops it)")
    stop = stop_event()
    end_with_supervisor()
    raise typer.Exit(0 if registry.find("dashboard").runner()(chosen, stop, False) else 1)
