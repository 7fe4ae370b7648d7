"""Roots: the marker that proves the archive is there, and stopping everything when it is not.

`Storage/Originals/.photo-factory` holds a number of its own. The ledger (`roots`) knows it, and so
does `.photo-factory` in PHOTO_FACTORY_ROOT: an embedded ledger goes away together with its disk.

The marker decides, the device does not: the number of a file system may be another one after each
boot or plugging in. The right marker on another device is an archive that moved, or was mounted
anew: nothing stops for it; the probe `integrity` tells it until the Librarian starts anew.
"""

from __future__ import annotations

import json
import logging
import os
import time
import uuid
from itertools import islice
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, Table, select

from photo_factory.shared import breakers, clock
from photo_factory.shared.errors import LedgerAway, PhotoFactoryError
from photo_factory.shared.files import DISK_FAILS, fsync_folder, make_folder, replace_durably
from photo_factory.shared.ledger.database import away, migrate, reading, upsert
from photo_factory.shared.ledger.models import MediaAsset, Root
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

MARKER = ".photo-factory"
"""The marker's name in the archive, and the name of what remembers it in the root."""

ASK_EVERY_S = 1.0
"""Seconds between two questions to the ledger."""

AWAY_S = 15.0
"""The same after the ledger was found away."""

_SAMPLE = 16
_MUTE = ""

_roots = cast(Table, Root.__table__)
_assets = cast(Table, MediaAsset.__table__)


class Halted(PhotoFactoryError):
    """The archive must not be touched: its disk is away, or too much of it vanished."""


