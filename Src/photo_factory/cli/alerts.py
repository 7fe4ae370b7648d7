"""Verbs about alerts: try them, and see what was told."""

from __future__ import annotations

from typing import Annotated

import typer

from photo_factory.cli.common import Json, app, load_settings, migrated_engine
from photo_factory.commands import console

alerts = typer.Typer(help="Try the alerts, and see what people were told.", no_args_is_help=True)
app.add_typer(alerts, name="alerts")


@alerts.command(epilog="Example: ALERT_URLS=ntfy://ntfy.sh/my-topic photo-factory alerts test")
def test() -> None:
    """Send a message to every address of ALERT_URLS; exit 1 when one did not take it."""
    from photo_factory.monitor.sending import ways

    found = ways(load_settings())
    if not found:
        console.say("no ALERT_URLS are set: nobody would be told (docs/MONITORING.md, Alerts)")
        raise typer.Exit(1)
    title, text = "Photo Factory: a test", "If you can read this, alerts reach you."
    problems = [problem for way in found if (problem := way.send(title, text))]
    console.say("; ".join(problems) or "sent: it should be with you in a moment")
    raise typer.Exit(1 if problems else 0)


@alerts.command("list", epilog="Example: photo-factory alerts list --json")
def listed(
    number: Annotated[int, typer.Option(help="How many of the newest.", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """List what people were told, the newest first."""
    from photo_factory.commands.alerts import newest

    rows = newest(migrated_engine(load_settings()), number)
    if as_json:
        console.give_json([row.as_json() for row in rows])
        return
    columns = ("when", "who", "was", "is", "message", "told")
    console.table("", columns, [row.as_row() for row in rows])
