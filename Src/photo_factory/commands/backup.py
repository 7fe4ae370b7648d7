"""What `photo-factory backup` and `photo-factory restore` do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, select

from photo_factory.addons.backup import copying, drill, dumps, restoring, urls
from photo_factory.addons.backup.targets import Target, open_target, open_targets
from photo_factory.addons.backup.verifying import Verified, Verify
from photo_factory.commands import console
from photo_factory.librarian import collision_handler
from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError, SettingsError, TryLater
from photo_factory.shared.facts import Asset, assets
from photo_factory.shared.files import exclusive_lock, make_folder
from photo_factory.shared.ledger.database import away, connect, migrate, reading
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.settings import Settings

LOCK_S = 60.0
"""How long a Librarian that is filing is waited for."""


class Busy(PhotoFactoryError):
    """The Librarian is filing; no target is at fault."""


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
        for name in ("copies_mended", "originals_mended", "lost"):
            for path in getattr(one, name):
                console.table("", (name.replace("_", " "),), [(path,)])
        if one.away:
            console.say(one.away)
        console.table("", ("", ""), [(n, getattr(one, n)) for n in ("target", "checked", "bytes")])


@dataclass
class Mender:
    """Mends originals from copies, in the Librarian's place: only it writes in the archive."""

    settings: Settings
    engine: Engine

    def __call__(self, asset: Asset, target: Target, path: str) -> None:
        """Put a proven copy in the place of a damaged original, which goes into quarantine."""
        paths = Paths.of(self.settings)
        with _as_librarian(paths):
            with away(), reading(self.engine) as connection:
                now = connection.scalar(select(assets.c.final_path).where(assets.c.id == asset.id))
            if now != asset.final_path:
                raise PhotoFactoryError(f"{asset.final_path} was filed elsewhere: verify again")
            make_folder(asset.path.parent)
            partial = asset.path.with_name(f".{uuid4().hex}.partial")
            try:
                if target.fetch(path, partial) != asset.file_hash:
                    raise TryLater(f"{target.name} gives {path} back differently each time")
                collision_handler.set_aside(asset.path, paths.quarantine)
                restoring.place(partial, asset.path)
            finally:
                partial.unlink(missing_ok=True)


@contextmanager
def _alone_in(to: Path, paths: Paths) -> Iterator[None]:
    """Into the archive itself only what holds the Librarian's lock may write."""
    if to.resolve() != paths.storage.resolve():
        yield
        return
    with _as_librarian(paths):
        yield


@contextmanager
def _as_librarian(paths: Paths) -> Iterator[None]:
    until = time.monotonic() + LOCK_S
    while True:
        with exclusive_lock(paths.journal / "lock") as is_alone:
            if is_alone:
                yield
                return
        if time.monotonic() > until:
            raise Busy(f"a Librarian is filing into {paths.storage}: stop it, then try again")
        time.sleep(0.2)


def _ledger(settings: Settings) -> Engine:
    engine = connect(database_url(settings))
    migrate(engine)
    return engine
