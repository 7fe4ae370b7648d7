"""Repairs that were asked for: originals made whole again from copies that are proven."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, select

from photo_factory.addons.backup import copies, restoring
from photo_factory.addons.backup.targets import Corrupted, Target, open_targets
from photo_factory.addons.backup.verifying import hash_here
from photo_factory.shared import findings, manifest
from photo_factory.shared.errors import LedgerAway, PhotoFactoryError, TryLater
from photo_factory.shared.facts import Asset, assets
from photo_factory.shared.files import exclusive_lock, make_folder, set_aside
from photo_factory.shared.journal import Journal
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.paths import Paths
from photo_factory.shared.roots import Guard
from photo_factory.shared.rows import COLUMNS, Row
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

LOCK_S = 60.0
"""How long a Librarian that is filing is waited for."""


class Busy(PhotoFactoryError):
    """The Librarian is filing; no target is at fault."""


class FiledElsewhere(PhotoFactoryError):
    """The Librarian re-filed it while it was looked at: what was seen there says nothing now."""


@dataclass
class Mender:
    """Mends originals from copies, in the Librarian's place: only it writes in the archive."""

    settings: Settings
    engine: Engine

    def __call__(self, asset: Asset, target: Target, path: str) -> None:
        """Put a proven copy in the place of a damaged original, which goes into quarantine."""
        paths = Paths.of(self.settings)
        Guard(self.settings, paths, self.engine).check()
        with as_librarian(paths):
            _expect_it_there(asset, self.engine)
            if hash_here(asset) != asset.file_hash:  # else somebody else was quicker
                _note_work_in(asset, paths)
                self._bring(asset, target, path, paths.quarantine)
            _let_its_day_speak_of_it(asset, self.engine)

    @staticmethod
    def _bring(asset: Asset, target: Target, path: str, quarantine: Path) -> None:
        make_folder(asset.path.parent)
        partial = asset.path.with_name(f".{uuid4().hex}.partial")
        try:
            if target.fetch(path, partial) != asset.file_hash:
                raise TryLater(f"{target.name} gives {path} back differently each time")
            set_aside(asset.path, quarantine)
            restoring.place(partial, asset.path)
        finally:
            partial.unlink(missing_ok=True)


def _expect_it_there(asset: Asset, engine: Engine) -> None:
    """Whether it has moved on is certain only under the lock."""
    if _row(asset, engine)["final_path"] != asset.final_path:
        raise FiledElsewhere(f"{asset.final_path} was filed elsewhere: verify again")


def _note_work_in(asset: Asset, paths: Paths) -> None:
    """Have the Librarian clear what a crash leaves there, though nobody asks for it again."""
    with closing(Journal(paths.journal)) as journal:
        journal.work_in(paths.in_ledger(asset.path.parent))


def _let_its_day_speak_of_it(asset: Asset, engine: Engine) -> None:
    """The lists may have been lost with the photo; only who holds the lock may write them."""
    row = _row(asset, engine)
    if not manifest.knows(asset.path.parent, row):
        manifest.amend(asset.path.parent, present=[row])


def _row(asset: Asset, engine: Engine) -> Row:
    """What the Librarian wrote of it."""
    query = select(*(assets.c[name] for name in COLUMNS)).where(assets.c.id == asset.id)
    with away(), reading(engine) as connection:
        return dict(connection.execute(query).one()._mapping)


@contextmanager
def as_librarian(paths: Paths) -> Iterator[None]:
    """Hold the Librarian's lock; Busy when it goes on filing for long."""
    until = time.monotonic() + LOCK_S
    while True:
        with exclusive_lock(paths.journal / "lock") as is_alone:
            if is_alone:
                yield
                return
        if time.monotonic() > until:
            raise Busy(f"a Librarian is filing into {paths.storage}: stop it, then try again")
        time.sleep(0.2)


