"""The `photo-factory` command: verbs only, no logic."""

from __future__ import annotations

import sys

from photo_factory.cli import (  # noqa: F401 -- each adds its verbs
    alerts,
    archive,
    backup,
    dashboard,
    integrity,
    monitor,
    people,
    safety,
    services,
    stack,
    syncthing,
    work,
)
from photo_factory.cli.common import app
from photo_factory.commands import console
from photo_factory.shared.errors import PhotoFactoryError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command; an error is told in one line and becomes its exit code."""
    try:
        app(prog_name="photo-factory")
    except PhotoFactoryError as error:
        console.say(f"photo-factory: {error}")
        sys.exit(error.exit_code)
