"""Bringing files back from a target, with the ledger or from the target's own lists alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, select

from photo_factory.addons.backup import sums
from photo_factory.addons.backup.targets import Target, Withheld, insist
from photo_factory.shared import files
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.facts import assets
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.paths import LEDGER_PREFIX
from photo_factory.shared.runs import sql_condition

LISTS = (sums.SUMS, sums.LEDGER_LINES)

Told = Callable[[int], None]
"""Hears of each file's size in bytes."""


@dataclass(frozen=True)
class Piece:
    """A file on a target; without a hash where no list names it."""

    path: str
    file_hash: str | None


@dataclass
class Restored:
    """What became of a restore; paths as on the target, with the reason."""

    to: str
    restored: int = 0
    there_already: int = 0
    bytes: int = 0
    unproven: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def all_is_well(self) -> bool:
        """Whether everything is here, and proven."""
        return not (self.failed or self.unproven)

    def as_json(self) -> dict[str, Any]:
        """The same as `restore --json` gives it."""
        return {"ok": self.all_is_well, **vars(self)}


def listed(target: Target, folder: str = "Originals") -> Iterator[Piece]:
    """Everything below a folder of the target, by its own lists; folder by folder."""
    known: dict[str, str] = {}
    names = target.names(folder)
    if sums.SUMS in names:
        known = sums.parsed(target.read(f"{folder}/{sums.SUMS}"))
    for name in sorted({*names, *known}):
        if name not in LISTS:
            yield Piece(f"{folder}/{name}", known.get(name))
    for below in target.folders(folder):
        yield from listed(target, f"{folder}/{below}")


def chosen(engine: Engine, where: str) -> Iterator[Piece]:
    """What a condition on media_assets chooses, by the ledger."""
    query = select(assets.c.final_path, assets.c.file_hash).where(sql_condition(engine, where))
    with away(), reading(engine) as connection:
        for path, file_hash in connection.execute(query.order_by(assets.c.final_path)):
            yield Piece(path.removeprefix(LEDGER_PREFIX), file_hash)


@dataclass
class Restore:
    """One restore into a folder, in which nothing is ever overwritten."""

    target: Target
    to: Path
    workers: int = 4
    told: Told = lambda _size: None

    def run(self, pieces: Iterable[Piece]) -> Restored:
        """Bring pieces back; TryLater when the target goes away: the same again goes on."""
        self.target.check()
        done = Restored(str(self.to))
        with ThreadPoolExecutor(self.workers, "restore") as pool:
            for piece, (what, detail) in pool.map(self._one, pieces):
                if what == "restored":
                    done.restored += 1
                    done.bytes += int(detail)
                elif what == "there":
                    done.there_already += 1
                else:
                    done.failed.append(f"{piece.path}: {detail}")
                if what != "failed" and piece.file_hash is None:
                    done.unproven.append(piece.path)
        return done

    def lists(self, folder: str = "Originals") -> None:
        """Bring the lists of every folder back, where there are none: they prove the restore."""
        for name in LISTS:
            here = self.to / folder / name
            if here.parent.is_dir() and not here.exists():
                with suppress(FileNotFoundError):
                    files.replace_durably(here, self.target.read(f"{folder}/{name}"))
        for below in self.target.folders(folder):
            self.lists(f"{folder}/{below}")

    def _one(self, piece: Piece) -> tuple[Piece, tuple[str, str]]:
        try:
            return piece, self._restored(piece)
        except FileNotFoundError:
            return piece, ("failed", "it is listed, but not on the target")
        except Withheld as error:
            return piece, ("failed", str(error))

    def _restored(self, piece: Piece) -> tuple[str, str]:
        if not is_safe(piece.path):
            return "failed", "a path that leads elsewhere is not followed"
        final = self.to / piece.path
        if os.path.lexists(final):
            if piece.file_hash in (None, files.sha256_of(final)):
                return "there", ""
            return "failed", f"another file is at {final}: it is left alone"
        files.make_folder(final.parent)
        return self._fetched(piece, final)

    def _fetched(self, piece: Piece, final: Path) -> tuple[str, str]:
        partial = final.with_name(f".{uuid4().hex}.partial")

        def fetched() -> str:
            partial.unlink(missing_ok=True)
            return self.target.fetch(piece.path, partial)

        try:
            came = insist(self.target, fetched)
            if piece.file_hash not in (None, came):
                return "failed", "the target's copy is damaged; try another target"
            size = partial.stat().st_size
            place(partial, final)
        finally:
            partial.unlink(missing_ok=True)
        self.told(size)
        return "restored", str(size)


def place(partial: Path, final: Path) -> None:
    """Give a finished file its name, durably; FileExistsError when that is taken."""
    try:
        os.link(partial, final, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(final):
            raise FileExistsError(str(final)) from None
        partial.rename(final)
    files.fsync_folder(final.parent)


def is_safe(path: str) -> bool:
    """Whether a path on a target stays below the folder it is put into."""
    return not path.startswith("/") and not {"", ".", ".."} & set(path.split("/"))


def new_folder(root: Path, day: str) -> Path:
    """A folder `Restored-<day>` that is not there yet."""
    for number in range(1, 1000):
        folder = root / (f"Restored-{day}" if number == 1 else f"Restored-{day}-{number}")
        if not folder.exists():
            return folder
    raise PhotoFactoryError(f"{root} has a thousand restores of {day}: name a folder with --to")
