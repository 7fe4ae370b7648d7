"""Reading copies on a target back: rot is found, and mended from whichever side is whole."""

from __future__ import annotations

import posixpath
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select, update

from photo_factory.addons.backup import copies, sweeping
from photo_factory.addons.backup.copying import sums_of
from photo_factory.addons.backup.targets import (
    READ_BACK,
    Proof,
    Target,
    Withheld,
    expect_well,
    insist,
)
from photo_factory.shared import files
from photo_factory.shared.errors import LedgerAway, LedgerError, PhotoFactoryError, TryLater
from photo_factory.shared.facts import OF_ASSET, Asset, assets
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.paths import Paths
from photo_factory.shared.roots import Guard, Halted
from photo_factory.shared.settings import Settings

DAMAGED = "Damaged"
"""Where damaged copies are put on a target; never emptied by the program."""

_AT_ONCE = 500

_NO_FILES_FAULT = (LedgerAway, LedgerError, Halted)

MendOriginal = Callable[[Asset, Target, str], None]
"""Puts the copy at a path of a target in the place of a damaged or missing original."""


@dataclass
class Verified:
    """What was found; paths as on the target."""

    target: str
    copies: int = 0
    checked: int = 0
    bytes: int = 0
    copies_mended: list[str] = field(default_factory=list)
    originals_mended: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """What could not be compared or mended now, each with the reason."""
    swept: int = 0
    """Unfinished copies that nobody went on with."""
    away: str | None = None
    """Why the target was not read to its end."""

    @property
    def all_is_well(self) -> bool:
        """Whether every copy was there to be read, and what it should be."""
        found = self.copies_mended or self.originals_mended or self.lost
        return not (found or self.failed or self.away)

    def as_json(self) -> dict[str, Any]:
        """The same as `backup verify --json` gives it."""
        return {"ok": self.all_is_well, **vars(self)}


@dataclass
class Verify:
    """One look at one target, and at the originals here beside it."""

    target: Target
    engine: Engine
    settings: Settings
    mend_original: MendOriginal
    sample: float = 100.0
    told: Callable[[int], None] = lambda _size: None

    def run(self) -> Verified:
        """Compare; what was found until then when the target is away, or fails."""
        found = Verified(self.target.name)
        try:
            self.target.check()
            found.swept = sweeping.tidy(self.target)
            self._compare_all(found)
        except (PhotoFactoryError, OSError) as error:
            found.away = str(error)
        finally:
            sums_of(self.target, self.settings).flush()
        return found

    def _compare_all(self, found: Verified) -> None:
        for asset, path in self._held():
            found.copies += 1
            if self.sample >= 100 or random.uniform(0, 100) < self.sample:
                self._try(asset, path, found)
                self.told(asset.size_bytes)

    def _try(self, asset: Asset, path: str, found: Verified) -> None:
        try:
            self._compare(asset, path, found)
        except _NO_FILES_FAULT:
            raise
        except (PhotoFactoryError, OSError) as error:
            if isinstance(error, TryLater):
                expect_well(self.target)
            found.failed.append(f"{path}: {error}")
        else:
            found.checked += 1
            found.bytes += asset.size_bytes

    def _compare(self, asset: Asset, path: str, found: Verified) -> None:
        copy_is_well = self._hash_there(path) == asset.file_hash
        original_is_well = hash_here(asset) == asset.file_hash
        if copy_is_well:
            copies.note(self.engine, asset, self.target.name, Proof(asset.file_hash, READ_BACK))
            if not original_is_well:
                self.mend_original(asset, self.target, path)
                found.originals_mended.append(path)
            return
        expect_well(self.target)  # below a mount point every copy is missing
        if self._was_refiled(asset):
            return  # the service moves the copy after it, or has done so
        if original_is_well:
            self._mend_copy(asset, path)
            found.copies_mended.append(path)
        else:
            self._give_up(asset)
            found.lost.append(path)

    def _was_refiled(self, asset: Asset) -> bool:
        """Whether what was read under its old path says nothing of it."""
        query = select(assets.c.final_path).where(assets.c.id == asset.id)
        with away(), reading(self.engine) as connection:
            return connection.scalar(query) != asset.final_path

    def _mend_copy(self, asset: Asset, path: str) -> None:
        self._put_aside(asset, path)
        proof = self.target.put(asset.path, path, asset.file_hash)
        copies.note(self.engine, asset, self.target.name, proof)
        sums_of(self.target, self.settings).changed(path)

    def _put_aside(self, asset: Asset, path: str) -> None:
        """Have a damaged or missing copy count nowhere, whatever becomes of its mending."""
        problem = "the copy was damaged or missing when it was read, and is not mended yet"
        copies.note_problem(self.engine, asset, self.target.name, problem)
        try:
            if self.target.size(path) is not None:
                aside = f"{uuid.uuid4().hex[:12]}_{posixpath.basename(path)}"
                self.target.rename(path, f"{DAMAGED}/{aside}")
        finally:  # a service that looked sooner would take it for a stranger's, in its way
            self._lower(asset)

    def _give_up(self, asset: Asset) -> None:
        # Where the archive is away, every original is missing.
        Guard(self.settings, Paths.of(self.settings), self.engine).check()
        problem = "neither the original nor this copy holds the bytes that were filed"
        copies.note_problem(self.engine, asset, self.target.name, problem)
        self._lower(asset)

    def _lower(self, asset: Asset) -> None:
        lowered = update(assets).where(assets.c.id == asset.id).values(is_backed_up=False)
        with away(), self.engine.begin() as connection:
            connection.execute(lowered)

    def _hash_there(self, path: str) -> str | None:
        """The hash of a copy; None where it is missing, or on a bad sector."""
        try:
            return insist(self.target, lambda: self.target.sha256(path))
        except FileNotFoundError:
            return None
        except Withheld as error:
            if not error.by_disk:
                raise
            return None

    def _held(self) -> Iterator[tuple[Asset, str]]:
        """What the target should hold, with each asset; moved ones wait for the service."""
        on_disk, after = Paths.of(self.settings).on_disk, uuid.UUID(int=0)
        columns = [assets.c[name] for name in OF_ASSET]
        held = (copies.copies.c.asset_id == assets.c.id) & (
            copies.copies.c.target == self.target.name
        )
        query = select(*columns, copies.copies.c.path).join(copies.copies, held)
        while True:
            some = query.where(assets.c.id > after).order_by(assets.c.id).limit(_AT_ONCE)
            with away(), reading(self.engine) as connection:
                rows = connection.execute(some).all()
            for row in rows:
                known = {name: getattr(row, name) for name in OF_ASSET}
                asset = Asset(path=on_disk(row.final_path), **known)
                if copies.path_of(asset) == row.path:
                    yield asset, row.path
            if len(rows) < _AT_ONCE:
                return
            after = rows[-1].id


def hash_here(asset: Asset) -> str | None:
    """The hash of an original as the disk has it; None where it cannot be read."""
    try:
        return files.sha256_from_disk(asset.path)
    except OSError:
        return None
