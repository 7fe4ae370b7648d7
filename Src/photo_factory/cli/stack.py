"""Verbs about the stack that `docker compose` runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photo_factory.cli.common import app
from photo_factory.commands import console
from photo_factory.shared.settings.house import project_root


@app.command(epilog="Examples: photo-factory init · photo-factory init --to /srv/photos/Stack/.env")
def init(
    to: Annotated[
        Path | None, typer.Option(help="Where to write it; Stack/.env of the project otherwise.")
    ] = None,
    show_example: Annotated[
        bool, typer.Option("--example", help="Only print what Stack/.env.example is.")
    ] = False,
) -> None:
    """Write the stack's .env: secrets of its own, your user, your time zone."""
    from photo_factory.commands.init import example, write

    if show_example:
        typer.echo(example(), nl=False)
        return
    path = to or project_root() / "Stack" / ".env"
    password = write(path)
    console.say(f"wrote {path}; only you can read it")
    console.say(f"The dashboard's password is  {password}  (only its hash is kept: note it now)")
    console.say("Next: cd Stack && docker compose up -d, then open http://127.0.0.1:8501")