class Guard:
    """Says whether the archive may be used; cheap enough to be asked before every step.

    `keeper`: whoever may write into the archive; it leaves the marker where there is none yet,
    and lets everything go on when the right one is back.
    """

    def __init__(
        self, settings: Settings, paths: Paths, engine: Engine, *, keeper: bool = False
    ) -> None:
        self._paths, self._engine, self._keeper = paths, engine, keeper
        self._marker = paths.originals / MARKER
        self._memory = settings.root / MARKER
        self._is_embedded = settings.database_url is None
        self._known: str | None = None
        self._tripped: str | None = None
        self._ask_from = 0.0
        self._migrated = self._is_written_down = False

    @property
    def has_ledger(self) -> bool:
        """False where an embedded ledger went away with its disk, and is not to be made anew."""
        known = self._known or self._remembered()
        return not (self._is_embedded and self._is_lost(self._there(), known))

    def _is_lost(self, there: str | None, known: str | None) -> bool:
        if not self._is_embedded or known is None or there == known:
            return False
        return not (self._is_said_right(there) or self._may_be_ours(there))

    def _is_said_right(self, there: str | None) -> bool:
        """Whether a person let it be forgotten, or the Librarian learned it anew, meanwhile."""
        try:
            now = _read_memory(self._memory).get(str(self._paths.storage))
        except (OSError, ValueError):  # that none can be read says nothing
            return False
        return there != _MUTE and now in (None, there)

    def check(self) -> None:
        """Raise Halted with the reason when the archive must not be touched."""
        if reason := self.trouble():
            raise Halted(reason)

    def trouble(self, *, at_once: bool = False) -> str | None:
        """Why the archive must not be touched; `at_once`: ask the ledger now."""
        there = self._there()
        known = self._known or self._remembered()
        if self._is_lost(there, known):
            return self._reason(there)  # the ledger is away with it, and must not be made anew
        is_news = self._known is not None and there != self._known and not self._tripped
        try:
            if at_once or is_news or time.monotonic() >= self._ask_from:
                self._ask(there)
                self._ask_from = time.monotonic() + ASK_EVERY_S
        except LedgerAway as error:
            self._ask_from = time.monotonic() + AWAY_S  # each asking may take seconds
            log.debug("%s", error)
            if known and there != known:
                return self._reason(there)
        return self._tripped

    def _ask(self, there: str | None) -> None:
        if not self._migrated:
            migrate(self._engine)
            self._migrated = True
        with away(), reading(self._engine) as connection:
            marker = connection.scalar(
                select(_roots.c.marker).where(_roots.c.name == breakers.ROOT)
            )
        reason = breakers.tripped(self._engine).get(breakers.ARCHIVE)
        # An empty marker: a person said that what is there now is right.
        self._known = marker or (self._remembered() if marker is None else None)
        if self._known is None:
            reason = self._adopt(there, is_told=marker is not None) or reason
        elif there != self._known:
            reason = self._halt(there)
        elif self._keeper and not self._is_written_down:
            self._write_down(self._known)
        if self._keeper and reason and reason.startswith(breakers.AWAY) and self._is_well():
            self._let_go_on()
            reason = None
        self._tripped = reason

    def _may_be_ours(self, there: str | None) -> bool:
        """Without a marker, as after a restore: then the photos are looked for."""
        has_ledger = self._paths.embedded_ledger.is_file()
        return there is None and has_ledger and _has_something(self._paths.originals)

    def _is_well(self) -> bool:
        return self._known is not None and self._there() == self._known

    def _adopt(self, there: str | None, *, is_told: bool) -> str | None:
        """Take the archive as it stands for ours: at its first use, or as a person said."""
        if not self._keeper:
            return None
        if not (there or is_told or self._has_the_photos() or not self._some_paths()):
            return self._trip(there)
        self._known = there or self._leave(str(uuid.uuid4()))
        if self._known:
            self._write_down(self._known)
        return None

    def _halt(self, there: str | None) -> str | None:
        """The marker is missing or another one: stop, unless the photos prove that all is well."""
        if there is None and self._known and self._has_the_photos():
            if self._keeper:
                self._leave(self._known)
            return None
        return self._trip(there)

    def _trip(self, there: str | None) -> str:
        reason = self._reason(there)
        with away(), self._engine.begin() as connection:
            if breakers.trip(connection, breakers.ARCHIVE, reason):
                log.error("everything stops: %s", reason)
        return reason

    def _has_the_photos(self) -> bool:
        """Whether photos the ledger knows, some of its first and last ids, are where it says."""
        known = self._some_paths()
        if not known:  # a ledger made anew: where a disk is missing, there is nothing at all
            return _has_something(self._paths.originals)
        there = sum(os.path.lexists(self._paths.on_disk(path)) for path in known)
        return 2 * there > len(known)

    def _some_paths(self) -> set[str]:
        first = select(_assets.c.final_path).order_by(_assets.c.id).limit(_SAMPLE)
        last = select(_assets.c.final_path).order_by(_assets.c.id.desc()).limit(_SAMPLE)
        with away(), reading(self._engine) as connection:
            return {*connection.scalars(first), *connection.scalars(last)}

    def _let_go_on(self) -> None:
        with away(), self._engine.begin() as connection:
            breakers.untrip(connection, breakers.ARCHIVE)
        log.warning("the archive is back: everything goes on")

    def _there(self) -> str | None:
        """What the marker says; None where there is none, _MUTE where the disk does not answer.

        Whatever else keeps us from reading it (permissions, too many open files) proves nothing.
        """
        try:
            return self._marker.read_text("ascii").strip() or None
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            log.debug("%s cannot be read: %s", self._marker, error)
            if isinstance(error, OSError) and error.errno in DISK_FAILS:
                return _MUTE
            return self._known or self._remembered()

    def _reason(self, there: str | None) -> str:
        what = f"{self._paths.originals} has "
        what += "another archive's marker" if there else "not its marker"
        if there == _MUTE:
            what = f"{self._marker}, its marker cannot be read"
        return (
            f"{breakers.AWAY}{what}. Is the disk mounted, and the "
            "right one? All goes on by itself when it is back. If this is the archive, say so: "
            "photo-factory breakers reset archive"
        )

    def _leave(self, marker: str) -> str | None:
        """Leave the marker where there is none; the one that stands there then, None where none."""
        content = f"{marker}\n".encode()
        try:
            make_folder(self._paths.originals)
            try:
                _create_durably(self._marker, content)
            except FileExistsError:  # somebody else was quicker: two that begin must agree
                if there := self._there():
                    return there
                replace_durably(self._marker, content)
            except OSError:  # a file system without nameless files, or without links
                replace_durably(self._marker, content)
        except OSError as error:  # whoever files there will say so
            log.debug("no marker can be left in %s: %s", self._paths.originals, error)
            return None
        return marker

    def _remembered(self) -> str | None:
        known = _memory_of(self._memory).get(str(self._paths.storage))
        return known if isinstance(known, str) else None

    def _write_down(self, marker: str) -> None:
        device = str(os.stat(self._paths.originals).st_dev)
        row = {"name": breakers.ROOT, "marker": marker, "device": device, "seen_at": clock.now()}
        with away(), self._engine.begin() as connection:
            connection.execute(upsert(_roots, ["name"], ["marker", "device", "seen_at"]), row)
        _remember(self._memory, self._paths, marker)
        self._is_written_down = True


