"""The `photo-factory` command: verbs only, no logic."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photo_factory.commands import console
from photo_factory.shared import logs, settings
from photo_factory.shared.errors import LedgerAway, PhotoFactoryError
from photo_factory.shared.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(
    name="photo-factory",
    help="Files a household's photos safely, and keeps the ledger that proves it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Json = Annotated[bool, typer.Option("--json", help="Give the answer as JSON, alone on stdout.")]
Service = Annotated[str, typer.Argument(help="A name from `photo-factory services`.")]


def main() -> None:
    """Run the command; an error is told in one line and becomes its exit code."""
    try:
        app(prog_name="photo-factory")
    except PhotoFactoryError as error:
        console.say(f"photo-factory: {error}")
        sys.exit(error.exit_code)


@app.command(epilog="Examples: photo-factory ingest · photo-factory ingest ~/Pictures --keep")
def ingest(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Collections to file instead of the inbox."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Only what is there now, not what arrives meanwhile.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave every file where it is as well.")
    ] = False,
    as_json: Json = False,
) -> None:
    """File what is in the inbox, or in a collection, and exit when nothing is left to settle."""
    from photo_factory.commands.ingest import run_ingest

    stop = _stop_event()
    summary = run_ingest(_settings(), paths or [], once=once, keep=keep or None, stop=stop)
    if as_json:
        console.give_json(summary.as_json())
    else:
        rows = [(name, value) for name, value in summary.as_json().items()]
        console.table("", ("", ""), rows)
    raise typer.Exit(0 if summary.all_went_well and not stop.is_set() else 1)


@app.command(epilog="Example: photo-factory run librarian")
def run(
    service: Service,
    once: Annotated[bool, typer.Option("--once", help="One round of work, then exit.")] = False,
) -> None:
    """Run one service until it is told to stop."""
    from photo_factory import registry
    from photo_factory.commands.supervisor import end_with_supervisor

    runner, stop = registry.find(service).runner(), _stop_event()
    end_with_supervisor()
    went_well = runner(_settings(service), stop, once)
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
    from photo_factory.registry import SERVICES
    from photo_factory.shared.ledger.database import redacted
    from photo_factory.shared.paths import Paths, database_url

    chosen = _settings("up")
    try:
        _migrated_engine(chosen)
    except LedgerAway as error:
        console.say(f"{error}; photos are filed all the same, and entered when it is back")
    console.say(f"Drop photos into   {Paths.of(chosen).inbox}")
    console.say(f"Find them in       {Paths.of(chosen).originals}")
    console.say(f"The ledger is      {redacted(database_url(chosen))}")
    console.say("See how it goes    photo-factory status        (Ctrl-C stops everything)")
    supervise(list(SERVICES), _stop_event())


@app.command()
def status(as_json: Json = False) -> None:
    """Say how the services are and what became of the photos; exit 1 when a light is not green."""
    from photo_factory.commands.status import counts, service_states

    engine = _migrated_engine(_settings())
    states, numbers = service_states(engine), counts(engine)
    if as_json:
        console.give_json({"services": [one.as_json() for one in states], **numbers})
    else:
        rows = [
            (o.name, o.state, o.current_task, o.shown_age, o.restarts, o.message) for o in states
        ]
        columns = ("service", "state", "task", "last beat ago", "restarts", "message")
        console.table("", columns, rows)
        ends = ", ".join(f"{state} {number}" for state, number in numbers["arrivals"].items())
        console.table("", ("", ""), [("assets", numbers["assets"]), ("arrivals", ends or "none")])
    raise typer.Exit(0 if all(one.state == "OK" for one in states) else 1)


@app.command()
def migrate() -> None:
    """Bring the ledger to the shape this program needs; every other command does so too."""
    from photo_factory.shared.ledger import database
    from photo_factory.shared.paths import database_url

    url = database_url(_settings())
    changed = database.migrate(database.connect(url))
    console.say(f"{database.redacted(url)}: {'migrated' if changed else 'up to date'}")


@app.command(epilog="Example: photo-factory healthcheck librarian && echo alive")
def healthcheck(service: Service) -> None:
    """Exit 1 when the service's last sign of life is older than allowed, or an error."""
    from photo_factory import registry
    from photo_factory.commands.status import service_states

    registry.find(service)
    states = {one.name: one for one in service_states(_migrated_engine(_settings()))}
    state = states[service]
    console.say(f"{service}: {state.state} ({state.current_task}) {state.message or ''}")
    raise typer.Exit(1 if state.state in ("SILENT", "ERROR") else 0)


@app.command(epilog="Examples: photo-factory explain IMG_1.jpg · photo-factory explain 3f9a")
def explain(
    what: Annotated[str, typer.Argument(metavar="FILE|ID", help="A file, an asset's id or hash.")],
    as_json: Json = False,
) -> None:
    """Show every date and place found for a file, which was chosen, and why."""
    from photo_factory.librarian.explain import explain_asset, explain_file

    chosen = _settings()
    path = Path(what)
    if path.is_file():
        explanation = explain_file(path, chosen)
    else:
        explanation = explain_asset(_migrated_engine(chosen), what)
    if as_json:
        console.give_json(explanation)
    else:
        console.show_explanation(explanation)


@app.command(epilog="Examples: photo-factory verify · photo-factory verify --sample 5 --json")
def verify(
    as_json: Json = False,
    sample: Annotated[
        float, typer.Option(min=0, max=100, help="Percent of the assets whose bytes are read.")
    ] = 100.0,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="First make the ledger anew from the archive alone.")
    ] = False,
) -> None:
    """Re-hash the archive against the ledger; exit 1 when anything differs."""
    from photo_factory.commands.verify import run_verify

    findings = run_verify(_settings(), sample=sample, rebuild=rebuild)
    if as_json:
        console.give_json(findings.as_json())
    else:
        console.show_findings(findings.as_json())
    raise typer.Exit(0 if findings.all_is_well else 1)


@app.command()
def config(as_json: Json = False) -> None:
    """Show every setting, its value and where it came from."""
    rows = settings.explained(_settings())
    if as_json:
        console.give_json([vars(row) for row in rows])
        return
    columns = ("setting", "value", "from", "what it does")
    console.table("", columns, [(r.name, r.value, r.source, r.description) for r in rows])


def _settings(service: str = "photo-factory") -> Settings:
    chosen = settings.load()
    logs.configure(chosen.log_level, service=service)
    return chosen


def _migrated_engine(chosen: Settings) -> Engine:
    from photo_factory.shared.ledger.database import connect, migrate
    from photo_factory.shared.paths import database_url

    engine = connect(database_url(chosen))
    migrate(engine)
    return engine


def _stop_event() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set, so that the file in hand can be finished.

    So does the end of the terminal, where `nohup` does not say that it is not to be heeded.
    """
    stop = threading.Event()
    heeds_hangups = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    for number in (signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if heeds_hangups else [])):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop
