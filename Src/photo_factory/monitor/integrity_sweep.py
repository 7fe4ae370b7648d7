"""The sweep: is every original still there? Names and sizes only, so that it may be often.

What is missing is written down at the end of a whole sweep, and only if it is little: where much
vanished at once it is not the photos that are at fault, and everything stops.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Table, delete, exists, func, select

from photo_factory.monitor.integrity_looks import Original
from photo_factory.monitor.reading import Watch
from photo_factory.shared import breakers, clock, findings
from photo_factory.shared.files import make_folder, replace_durably
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import Finding, MediaAsset, Root
from photo_factory.shared.paths import Paths

log = logging.getLogger(__name__)

AT_ONCE = 1000
MOST_SHARE, MOST = 0.005, 10
"""More than this share of the assets, and so many at least, do not vanish one by one."""

_assets = cast(Table, MediaAsset.__table__)
_findings = cast(Table, Finding.__table__)
_roots = cast(Table, Root.__table__)

COLUMNS = (_assets.c.id, _assets.c.final_path, _assets.c.file_hash, _assets.c.size_bytes)

is_found_wrong = exists().where(
    _findings.c.asset_id == _assets.c.id, _findings.c.repaired_at.is_(None)
)


class Sweep:
    """One way through all assets, in slices, by their paths: folder after folder."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._after = ""
        self._missing: list[Original] = []
        self.suspects: list[Original] = []
        """Those whose size is another one: their bytes are to be looked at."""
        with away(), reading(watch.engine) as connection:
            self.assets = connection.scalar(select(func.count()).select_from(_assets)) or 0

    def slice(self) -> bool:
        """Look for the next ones; False when all were looked for."""
        query = select(*COLUMNS).where(_assets.c.final_path > self._after, ~is_found_wrong)
        with away(), reading(self._watch.engine) as connection:
            rows = connection.execute(query.order_by(_assets.c.final_path).limit(AT_ONCE)).all()
        for row in rows:
            self._stat(Original(*row))
        if rows:
            self._after = rows[-1].final_path
        return len(rows) == AT_ONCE

    def _stat(self, original: Original) -> None:
        size = size_of(self._watch, original)
        if size is None:
            self._missing.append(original)
        elif size != original.size_bytes:
            self.suspects.append(original)

    def too_many(self) -> str | None:
        """Why everything is to stop: so much vanished at once; None where it did not."""
        count = len(self._missing)
        if count < MOST or count <= MOST_SHARE * self.assets or self._is_said_right():
            return None
        return (
            f"{breakers.VANISHED_AT_ONCE}{count} of {self.assets} originals are not there, such "
            f"as {self._missing[0].final_path}; none is marked as missing. Was a folder moved, or "
            "is a disk not mounted? Put them back. Then, or to have those that stay away marked "
            "one by one: photo-factory breakers reset archive"
        )

    def mark(self) -> int:
        """After a whole sweep: enter what is still missing; how many."""
        with away(), self._watch.engine.begin() as connection:
            for original in self._still_missing(connection):
                message = f"{original.final_path} is not there"
                findings.found(connection, original.id, "missing", message)
            connection.execute(delete(_roots).where(_roots.c.name == breakers.VANISHED))
        return len(self._missing)

    def _still_missing(self, connection: Connection) -> list[Original]:
        """They may have been re-filed while we looked."""
        still = []
        for original in self._missing:
            where = _assets.c.id == original.id
            now: Any = connection.execute(select(*COLUMNS).where(where)).one_or_none()
            if now and size_of(self._watch, Original(*now)) is None:
                still.append(Original(*now))
        self._missing = still
        return still

    def _is_said_right(self) -> bool:
        query = select(_roots.c.marker).where(_roots.c.name == breakers.VANISHED)
        with away(), reading(self._watch.engine) as connection:
            return connection.scalar(query) is not None


def size_of(watch: Watch, original: Original) -> int | None:
    """Bytes of the file that is there; None where there is none. What cannot be told is there."""
    try:
        return os.lstat(watch.paths.on_disk(original.final_path)).st_size
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # a look at its bytes will say why
        return original.size_bytes


def seconds_since_last(paths: Paths) -> float | None:
    """How long ago the last whole sweep ended, by whichever process; None where none is known."""
    try:
        swept_at = datetime.fromisoformat(json.loads(_memory(paths).read_bytes())["swept_at"])
        return max(0.0, (clock.now() - swept_at).total_seconds())
    except (OSError, ValueError, KeyError, TypeError):  # then there is a sweep more
        return None


def note_sweep(paths: Paths) -> None:
    """A whole sweep ended now: a restart begins none anew."""
    try:
        make_folder(paths.monitor)
        replace_durably(_memory(paths), json.dumps({"swept_at": clock.now().isoformat()}).encode())
    except OSError as error:
        log.debug("%s is not written: %s", _memory(paths), error)


def _memory(paths: Paths) -> Path:
    return paths.monitor / "integrity.json"
