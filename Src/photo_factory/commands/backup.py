"""What `photo-factory backup` and `photo-factory restore` do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from photo_factory.addons.backup import copying, drill, dumps, restoring, urls
from photo_factory.addons.backup.repairing import Mender, as_librarian
from photo_factory.addons.backup.targets import Target, open_target, open_targets
from photo_factory.addons.backup.verifying import Verified, Verify
from photo_factory.commands import console
from photo_factory.shared import clock
from photo_factory.shared.errors import SettingsError, TryLater
from photo_factory.shared.ledger.database import connect, migrate
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.roots import Guard
from photo_factory.shared.settings import Settings


def targets_of(settings: Settings, url: str | None = None) -> list[Target]:
    """One target, or all of BACKUP_TARGETS; SettingsError where there is none."""
    found = [open_target(url, settings)] if url else open_targets(settings)
    if not found:
        raise SettingsError("no BACKUP_TARGETS are set; see docs/BACKUP.md")
    return found


def initialise(settings: Settings, url: str) -> str:
    """Make a target known; its name without secrets."""
    target = open_target(url, settings)
    target.initialise()
    target.check()
    if url not in urls.urls(settings):
        console.say(f"now add it to BACKUP_TARGETS: {target.name}")
    return target.name


def run_restore(settings: Settings, url: str, to: Path | None, where: str | None) -> Any:
    """Bring everything back, or what a condition on media_assets chooses."""
    target = open_target(url, settings)
    chosen_to = to or restoring.new_folder(settings.root, str(clock.now().date()))
    with console.progress("restoring") as bar, _alone_in(chosen_to, Paths.of(settings)):
        task = bar.task_ids[0]
        restore = restoring.Restore(
            target, chosen_to, settings.workers, told=lambda size: bar.advance(task, size)
        )
        if where:
            return restore.run(restoring.chosen(_ledger(settings), where))
        done = restore.run([*restoring.listed(target), *restoring.listed(target, dumps.FOLDER)])
        restore.lists()
        restore.lists(dumps.FOLDER)
    return done


def run_verify(settings: Settings, url: str | None, sample: float) -> list[Verified]:
    """Read copies back, mending on either side; a target that is away is told in its answer."""
    engine = _ledger(settings)
    Guard(settings, Paths.of(settings), engine).check()
    mender = Mender(settings, engine)
    found = []
    with console.progress("reading copies") as bar:
        task = bar.task_ids[0]
        for target in targets_of(settings, url):
            verify = Verify(target, engine, settings, mender, sample)
            verify.told = lambda size: bar.advance(task, size)
            found.append(verify.run())
    copying.flush()
    return found


def run_drill(settings: Settings) -> list[dict[str, Any]]:
    """A restore drill of every target; one that is away is told in its row."""
    engine = _ledger(settings)
    return [_drilled(target, engine, settings) for target in targets_of(settings)]


def _drilled(target: Target, engine: Engine, settings: Settings) -> dict[str, Any]:
    try:
        told = drill.run(target, engine, settings)
    except TryLater as error:
        return {"target": target.name, "ok": False, "message": str(error)}
    told["finished_at"] = told["finished_at"].isoformat()
    return {**told, "ok": not told["failed"]}


def run_dump(settings: Settings) -> list[dict[str, Any]]:
    """A dump of the ledger to every target."""
    return dumps.run(targets_of(settings), _ledger(settings), settings)


def show_verified(found: list[Verified]) -> None:
    """What was mended and lost, then the counts."""
    for one in found:
        for name in ("copies_mended", "originals_mended", "lost", "failed"):
            for path in getattr(one, name):
                console.table("", (name.replace("_", " "),), [(path,)])
        if one.away:
            console.say(one.away)
        console.table("", ("", ""), [(n, getattr(one, n)) for n in ("target", "checked", "bytes")])


@contextmanager
def _alone_in(to: Path, paths: Paths) -> Iterator[None]:
    """Into the archive itself only what holds the Librarian's lock may write."""
    if to.resolve() != paths.storage.resolve():
        yield
        return
    with as_librarian(paths):
        yield


def _ledger(settings: Settings) -> Engine:
    engine = connect(database_url(settings))
    migrate(engine)
    return engine
