"""Verbs about copies elsewhere: making targets known, proving copies, bringing them back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from photo_factory.cli.common import Json, app, load_settings
from photo_factory.commands import console

backup = typer.Typer(no_args_is_help=True, help="Copies on other disks and servers.")
app.add_typer(backup, name="backup")

Url = Annotated[str, typer.Argument(help="A folder, sftp://, s3:// or smb:// URL.")]
Sample = Annotated[float, typer.Option(min=0, max=100, help="Percent of the copies to read.")]
Target = Annotated[
    str | None, typer.Option(metavar="URL", help="Only this one, not all of BACKUP_TARGETS.")
]


@app.command(epilog="Examples: photo-factory restore --from /mnt/usb · … --to Storage")
def restore(
    source: Annotated[str, typer.Option("--from", metavar="URL", help="The target to read.")],
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to; else a new folder.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(help="An SQL condition on media_assets; all, without a ledger, if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring files back from a backup, each compared; nothing is ever overwritten."""
    from photo_factory.commands.backup import run_restore

    done = run_restore(load_settings(), source, to, where)
    if as_json:
        console.give_json(done.as_json())
    else:
        for name in ("failed", "unproven"):
            for path in getattr(done, name):
                console.table("", (name,), [(path,)])
        rows = [(name, getattr(done, name)) for name in ("to", "restored", "there_already")]
        console.table("", ("", ""), rows)
    raise typer.Exit(0 if done.all_is_well else 1)


@backup.command(epilog="Example: photo-factory backup init /mnt/usb/photos")
def init(url: Url, as_json: Json = False) -> None:
    """Make a target known: without its marker nothing is written there."""
    from photo_factory.commands.backup import initialise

    name = initialise(load_settings(), url)
    if as_json:
        console.give_json({"target": name})
    else:
        console.say(f"{name} is ready")


@backup.command("run-now", epilog="Example: photo-factory backup run-now")
def run_now() -> None:
    """Copy what is to be copied now, then exit; the same as `photo-factory run backup --once`."""
    from photo_factory.cli.services import run

    run("backup", once=True)


@backup.command(epilog="Examples: photo-factory backup verify · … verify --sample 5")
def verify(sample: Sample = 100.0, target: Target = None, as_json: Json = False) -> None:
    """Read copies back, and mend a damaged copy or original from the other.

    Exit 1 when anything was found, or a target was away.
    """
    from photo_factory.commands.backup import run_verify, show_verified

    found = run_verify(load_settings(), target, sample)
    if as_json:
        console.give_json([one.as_json() for one in found])
    else:
        show_verified(found)
    raise typer.Exit(0 if all(one.all_is_well for one in found) else 1)


@backup.command(epilog="Example: photo-factory backup drill")
def drill(as_json: Json = False) -> None:
    """Restore a random sample from every target for a trial, and compare it."""
    from photo_factory.commands.backup import run_drill

    _tell(run_drill(load_settings()), ("target", "assets", "failed", "message"), as_json)


@backup.command(epilog="Example: photo-factory backup dump")
def dump(as_json: Json = False) -> None:
    """Dump the ledger to every target, proven by restoring it for a trial."""
    from photo_factory.commands.backup import run_dump

    _tell(run_dump(load_settings()), ("target", "path", "message"), as_json)


def _tell(told: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        console.give_json(told)
    else:
        console.table("", columns, [[one.get(name) for name in columns] for one in told])
    raise typer.Exit(0 if all(one["ok"] for one in told) else 1)
