"""Verbs about the services: running them, and how they are."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from photo_factory.cli.common import Json, Service, app, load_settings, migrated_engine, stop_event
from photo_factory.commands import console
from photo_factory.shared import settings
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.paths import Paths


@app.command(epilog="Examples: photo-factory run librarian · photo-factory run thumbnail --once")
def run(
    service: Service,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is to be done now, then exit.")
    ] = False,
) -> None:
    """Run one service until it is told to stop; `--once` shows how far it is."""
    from photo_factory import registry
    from photo_factory.commands.run import run_service
    from photo_factory.commands.supervisor import end_with_supervisor

    entry, stop = registry.find(service), stop_event()
    end_with_supervisor()
    went_well = run_service(entry, load_settings(service), stop, once=once)
    raise typer.Exit(0 if went_well else 1)


@app.command()
def services(as_json: Json = False) -> None:
    """List the services that exist."""
    from photo_factory.registry import SERVICES

    if as_json:
        console.give_json([{"name": one.name, "purpose": one.purpose} for one in SERVICES.values()])
        return
    console.table("", ("service", "what it does"), [(o.name, o.purpose) for o in SERVICES.values()])


@app.command()
def up() -> None:
    """Run every service, start again what dies, and stop all of it on Ctrl-C."""
    from photo_factory.commands.supervisor import supervise
    from photo_factory.dashboard import access
    from photo_factory.registry import SERVICES
    from photo_factory.shared.ledger.database import redacted
    from photo_factory.shared.paths import database_url

    chosen = load_settings("up")
    access.check(chosen)
    try:
        migrated_engine(chosen)
    except LedgerAway as error:
        console.say(f"{error}; photos are filed all the same, and entered when it is back")
    console.say(f"Drop photos into   {Paths.of(chosen).inbox}")
    console.say(f"Find them in       {Paths.of(chosen).originals}")
    console.say(f"The ledger is      {redacted(database_url(chosen))}")
    console.say(f"See how it goes    {access.address(chosen)}")
    console.say("or                 photo-factory status        (Ctrl-C stops everything)")
    supervise(list(SERVICES), stop_event(), Paths.of(chosen).services)


@app.command()
def status(as_json: Json = False) -> None:
    """Say how the services are and what became of the photos; exit 1 when a light is not green."""
    from photo_factory.commands.status import counts, flag_progress, service_states, show_progress

    chosen = load_settings()
    engine = migrated_engine(chosen)
    flags = flag_progress(engine, chosen)
    states, numbers = service_states(engine), counts(engine)
    if as_json:
        told = {"services": [one.as_json() for one in states], **numbers}
        console.give_json({**told, "flags": [one.as_json() for one in flags]})
    else:
        rows = [
            (o.name, o.state, o.current_task, o.shown_age, o.restarts, o.message) for o in states
        ]
        columns = ("service", "state", "task", "last beat ago", "restarts", "message")
        console.table("", columns, rows)
        ends = ", ".join(f"{state} {number}" for state, number in numbers["arrivals"].items())
        console.table("", ("", ""), [("assets", numbers["assets"]), ("arrivals", ends or "none")])
        show_progress(flags)
    raise typer.Exit(0 if all(one.state == "OK" for one in states) else 1)


@app.command(epilog="Example: photo-factory healthcheck librarian && echo alive")
def healthcheck(service: Service) -> None:
    """Exit 1 when the service's last sign of life is older than allowed, or an error."""
    from photo_factory import registry
    from photo_factory.commands.status import service_states

    registry.find(service)
    states = {one.name: one for one in service_states(migrated_engine(load_settings()))}
    state = states[service]
    console.say(f"{service}: {state.state} ({state.current_task}) {state.message or ''}")
    raise typer.Exit(1 if state.state in ("SILENT", "ERROR") else 0)


@app.command()
def migrate() -> None:
    """Make the folders and bring the ledger to the shape this program needs."""
    from photo_factory.commands.migrate import let_reader_in, make_folders, refuse_a_split
    from photo_factory.shared.ledger import database
    from photo_factory.shared.paths import database_url

    chosen = load_settings()
    refuse_a_split(Paths.of(chosen), os.environ)
    make_folders(Paths.of(chosen))
    url = database_url(chosen)
    engine = database.connect(url)
    changed = database.migrate(engine)
    console.say(f"{database.redacted(url)}: {'migrated' if changed else 'up to date'}")
    if let_reader_in(engine, chosen):
        console.say("factory_reader may log in, and read")


@app.command()
def config(as_json: Json = False) -> None:
    """Show every setting, its value and where it came from."""
    rows = settings.explained(load_settings())
    if as_json:
        console.give_json([vars(row) for row in rows])
        return
    columns = ("setting", "value", "from", "what it does")
    console.table("", columns, [(r.name, r.value, r.source, r.description) for r in rows])
