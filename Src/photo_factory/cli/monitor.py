"""Verbs of the service-monitor."""

from __future__ import annotations

from typing import Annotated

import typer

from photo_factory.cli.common import Json, app, load_settings, migrated_engine
from photo_factory.commands import console


@app.command(epilog="Examples: photo-factory cleanup --dry-run · photo-factory cleanup --json")
def cleanup(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Thin the history of heartbeats, and remove what is too old; done every night by itself."""
    from photo_factory.monitor.cleanup import cleanup as clean
    from photo_factory.shared import clock

    chosen = load_settings()
    engine = migrated_engine(chosen)
    with console.counting("history") as bar:
        task = bar.task_ids[0]

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        cleaned = clean(engine, chosen, clock.now(), dry_run=dry_run, told=told)
    if as_json:
        console.give_json(cleaned.as_json())
        return
    verb = "would go" if dry_run else "went"
    console.say(
        f"{cleaned.thinned:,} heartbeats older than {chosen.history_days} days {verb} (one an hour "
        f"stays), {cleaned.removed:,} older than {chosen.history_hourly_days} days {verb} too"
    )
