"""Verbs about the originals: reading them again, repairing, correcting, and what stands still."""

from __future__ import annotations

from typing import Annotated

import typer

from photo_factory.cli.common import Json, app, load_settings, migrated_engine, stop_event
from photo_factory.commands import console

breakers = typer.Typer(invoke_without_command=True, help="What stands still, and why.")
app.add_typer(breakers, name="breakers")

Sample = Annotated[
    str, typer.Option(metavar="N%", help="Percent of the originals to read; one at least.")
]


@app.command(epilog="Examples: photo-factory integrity · photo-factory integrity --sample 5%")
def integrity(sample: Sample = "100%", as_json: Json = False) -> None:
    """Read the originals again and compare; exit 1 when one of them is not what was filed."""
    from photo_factory.commands.integrity import run_round

    try:
        percent = float(sample.removesuffix("%"))
    except ValueError:
        percent = -1
    if not 0 <= percent <= 100:
        raise typer.BadParameter(f"{sample!r} is no percentage such as 5%", param_hint="--sample")
    stop = stop_event()
    chosen = load_settings()
    looked = run_round(chosen, migrated_engine(chosen), percent, stop)
    if as_json:
        console.give_json(looked.as_json())
    else:
        for name in ("changed", "missing", "unreadable"):
            for path in getattr(looked, name):
                console.table("", (name,), [(path,)])
        rows = [(name, getattr(looked, name)) for name in ("assets", "hashed", "bytes")]
        console.table("", ("", ""), rows)
    raise typer.Exit(0 if looked.all_is_well and not stop.is_set() else 1)


@app.command(epilog="Example: photo-factory findings")
def findings(as_json: Json = False) -> None:
    """List the originals that are not what was filed; exit 1 when there are any."""
    from photo_factory.shared import findings as shared_findings

    found = shared_findings.listed(migrated_engine(load_settings()))
    if as_json:
        console.give_json([one.as_json() for one in found])
    elif found:
        for one in found:
            told = f"{one.final_path}\n  {one.kind} since {one.since}: {one.next_step}"
            console.answer.print(told, markup=False, highlight=False, soft_wrap=True)
    else:
        console.say("no original is known to be wrong")
    raise typer.Exit(1 if found else 0)


@app.command(epilog="Examples: photo-factory repair --all · photo-factory repair --asset 3f9a")
def repair(
    asset: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Only this one: its whole id or path, or how its hash begins."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are found wrong.")] = False,
    as_json: Json = False,
) -> None:
    """Make damaged and missing originals whole again from proven backup copies."""
    from photo_factory.commands.integrity import run_repair

    if bool(asset) == everything:
        raise typer.BadParameter("name one with --asset, or say --all")
    chosen = load_settings()
    told = run_repair(chosen, migrated_engine(chosen), asset)
    if as_json:
        console.give_json(told)
    else:
        console.table("", ("", ""), list(told.items()))
    raise typer.Exit(1 if told["not_repaired"] else 0)


@breakers.callback()
def list_breakers(context: typer.Context, as_json: Json = False) -> None:
    """List what stands still, with the reasons; exit 1 when there is anything."""
    if context.invoked_subcommand:
        return
    from photo_factory.shared.breakers import tripped

    found = tripped(migrated_engine(load_settings()))
    if as_json:
        console.give_json(found)
    elif found:
        console.table("", ("breaker", "reason"), list(found.items()))
    else:
        console.say("nothing stands still")
    raise typer.Exit(1 if found else 0)


@breakers.command(epilog="Example: photo-factory breakers reset archive")
def reset(
    name: Annotated[str, typer.Argument(help="A name from `photo-factory breakers`.")],
    as_json: Json = False,
) -> None:
    """Let something go on. For `archive`, this says that it is right as it stands now."""
    from photo_factory.commands.integrity import reset_breaker

    chosen = load_settings()
    was_tripped = reset_breaker(chosen, migrated_engine(chosen), name)
    if as_json:
        console.give_json({"breaker": name, "was_tripped": was_tripped})
    else:
        console.say(f"{name} {'goes on' if was_tripped else 'was not tripped'}")


@app.command(
    epilog="Examples: photo-factory correct 3f9a --date '2023-12-25 12:34' --offset +01:00 · "
    "photo-factory correct 3f9a --place 50.11,8.68 · photo-factory correct --undo 7"
)
def correct(
    asset: Annotated[str | None, typer.Argument(help="An asset's id, path or hash.")] = None,
    date: Annotated[str | None, typer.Option(help="The wall clock where it was taken.")] = None,
    offset: Annotated[str | None, typer.Option(help="That clock's distance from UTC.")] = None,
    place: Annotated[
        str | None, typer.Option(metavar="LAT,LON|none", help="Degrees north, degrees east.")
    ] = None,
    undo: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Take this correction back.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say when or where a photo was taken: the Librarian re-files it. Alone: list what was said."""
    from photo_factory.commands import integrity as act

    if undo is not None and (asset, date, offset, place) != (None,) * 4:
        raise typer.BadParameter("--undo names a correction, which knows the rest: give it alone")
    if offset is not None and date is None:
        raise typer.BadParameter("--offset says how a --date is meant: give both")
    engine = migrated_engine(load_settings())
    if undo is not None:
        number = act.undo(engine, undo)
    elif asset is None:
        raise typer.BadParameter("name an asset, or a correction with --undo")
    elif date is None and place is None:
        _show_corrections(act.corrections_of(engine, asset), as_json)
        return
    else:
        number = act.correct(engine, asset, date, offset, place)
    if as_json:
        console.give_json({"correction": number})
    else:
        console.say(f"correction {number} is noted: the Librarian re-files the photo")


def _show_corrections(found: list[dict[str, object]], as_json: bool) -> None:
    columns = ("id", "asked_at", "asked_by", "captured_at", "location", "applied_at", "problem")
    if as_json:
        shown = [{name: one[name] for name in columns} for one in found]
        console.give_json([{n: v and str(v) for n, v in one.items()} for one in shown])
    else:
        console.table("", columns, [[one[name] for name in columns] for one in found])
