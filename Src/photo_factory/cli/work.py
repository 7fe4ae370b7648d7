"""Verbs about the add-ons' work: what is parked, trying again, doing again."""

from __future__ import annotations

from typing import Annotated

import typer

from photo_factory.cli.common import Json, Service, app, load_settings, migrated_engine
from photo_factory.commands import console

OfService = Annotated[str | None, typer.Option("--service", help="Only this add-on's.")]


@app.command(epilog="Examples: photo-factory parked · photo-factory parked --service thumbnail")
def parked(service: OfService = None, as_json: Json = False) -> None:
    """List what services gave up on, and why."""
    from photo_factory import registry
    from photo_factory.shared import runs

    if service:
        registry.addon(service)
    found = runs.parked(migrated_engine(load_settings()), service)
    if as_json:
        console.give_json([one.as_json() for one in found])
        return
    rows = [
        (o.service, o.final_path, o.reason, o.parked_at.isoformat(" ", "seconds")) for o in found
    ]
    console.table("", ("service", "file", "why", "parked at"), rows)
    if found:
        console.say("mend the cause, then: photo-factory retry [--service NAME] [--asset FILE]")


@app.command(epilog="Examples: photo-factory retry · photo-factory retry --service face")
def retry(
    service: OfService = None,
    asset: Annotated[
        str | None,
        typer.Option(help="Only this asset: its file as `parked` shows it, its id or hash."),
    ] = None,
) -> None:
    """Let services try again what failed, at once and with all tries."""
    from photo_factory import registry
    from photo_factory.shared import runs

    if service:
        registry.addon(service)
    chosen = load_settings()
    count = runs.retry(migrated_engine(chosen), chosen, service, asset)
    console.say(f"{count} runs are tried again")


@app.command(epilog="Example: photo-factory redo thumbnail --where \"captured_at > '2024-01-01'\"")
def redo(
    service: Service,
    where: Annotated[
        str | None, typer.Option(help="An SQL condition on media_assets; all where it is left out.")
    ] = None,
) -> None:
    """Lower a service's flag, so that it does its work again."""
    from photo_factory import registry
    from photo_factory.shared import runs

    chosen = load_settings()
    count = runs.redo(migrated_engine(chosen), chosen, registry.addon(service), where)
    console.say(f"{count} assets will be done again by {service}")
