"""Every night: a dump of the ledger to every target; a restore drill and a sweep of each."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Engine

from photo_factory.addons.backup import copies, drill, dump_postgresql, dumps, sweeping
from photo_factory.addons.backup.targets import open_targets
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.roots import Guard
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

_LATEST_S = 6 * 3600
"""A machine that slept at the hour does it when it wakes, up to so much later."""

_troubles: dict[str, str] = {}
"""Why the last night's dump could not even be made; where it could, the ledger tells."""


def start(settings: Settings) -> Any | None:
    """A scheduler that runs until it is shut down; None where RESTORE_DRILL names no time."""
    if not settings.restore_drill or not open_targets(settings):
        return None
    from apscheduler.schedulers.background import BackgroundScheduler

    hour, minute = settings.restore_drill.split(":")
    scheduler = BackgroundScheduler(timezone=settings.timezone)
    scheduler.add_job(
        tonight, "cron", (settings,), hour=hour, minute=minute, coalesce=True, max_instances=1,
        misfire_grace_time=_LATEST_S,
    )  # fmt: skip
    scheduler.start()
    return scheduler


def tonight(settings: Settings) -> None:
    """Dump, drill and sweep; what fails is logged, and told by `complaint` until it succeeds."""
    engine, targets = copies.ledger(settings), open_targets(settings)
    if reason := Guard(settings, Paths.of(settings), engine).trouble():
        log.error("nothing is done tonight: %s", reason)
        return
    try:
        dumps.run(targets, engine, settings)
        _troubles.clear()
    except dump_postgresql.ProgramMissing as error:  # `warning` tells it until it is installed
        log.warning("the ledger is not dumped: %s", error)
        _troubles.clear()
    except (PhotoFactoryError, OSError) as error:
        log.error("the ledger is not dumped: %s", error)
        _troubles["dump"] = f"the ledger is not dumped: {error}"
    for target in targets:
        try:
            drill.run(target, engine, settings)
            sweeping.tidy(target)
        except (PhotoFactoryError, OSError) as error:  # away: the next night tries again
            log.warning("no drill of %s: %s", target.name, error)


def complaint(settings: Settings, engine: Engine) -> str | None:
    """What the last night found wrong, until a later one succeeds."""
    told = list(_troubles.values())
    for target in open_targets(settings):
        told += filter(None, (drill.complaint(engine, target.name),
                              dumps.complaint(engine, target.name)))  # fmt: skip
    return "; ".join(told) or None


def warning(settings: Settings) -> str | None:
    """What keeps the ledger from being dumped tonight, though every photo is copied."""
    is_planned = settings.restore_drill and open_targets(settings)
    if not is_planned or not database_url(settings).startswith("postgres"):
        return None
    missing = dump_postgresql.missing()
    return f"photos are copied, but the ledger is not dumped: {missing}" if missing else None
