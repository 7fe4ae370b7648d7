"""The service: one asset to every target; TRUE when each of them holds a proven copy."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from photo_factory.addons.backup import copies, nightly, urls
from photo_factory.addons.backup.making_way import alone, make_way
from photo_factory.addons.backup.sums import Sums
from photo_factory.addons.backup.targets import (
    Corrupted,
    Occupied,
    Target,
    Unreadable,
    open_targets,
)
from photo_factory.shared import executors
from photo_factory.shared.claims import Asset, Facts
from photo_factory.shared.errors import PhotoFactoryError, TryLater, Unprocessable
from photo_factory.shared.flag_loop import PATIENCE, FlagLoop, Told
from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.heartbeat_service import Status
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.paths import Paths
from photo_factory.shared.roots import Guard
from photo_factory.shared.settings import Settings

if TYPE_CHECKING:
    from photo_factory.addons.backup import repairing

log = logging.getLogger(__name__)

NAME = "backup"

CATCH_UP_S = 240.0
"""How long the other targets are served while one is away, before that one is asked again."""

_TURN_S = 0.5
"""How long a repair is waited for at a time, while there is nothing to copy."""

_catching_up = threading.Lock()


def process(asset: Asset, settings: Settings) -> Facts:
    """Copy an asset to every target that has no proven copy yet; repeatable.

    What one target has is entered at once, in a transaction of its own: the trouble of another
    does not lose it. Unprocessable and Corrupted tell of this file, TryLater of a target that is
    away or full, in which case the others are served meanwhile.
    """
    engine = copies.ledger(settings)
    away: list[str] = []
    problems: list[PhotoFactoryError] = []
    ready: list[Target] = []
    for target in open_targets(settings):
        try:
            ensure(asset, target, engine, settings)
            ready.append(target)
        except TryLater as error:
            away.append(str(error))
        except (Unprocessable, Corrupted) as error:
            copies.note_problem(engine, asset, target.name, str(error))
            problems.append(error)
    if problems:
        raise type(problems[0])("; ".join(map(str, problems)))
    if away:
        catch_up(ready, engine, settings)
        raise TryLater("; ".join(away))
    return Facts()


def ensure(asset: Asset, target: Target, engine: Engine, settings: Settings) -> None:
    """See to it that a target holds a proven copy under the asset's path."""
    try:
        _ensure_alone(asset, target, engine, settings)
    except Occupied:
        changed = make_way(target, copies.path_of(asset), engine, settings)
        if not changed:
            raise
        for path in changed:
            sums_of(target, settings).changed(path)
        _ensure_alone(asset, target, engine, settings)


def _ensure_alone(asset: Asset, target: Target, engine: Engine, settings: Settings) -> None:
    # Whoever catches up and whoever has claimed the asset must not write it at the same time:
    # both would go on with the same unfinished copy.
    with alone(asset):
        _ensure(asset, target, engine, settings)


def _ensure(asset: Asset, target: Target, engine: Engine, settings: Settings) -> None:
    target.check()
    path, known = copies.path_of(asset), copies.of(engine, asset.id, target.name)
    if (
        known and known.verified_at and not known.problem and known.path == path
        and target.size(path) == asset.size_bytes
    ):  # fmt: skip
        return
    proof = target.put(asset.path, path, asset.file_hash)
    copies.note(engine, asset, target.name, proof)
    lists = sums_of(target, settings)
    lists.changed(path)
    if known and known.path != path:
        _remove_old(target, known.path, asset.file_hash)
        lists.changed(known.path)


def _remove_old(target: Target, path: str, file_hash: str) -> None:
    """Remove the copy of an asset that has moved, if it is that: the new one is proven."""
    if target.size(path) is None:
        return
    if target.sha256(path) == file_hash:
        target.remove(path)
    else:
        log.warning("%s: %s is not what was copied there, and is left", target.name, path)


def catch_up(ready: list[Target], engine: Engine, settings: Settings) -> None:
    """While a target is away, bring to the others what they miss; the loop only tries one asset."""
    if not ready or not _catching_up.acquire(blocking=False):
        return
    try:
        until = time.monotonic() + CATCH_UP_S
        for target in ready:
            _catch_up(target, engine, settings, until)
    finally:
        _catching_up.release()


def _catch_up(target: Target, engine: Engine, settings: Settings, until: float) -> None:
    while missing := copies.without_copy(engine, settings, target.name, 64):
        for asset in missing:
            if time.monotonic() > until or executors.stopping.is_set():
                return
            _bring(asset, target, engine, settings)


def _bring(asset: Asset, target: Target, engine: Engine, settings: Settings) -> None:
    """Ensure a copy of an asset that nobody has claimed: its trouble is not the claimed one's."""
    try:
        ensure(asset, target, engine, settings)
    except (Unprocessable, Corrupted) as error:
        copies.note_problem(engine, asset, target.name, str(error))
    except Unreadable as error:
        # Where the whole archive is gone, no photo of it is at fault.
        Guard(settings, Paths.of(settings), engine).check()
        copies.note_problem(engine, asset, target.name, str(error))


def idle(settings: Settings) -> str | None:
    """Why there is nothing to do: nobody has said where to."""
    return None if urls.urls(settings) else "no BACKUP_TARGETS are set"


def prepare(settings: Settings, engine: Engine) -> None:
    """Let what a new target misses be copied, and lists that a crash prevented be written."""
    for target in open_targets(settings):
        if lowered := copies.lower_flags(engine, target.name):
            log.info("%d assets are to be copied to %s", lowered, target.name)
        sums_of(target, settings).repair()


def sums_of(target: Target, settings: Settings) -> Sums:
    """The lists of a target, one object in a process."""
    with _making:
        if target.name not in _made:
            _made[target.name] = Sums(target, copies.ledger(settings), Paths.of(settings))
        return _made[target.name]


_made: dict[str, Sums] = {}
_making = threading.Lock()


def flush() -> None:
    """Write the lists that are due, and let go of the ledger."""
    while _made:
        _made.popitem()[1].close()
    copies.close_ledgers()


service = FlagService(
    name=NAME,
    flag=MediaAsset.is_backed_up,
    process=process,
    prepare=prepare,
    idle=idle,
    complaint=nightly.complaint,
)


class Loop(FlagLoop):
    """The loop around `process`, which also warns of a night's work that cannot be done."""

    _repairs: repairing.Beside | None = None

    def _turn(self) -> bool:
        from photo_factory.addons.backup import repairing  # it needs what is made here

        is_busy = super()._turn()
        if self._repairs is None:
            engine = copies.ledger(self._settings)
            self._repairs = repairing.Beside(self._settings, engine, self._stop)
        is_repairing = self._repairs.look(0 if is_busy else _TURN_S)
        return is_busy or is_repairing

    def _end(self) -> None:
        until = time.monotonic() + PATIENCE
        try:
            super()._end()
        finally:
            if self._repairs:
                self._repairs.end(max(0.0, until - time.monotonic()))

    def _state(self) -> tuple[Status, str]:
        status, message = super()._state()
        warning = nightly.warning(self._settings) if status == "OK" else None
        return ("WARNING", warning) if warning else (status, message)


def run(
    settings: Settings, stop: threading.Event, once: bool = False, told: Told | None = None
) -> bool:
    """Work until asked to stop (`once`: until nothing is due); False when all was not well."""
    open_targets(settings)  # a wrong URL is told before anything begins
    scheduler = None if once else nightly.start(settings)
    try:
        return Loop(service, settings, stop, told).run(once=once)
    finally:
        if scheduler:
            scheduler.shutdown(wait=False)
        flush()
