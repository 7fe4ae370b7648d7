"""The restore drill: a random sample is brought back from a target and compared."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, Table, func, insert, select, update

from photo_factory.addons.backup.copies import copies
from photo_factory.addons.backup.restoring import is_safe
from photo_factory.addons.backup.targets import Target, Withheld, insist
from photo_factory.shared import clock
from photo_factory.shared.facts import assets
from photo_factory.shared.files import make_folder
from photo_factory.shared.ledger.addon_models import RestoreDrill
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

drills = cast(Table, RestoreDrill.__table__)


def run(target: Target, engine: Engine, settings: Settings) -> dict[str, Any]:
    """Restore a sample, and enter how it went; TryLater while the target is away."""
    target.check()
    row = {"target": target.name, "started_at": clock.now()}
    with away(), engine.begin() as connection:
        key = connection.execute(insert(drills).returning(drills.c.id), row).scalar_one()
    outcome = _outcome(target, engine, settings)
    with away(), engine.begin() as connection:
        connection.execute(update(drills).where(drills.c.id == key).values(outcome))
    return {"target": target.name, **outcome}


def _outcome(target: Target, engine: Engine, settings: Settings) -> dict[str, Any]:
    bad: list[str] = []
    count = size = 0
    home = Paths.of(settings).derivatives  # the system's own may be small, and in memory
    make_folder(home)
    with tempfile.TemporaryDirectory(prefix=".drill-", dir=home) as folder:
        for path, file_hash in _sample(target, engine, settings.restore_drill_sample):
            count += 1
            here = Path(folder) / "restored"
            if not is_safe(path) or _fetched(target, path, here) != file_hash:
                bad.append(path)
            size += here.stat().st_size if here.exists() else 0
            here.unlink(missing_ok=True)
    told = f"not what was copied there: {', '.join(bad[:5])}" if bad else None
    return {
        "finished_at": clock.now(), "assets": count, "size_bytes": size, "failed": len(bad),
        "message": told,
    }  # fmt: skip


def _fetched(target: Target, path: str, into: Path) -> str | None:
    def fetched() -> str:
        into.unlink(missing_ok=True)
        return target.fetch(path, into)

    try:
        return insist(target, fetched)
    except (FileNotFoundError, Withheld):
        return None


def _sample(target: Target, engine: Engine, limit: int) -> list[tuple[str, str]]:
    query = (
        select(copies.c.path, assets.c.file_hash)
        .join(assets, assets.c.id == copies.c.asset_id)
        .where(copies.c.target == target.name, copies.c.verified_at.is_not(None))
        .order_by(func.random())
        .limit(limit)
    )
    with away(), reading(engine) as connection:
        return [(path, file_hash) for path, file_hash in connection.execute(query)]


def complaint(engine: Engine, target: str) -> str | None:
    """What the last drill of a target found wrong."""
    ended = (drills.c.target == target) & drills.c.finished_at.is_not(None)
    query = select(drills).where(ended).order_by(drills.c.finished_at.desc()).limit(1)
    with away(), reading(engine) as connection:
        last = connection.execute(query).one_or_none()
    if last is None or not last.failed:
        return None
    return (
        f"the restore drill of {target} failed: {last.failed} of {last.assets} {last.message}; "
        "see `photo-factory backup verify`"
    )
