"""The verb `safe-to-delete`."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Annotated

import typer

from photo_factory.cli.common import Json, app, load_settings, migrated_engine
from photo_factory.commands import console

if TYPE_CHECKING:
    from datetime import datetime

    from photo_factory.shared.safety import Answer, Demands


@app.command(
    epilog="Examples: photo-factory safe-to-delete --device pixel-7 · "
    "photo-factory safe-to-delete --device pixel-7 --list > safe.txt"
)
def safe_to_delete(
    device: Annotated[
        str | None, typer.Option(help="Only files of this device: the inbox's first folder.")
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, help="Original hashed and copies verified so many days ago at most."),
    ] = None,
    copies: Annotated[
        int | None, typer.Option(min=0, help="So many targets hold a verified copy.")
    ] = None,
    only_list: Annotated[
        bool, typer.Option("--list", help="Print the safe paths alone, one a line.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say which files are safe to delete from a phone, and why the others are not."""
    from photo_factory.shared.safety import Answer, Demands, last_drill, safe_paths, verdicts

    chosen = load_settings()
    engine = migrated_engine(chosen)
    demands = Demands(days or chosen.safe_days, chosen.safe_copies if copies is None else copies)
    answer, drill = Answer(), last_drill(engine)
    judged = answer.counting(verdicts(engine, demands, device))
    if as_json:
        head = {"device": device, "demands": vars(demands)}
        head |= {"last_drill": drill.isoformat() if drill else None}
        console.give_long_json(head, "files", (verdict.as_json() for verdict in judged))
    elif only_list:
        console.give_lines(safe_paths(judged))
    else:
        deque(judged, maxlen=0)
        _show(answer, demands, drill)
    raise typer.Exit(0 if answer.safe and not answer.not_safe else 1)


def _show(answer: Answer, demands: Demands, drill: datetime | None) -> None:
    gigabytes = f"{answer.safe_bytes / 1e9:.2f} GB"
    rows = [("safe to delete", answer.safe, gigabytes), ("not safe", answer.not_safe, "")]
    rows += [("", count, reason) for reason, count in answer.reasons.most_common()]
    console.table("", ("", "files", ""), rows)
    drilled = f"{drill:%Y-%m-%d %H:%M} UTC" if drill else "never"
    console.say(
        f"safe means: filed, and within {demands.days} days hashed, with {demands.copies} "
        f"copies verified. Last restore drill that went well: {drilled}"
    )
