"""Backups of the ledger itself, each proven by restoring it and counting its rows."""

from __future__ import annotations

import logging
import posixpath
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, Table, delete, insert, select

from photo_factory.addons.backup import dump_postgresql, dump_sqlite, sums
from photo_factory.addons.backup.targets import Target
from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.files import make_folder, sha256_of
from photo_factory.shared.ledger.addon_models import LedgerDump
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

FOLDER = "Ledger"

dumps = cast(Table, LedgerDump.__table__)


@dataclass(frozen=True)
class Dump:
    """A dump on this machine."""

    path: Path
    file_hash: str
    rows: Mapping[str, int]
    problem: str | None
    """Why it is not proven; None when its counts came back."""


def run(targets: list[Target], engine: Engine, settings: Settings) -> list[dict[str, Any]]:
    """Dump the ledger, prove it, keep it on every target; what became of it at each.

    TryLater of one target is told in its row, and does not keep it from the others.
    """
    home = Paths.of(settings).derivatives
    make_folder(home)
    with tempfile.TemporaryDirectory(prefix=".dump-", dir=home) as folder:
        dump = make(engine, Path(folder))
        return [_kept(dump, target, engine, settings.backup_dumps_kept) for target in targets]


def make(engine: Engine, folder: Path) -> Dump:
    """A proven dump in a folder; PhotoFactoryError when there cannot be one."""
    by = dump_sqlite if engine.dialect.name == "sqlite" else dump_postgresql
    stamp = clock.now().strftime("%Y%m%dT%H%M%S%fZ")
    path = folder / f"ledger-{stamp}.{by.EXTENSION}"
    rows = by.dump(engine, path)
    problem = None
    try:
        found = by.counts(engine, path)
        if found != rows:
            problem = f"the dump has {found}, the ledger had {rows}"
    except PhotoFactoryError as error:
        problem = str(error)
    return Dump(path, sha256_of(path), rows, problem)


def _kept(dump: Dump, target: Target, engine: Engine, keep: int) -> dict[str, Any]:
    told: dict[str, Any] = {"target": target.name, "path": None, "message": dump.problem}
    try:
        target.check()
        path = f"{FOLDER}/{dump.path.name}"
        target.put(dump.path, path, dump.file_hash)
        _enter(dump, target.name, path, engine)
        _rotate(target, engine, keep)
        _list(target, dump)
    except PhotoFactoryError as error:
        log.warning("the ledger's dump is not at %s: %s", target.name, error)
        return {**told, "message": str(error), "ok": False}
    return {**told, "path": path, "rows": dict(dump.rows), "ok": dump.problem is None}


def _enter(dump: Dump, target: str, path: str, engine: Engine) -> None:
    now = clock.now()
    row = {
        "target": target, "path": path, "made_at": now, "size_bytes": dump.path.stat().st_size,
        "file_hash": dump.file_hash, "rows": dict(dump.rows),
        "proved_at": None if dump.problem else now, "message": dump.problem,
    }  # fmt: skip
    with away(), engine.begin() as connection:
        connection.execute(insert(dumps), row)


def _rotate(target: Target, engine: Engine, keep: int) -> None:
    """Remove what is older than the newest proven ones; only what the ledger calls ours."""
    query = select(dumps).where(dumps.c.target == target.name).order_by(dumps.c.made_at.desc())
    with away(), reading(engine) as connection:
        rows = connection.execute(query).all()
    proven = [row for row in rows if row.proved_at]
    if len(proven) <= keep:
        return
    for row in rows:
        if row.made_at < proven[keep - 1].made_at:
            target.remove(row.path)
            with away(), engine.begin() as connection:
                connection.execute(delete(dumps).where(dumps.c.id == row.id))


def _list(target: Target, dump: Dump) -> None:
    there, listed = set(target.names(FOLDER)), f"{FOLDER}/{sums.SUMS}"
    known = sums.parsed(target.read(listed)) if sums.SUMS in there else {}
    known[dump.path.name] = dump.file_hash
    lines = [sums.line(known[name], name) for name in sorted(known) if name in there]
    target.write(listed, "".join(lines).encode())


def complaint(engine: Engine, target: str) -> str | None:
    """Why the newest dump at a target is not proven."""
    query = select(dumps).where(dumps.c.target == target).order_by(dumps.c.made_at.desc())
    with away(), reading(engine) as connection:
        last = connection.execute(query.limit(1)).one_or_none()
    if last is None or last.proved_at:
        return None
    name = posixpath.basename(last.path)
    return f"the ledger's dump {name} at {target} is not proven: {last.message}"