def moved(paths: Paths, engine: Engine) -> str | None:
    """What to tell where the archive stands on another device than when it was last seen."""
    query = select(_roots.c.device).where(_roots.c.name == breakers.ROOT)
    with away(), reading(engine) as connection:
        device: str | None = connection.scalar(query)
    try:
        now = str(os.stat(paths.originals).st_dev)
    except OSError:  # the marker's matter
        return None
    if not device or device == now:
        return None
    return (
        f"{paths.originals} is on another device ({now}) than when it was last seen ({device}), "
        "with the right marker: it moved, or was mounted anew"
    )


def accept(settings: Settings, connection: Connection, name: str = breakers.ARCHIVE) -> bool:
    """A person lets a breaker go on; the archive's says that the archive is right as it stands.

    False when nothing stood still, and then nothing is changed: a marker that was forgotten
    without need would let the next empty mount point be taken for the archive.
    """
    if name != breakers.ARCHIVE:
        return breakers.reset(connection, name)
    paths = Paths.of(settings)
    reason = breakers.reason_of(connection, breakers.ARCHIVE)
    has_lost_ledger = not Guard(settings, paths, connection.engine).has_ledger
    if has_lost_ledger:  # the ledger that says so is another one, in the empty mount point
        breakers.learn_anew(connection)
    if has_lost_ledger or (reason and reason.startswith(breakers.AWAY)):
        _remember(settings.root / MARKER, paths, None)
    return breakers.reset(connection, breakers.ARCHIVE) or has_lost_ledger


def _remember(memory: Path, paths: Paths, marker: str | None) -> None:
    known = _memory_of(memory)
    if known.get(str(paths.storage)) == marker:
        return
    known = {**known, str(paths.storage): marker}
    kept = {storage: one for storage, one in known.items() if one}
    try:
        replace_durably(memory, json.dumps(kept, indent=1).encode())
    except OSError as error:  # in a container the root is read-only, and the ledger elsewhere
        log.debug("%s is not written: %s", memory, error)


def _memory_of(memory: Path) -> dict[str, object]:
    try:
        return _read_memory(memory)
    except (OSError, ValueError):
        return {}


def _read_memory(memory: Path) -> dict[str, object]:
    """OSError or ValueError where there is none, or none that can be read."""
    known = json.loads(memory.read_bytes())
    if not isinstance(known, dict):
        raise ValueError(f"{memory} holds no markers")
    return known


def _create_durably(path: Path, content: bytes) -> None:
    """A whole new file that appears at once, or FileExistsError; a crash leaves nothing behind."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        descriptor = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o644)
        try:
            os.write(descriptor, content)
            os.fsync(descriptor)
            # With a folder's descriptor Python follows the link (linkat), else it does not.
            os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder)
        finally:
            os.close(descriptor)
    finally:
        os.close(folder)
    fsync_folder(path.parent)


def _has_something(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(True for _ in islice(entries, 1))
    except OSError:
        return False
