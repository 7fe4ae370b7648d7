"""`verify`: the archive against the ledger, and the ledger anew from the archive."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Engine, Table, func, select, update

from photo_factory.librarian.filing import held
from photo_factory.shared import clock, manifest
from photo_factory.shared.facts import chunks
from photo_factory.shared.files import sha256_from_disk
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.paths import Paths
from photo_factory.shared.roots import MARKER

log = logging.getLogger(__name__)

_assets = cast(Table, MediaAsset.__table__)

_OURS = manifest.FILES | {MARKER}

Told = Callable[[int], None]
"""Hears of each compared file's size in bytes."""


@dataclass
class Findings:
    """What does not agree; paths as the ledger writes them."""

    assets: int = 0
    hashed: int = 0
    bytes: int = 0
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def all_is_well(self) -> bool:
        """Whether ledger and archive agree."""
        return not (self.changed or self.missing or self.unknown or self.unreadable)

    def as_json(self) -> dict[str, Any]:
        """The findings as `verify --json` gives them."""
        return {"ok": self.all_is_well, **vars(self)}


def total_bytes(engine: Engine) -> int:
    """What all assets weigh, for a progress bar."""
    with away(), reading(engine) as connection:
        return int(connection.scalar(select(func.sum(_assets.c.size_bytes))) or 0)


@dataclass
class Verifier:
    """Goes through the archive folder by folder, so that a million files fit in any memory."""

    paths: Paths
    engine: Engine
    workers: int
    sample: float = 100.0
    """Percent of the assets whose bytes are read; the others are only looked for."""
    told: Told = lambda _size: None

    def run(self) -> Findings:
        """Compare everything."""
        findings = Findings()
        with ThreadPoolExecutor(self.workers) as pool:
            for folder in sorted(self._folders_on_disk() | self._folders_in_ledger()):
                self._compare(folder, findings, pool)
        return findings

    def _folders_on_disk(self) -> set[str]:
        return {
            self.paths.in_ledger(folder)
            for folder, _, files in os.walk(self.paths.originals)
            if files
        }

    def _folders_in_ledger(self) -> set[str]:
        """Day folders the ledger speaks of, found by skipping from one to the next."""
        folders: set[str] = set()
        after = ""
        while True:
            query = select(func.min(_assets.c.final_path)).where(_assets.c.final_path > after)
            with away(), reading(self.engine) as connection:
                path = connection.scalar(query)
            if path is None:
                return folders
            folder = os.path.dirname(path)
            folders.add(folder)
            after = folder + "/\U0010ffff"

    def _compare(self, folder: str, findings: Findings, pool: ThreadPoolExecutor) -> None:
        on_disk = set(self._files_in(folder))
        expected = list(self._assets_in(folder))
        findings.assets += len(expected)
        findings.missing += [path for path, _, _ in expected if path not in on_disk]
        findings.unknown += sorted(on_disk - {path for path, _, _ in expected})
        there = [row for row in expected if row[0] in on_disk and self._is_in_sample()]
        right = []
        for (path, _, size), verdict in zip(there, pool.map(self._verdict, there), strict=True):
            findings.hashed += 1
            findings.bytes += size
            if verdict:
                getattr(findings, verdict).append(path)
            else:
                right.append(path)
        wrong = {path for path, _, _ in expected if path not in on_disk}
        wrong |= {path for path, _, _ in there} - set(right)
        self._note(right, sorted(wrong))

    def _note(self, right: list[str], wrong: list[str]) -> None:
        """Keep in the ledger what is proven now, and that the others are not any more."""
        with away(), self.engine.begin() as connection:
            for paths, moment in ((right, clock.now()), (wrong, None)):
                for some in chunks(paths):
                    these = update(_assets).where(_assets.c.final_path.in_(some))
                    connection.execute(these.values(verified_at=moment))

    def _is_in_sample(self) -> bool:
        return self.sample >= 100 or random.uniform(0, 100) < self.sample

    def _files_in(self, folder: str) -> Iterator[str]:
        try:
            with os.scandir(self.paths.on_disk(folder)) as entries:
                for entry in entries:
                    if entry.name not in _OURS and not entry.is_dir(follow_symlinks=False):
                        yield f"{folder}/{entry.name}"
        except FileNotFoundError:
            return

    def _assets_in(self, folder: str) -> Iterator[tuple[str, str, int]]:
        columns = (_assets.c.final_path, _assets.c.file_hash, _assets.c.size_bytes)
        within = _assets.c.final_path.between(f"{folder}/", f"{folder}/\U0010ffff")
        with away(), reading(self.engine) as connection:
            for path, file_hash, size in connection.execute(select(*columns).where(within)):
                if os.path.dirname(path) == folder:
                    yield path, file_hash, size

    def _verdict(self, asset: tuple[str, str, int]) -> str | None:
        path, file_hash, size = asset
        try:
            is_same = sha256_from_disk(self.paths.on_disk(path)) == file_hash
        except FileNotFoundError:
            return "missing"
        except OSError as error:
            log.error("%s cannot be read: %s", path, held(error))
            return "unreadable"
        self.told(size)
        return None if is_same else "changed"
