"""A batch: settled arrivals on their way into the archive together.

Batches exist so that one fsync and one transaction serve many files, and so that files that
belong together are filed together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from photo_factory.librarian.arrivals import Arrival, Outcome, State
from photo_factory.librarian.debris import is_debris
from photo_factory.librarian.filing import held
from photo_factory.shared.errors import Failed, Held, Vanished
from photo_factory.shared.files import (
    Stillness,
    hold_still,
    lease_holds,
    open_regular,
    sha256_of_descriptor,
)
from photo_factory.shared.journal import Entry
from photo_factory.shared.media.facts import Facts
from photo_factory.shared.media.groups import stem_key
from photo_factory.shared.media.kinds import HEAD_BYTES, Kind, kind_of

MOST_FILES = 64
MOST_OPEN = 128
"""Where even a group is parted: each file of a batch is open, and three batches are under way."""

MOST_BYTES = 256 << 20
_SPARSE_SIZE = 1 << 30
_SPARSE_RATIO = 10


@dataclass(slots=True)
class Item:
    """One arrival in a batch, with what has been found out so far."""

    arrival: Arrival
    descriptor: int = -1
    leased: bool = False
    kind: Kind | None = None
    note: str | None = None
    file_hash: str = ""
    facts: Facts | None = None
    entry: Entry | None = None
    final: Path | None = None
    adopted: bool = False
    """The archive held these bytes under this name before: nothing has to be brought."""
    placed: bool = False
    """The bytes stand durably under the final name."""
    stays: bool = False
    """Its end is durable, but the system does not let go of its inbox entry."""
    outcome: Outcome | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still on its way."""
        return self.outcome is None

    @property
    def is_filed(self) -> bool:
        """Whether its bytes are in the archive, and only its row is missing."""
        return self.is_open and self.placed

    def end(self, outcome: Outcome) -> None:
        """Set the end state; the first one stands."""
        self.outcome = self.outcome or outcome

    def end_for(self, error: Exception) -> None:
        """Set the end state that an error means."""
        self.end(outcome_of(error))

    def end_for_refusal(self, error: OSError) -> None:
        """Set the end state for what the system refused; a file that left is gone."""
        path = self.arrival.path
        if isinstance(error, FileNotFoundError) and not os.path.lexists(path):
            self.end_for(Vanished(path))
        else:
            error.filename = error.filename or path
            self.end_for(held(error))

    def must_stand_still(self) -> None:
        """Unsettled when its name meanwhile stands for another file."""
        if not os.path.samestat(os.lstat(self.arrival.path), os.fstat(self.descriptor)):
            raise Unsettled("it was replaced while it was read; it is tried again")

    def is_untouched(self) -> bool:
        """Whether nobody has changed the file, or waits to, since it was read."""
        return self.is_unchanged(os.fstat(self.descriptor))

    def is_unchanged(self, found: os.stat_result) -> bool:
        """Whether a later stat shows the file as it was, and nobody waits to write to it."""
        return self.arrival.unchanged(found) and not self.has_writer()

    def has_writer(self) -> bool:
        """Whether somebody waits to write to the file: the kernel lets him when it is closed."""
        return self.leased and not lease_holds(self.descriptor)

    def shares_its_inode(self) -> bool:
        """Whether its final name and its inbox entry are two names of one file."""
        if self.adopted or self.final is None:
            return False
        try:
            names = (os.lstat(self.final), os.lstat(self.arrival.path))
        except FileNotFoundError:  # then the other name is the only one
            return False
        return all(os.path.samestat(name, os.fstat(self.descriptor)) for name in names)

    def close(self) -> None:
        """Let go of the file, and of the lease with it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


Reading = tuple[list[Item], "Future[list[Any]]"]


@dataclass
class Batch:
    """Items in the order of the listing."""

    items: list[Item] = field(default_factory=list)
    size: int = 0
    readings: list[Reading] = field(default_factory=list)
    """What child processes are finding out about shares of the items."""
    sidecars: dict[str, list[str]] = field(default_factory=dict)
    """Archived sidecars by group key, as they stood when reading began."""

    def open_items(self) -> Iterator[Item]:
        """The items that have no end state yet."""
        return (item for item in self.items if item.is_open)

    def close(self) -> None:
        """Let go of all files."""
        for item in self.items:
            item.close()


def batches(arrivals: Iterable[Arrival]) -> Iterator[Batch]:
    """Batches of limited number and size that never part what belongs together."""
    batch = Batch()
    last = None
    for arrival in arrivals:
        full = len(batch.items) >= MOST_FILES or batch.size >= MOST_BYTES
        key = (arrival.folder, stem_key(arrival.name))
        if (full and key != last) or len(batch.items) >= MOST_OPEN:
            yield batch
            batch = Batch()
        batch.items.append(Item(arrival))
        batch.size += arrival.size
        last = key
    if batch.items:
        yield batch


def slices(items: Iterable[Item], *, files: int, size: int) -> Iterator[list[Item]]:
    """Shares of the work, each small enough that all cores stay busy; size in bytes."""
    share: list[Item] = []
    weight = 0
    for item in items:
        share.append(item)
        weight += item.arrival.size
        if len(share) >= files or weight >= size:
            yield share
            share, weight = [], 0
    if share:
        yield share


def examine(item: Item, told: Callable[[int], None]) -> None:
    """Open, recognise, hash and make durable one arrival; what stands in the way ends it."""
    try:
        reason = _reason_to_ignore(item)
        if reason is None:
            _read(item, told)
        else:
            item.end(Outcome("ignored", reason))
    except (Held, Vanished) as error:
        item.end_for(error)
    except OSError as error:
        item.end_for_refusal(error)


def _reason_to_ignore(item: Item) -> str | None:
    if not item.arrival.is_regular:
        return "not a regular file: links, pipes and devices are never followed"
    if is_debris(item.arrival.name):
        return "a leftover of another program"
    return None


def _read(item: Item, told: Callable[[int], None]) -> None:
    item.descriptor = open_regular(item.arrival.path)
    if not item.arrival.unchanged(os.fstat(item.descriptor)):
        raise Unsettled("it changed after it was listed; it is tried again")
    item.kind, item.note = kind_of(os.pread(item.descriptor, HEAD_BYTES, 0), item.arrival.name)
    if item.kind is None:
        item.end(Outcome("ignored", "neither its bytes nor its name say photo, video or sidecar"))
        return
    _refuse_sparse(item)
    stillness = hold_still(item.descriptor)
    if stillness is Stillness.WRITTEN:
        raise Unsettled("another program has it open for writing; it is tried again")
    item.leased = stillness is Stillness.LEASED
    item.file_hash = sha256_of_descriptor(item.descriptor, told)
    if not item.is_untouched():
        raise Unsettled("it changed while it was read; it is tried again")


def _refuse_sparse(item: Item) -> None:
    found = os.fstat(item.descriptor)
    on_disk = found.st_blocks * 512
    if found.st_size > _SPARSE_SIZE and on_disk * _SPARSE_RATIO < found.st_size:
        raise Held(
            f"it claims {found.st_size} bytes and holds {on_disk}: an unfinished download? "
            "Let it finish, or remove it"
        )


class Unsettled(Held):
    """The file is not finished yet: it settles again from the start."""


def outcome_of(error: Exception) -> Outcome:
    """The end state an error stands for."""
    states: dict[type[Exception], State] = {
        Vanished: "gone",
        Unsettled: "unsettled",
        Failed: "failed",
    }
    return Outcome(states.get(type(error), "held"), str(error))
