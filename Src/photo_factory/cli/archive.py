"""Verbs about the archive: filing into it, explaining what was filed, proving it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photo_factory.cli.common import Json, app, load_settings, migrated_engine, stop_event
from photo_factory.commands import console


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

    stop = stop_event()
    summary = run_ingest(load_settings(), paths or [], once=once, keep=keep or None, stop=stop)
    if as_json:
        console.give_json(summary.as_json())
    else:
        rows = [(name, value) for name, value in summary.as_json().items()]
        console.table("", ("", ""), rows)
    raise typer.Exit(0 if summary.all_went_well and not stop.is_set() else 1)


@app.command(epilog="Examples: photo-factory explain IMG_1.jpg · photo-factory explain 3f9a")
def explain(
    what: Annotated[str, typer.Argument(metavar="FILE|ID", help="A file, an asset's id or hash.")],
    as_json: Json = False,
) -> None:
    """Show every date and place found for a file, which was chosen, and why."""
    from photo_factory.librarian.explain import explain_asset, explain_file

    chosen = load_settings()
    path = Path(what)
    if path.is_file():
        explanation = explain_file(path, chosen)
    else:
        explanation = explain_asset(migrated_engine(chosen), what)
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

    findings = run_verify(load_settings(), sample=sample, rebuild=rebuild)
    if as_json:
        console.give_json(findings.as_json())
    else:
        console.show_findings(findings.as_json())
    raise typer.Exit(0 if findings.all_is_well else 1)