def work_off(
    engine: Engine, settings: Settings, is_ending: Callable[[], bool] = lambda: False
) -> tuple[int, int]:
    """Do every repair that was asked for: how many are right again, and how many are not.

    What cannot be repaired says why in its `problem`; what was re-filed meanwhile stays asked for.
    LedgerAway, Halted, Busy and `is_ending` end it early, and what is left is done the next time.
    """
    asked = findings.listed(engine, asked=True)
    if not asked:
        return 0, 0
    paths = Paths.of(settings)
    Guard(settings, paths, engine).check()
    right = 0
    for one in asked:
        if is_ending():
            break
        try:
            repaired_from, problem = _repair(one, engine, settings)
        except FiledElsewhere as error:
            log.info("not repaired now: %s", error)
            continue
        except OSError as error:
            repaired_from, problem = None, _unwritten(one, error)
        with away(), engine.begin() as connection:
            if problem is None:
                findings.right(connection, one.asset_id, repaired_from)
                right += 1
                log.warning("%s is repaired from %s", one.final_path, repaired_from or "itself")
            else:
                findings.cannot_repair(connection, one.id, problem)
                log.error("%s cannot be repaired: %s", one.final_path, problem)
    return right, len(asked) - right


def _repair(
    one: findings.Open, engine: Engine, settings: Settings
) -> tuple[str | None, str | None]:
    """Where the bytes came from (None: they were right), and why it could not be done."""
    with away(), reading(engine) as connection:
        rows = connection.execute(copies.asset_rows(assets.c.id == one.asset_id)).all()
    asset = next(copies.as_assets(rows, settings))
    if hash_here(asset) == asset.file_hash:
        if not manifest.knows(asset.path.parent, _row(asset, engine)):
            with as_librarian(Paths.of(settings)):
                _expect_it_there(asset, engine)
                _let_its_day_speak_of_it(asset, engine)
        return None, None
    problems = []
    for target in open_targets(settings):
        try:
            if problem := _repair_from(target, asset, engine, settings):
                problems.append(problem)
            else:
                return target.name, None
        except (TryLater, Corrupted) as error:
            problems.append(str(error))
        except (FileNotFoundError, FileExistsError) as error:
            problems.append(f"{target.name}: {error.strerror or error}")
        except OSError as error:
            problems.append(f"{asset.final_path} cannot be written: {error.strerror or error}")
    _expect_it_there(asset, engine)  # else it is missing there for that reason alone
    return None, "; ".join(problems) or "no BACKUP_TARGETS are set on this machine"


def _unwritten(one: findings.Open, error: OSError) -> str:
    where = os.fsdecode(error.filename) if error.filename else one.final_path
    return f"{where}: {error.strerror or error}; put that right, then ask for the repair again"


def _repair_from(target: Target, asset: Asset, engine: Engine, settings: Settings) -> str | None:
    known = copies.of(engine, asset.id, target.name)
    if known is None:
        return f"{target.name} has no copy of it"
    target.check()
    try:
        if target.sha256(known.path) != asset.file_hash:
            return f"the copy on {target.name} is damaged as well"
    except FileNotFoundError:
        return f"the copy on {target.name} is missing"
    Mender(settings, engine)(asset, target, known.path)
    return None


LOOK_EVERY_S = 5.0
"""Seconds between two looks of the backup service at what was asked for."""


def if_asked(
    settings: Settings, engine: Engine, is_ending: Callable[[], bool] = lambda: False
) -> None:
    """Do what was asked for; what cannot be done now is tried again the next time."""
    try:
        work_off(engine, settings, is_ending)
    except LedgerAway:
        raise
    except PhotoFactoryError as error:  # the archive is away, or the Librarian busy: later
        log.info("no repairs now: %s", error)


class Beside:
    """Repairs beside the service's loop: who gives no sign of life for a film is taken for dead."""

    def __init__(self, settings: Settings, engine: Engine, stop: threading.Event) -> None:
        self._settings, self._engine, self._stop = settings, engine, stop
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="repairs")
        self._has_ended = False
        self._running: Future[None] | None = None
        self._look_from = 0.0

    def look(self, patience_s: float) -> bool:
        """Begin what was asked for; whether it goes on after so long. LedgerAway, when it was."""
        if self._running is None:
            if time.monotonic() < self._look_from:
                return False
            asked = (self._settings, self._engine, self._is_ending)
            self._running = self._pool.submit(if_asked, *asked)
        if not wait([self._running], patience_s).done:
            return True
        ended, self._running = self._running, None
        self._look_from = time.monotonic() + LOOK_EVERY_S
        ended.result()
        return False

    def end(self, patience_s: float) -> None:
        """Begin no other one, and leave the one in hand so long to end; a cut spoils nothing."""
        self._has_ended = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._running:
            wait([self._running], patience_s)

    def _is_ending(self) -> bool:
        return self._has_ended or self._stop.is_set()
