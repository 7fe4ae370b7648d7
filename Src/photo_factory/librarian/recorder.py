"""Making known what was filed: in the day folders and the ledger, else in the journal."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from photo_factory.librarian import filing
from photo_factory.librarian.arrivals import PASSING, Outcome, arrival_row
from photo_factory.librarian.batch import Batch, Item
from photo_factory.librarian.grouping import BatchGroups
from photo_factory.librarian.records import Kept, Records
from photo_factory.librarian.refiling import bring_together, tell_groups
from photo_factory.shared import manifest
from photo_factory.shared.errors import Held, LedgerAway, NameTaken
from photo_factory.shared.journal import Entry, Journal
from photo_factory.shared.paths import Paths
from photo_factory.shared.rows import Row

log = logging.getLogger(__name__)


@dataclass
class Recorder:
    """The ledger, the day folders and the journal of one round, and what they still owe."""

    paths: Paths
    records: Records
    journal: Journal
    pending: dict[str, Kept] = field(default_factory=dict)
    """What was filed while the database is away, by hash: its rows wait in the journal."""
    needs_recovery: bool = False
    """Something went wrong half way: the journal has to be gone through before it is cleared."""
    refusal: str | None = None
    """Why nothing can be filed for now, not even the next batch."""
    released: list[int] = field(default_factory=list)
    """Fingerprints of inbox entries that are gone; the ledger hears of them at a checkpoint."""
    _manifests: set[Path] = field(default_factory=set)

    def record(
        self, batch: Batch, firsts: Sequence[Item], twins: Iterable[Item], groups: BatchGroups
    ) -> None:
        """Write rows and end states; the journal keeps them while the database is away."""
        self._enter_repaired(twins)
        self._enter_in_manifests([item for item in firsts if item.is_filed])
        filed = [item for item in firsts if item.is_filed]
        entries = [item.entry for item in filed if item.entry]
        ends = [_end_row(item, item.outcome) for item in batch.items if item.outcome]
        ends = [row for row in ends if row["state"] not in PASSING]
        try:
            if self.pending:
                raise LedgerAway("rows wait in the journal, which goes first")
            tell_groups(groups.grouping.joins, self.records, self.paths)
            others = self.records.record(entries, ends, groups.grouping.joins)
        except (LedgerAway, NameTaken) as error:  # recovery gives what it replays free names
            log.debug("%s", error)
            self._keep_in_journal(entries, ends)
            others = {}
        else:
            self._bring_together(groups)
        self._end_filed(filed, others)

    def _enter_repaired(self, twins: Iterable[Item]) -> None:
        """A day folder that was lost with its photo has to name the photo again."""
        ids = [i.outcome.asset_id for i in twins if i.outcome and i.outcome.reason]
        try:
            found = self.records.assets([one for one in ids if one]) if any(ids) else []
        except LedgerAway:
            return
        for row in found:
            manifest.amend(self.paths.on_disk(row["final_path"]).parent, present=[row])

    def _bring_together(self, groups: BatchGroups) -> None:
        try:
            bring_together(groups.grouping.follow, self.records, self.journal, self.paths)
        except LedgerAway:
            self.needs_recovery = True
        except OSError as error:  # the photos are filed; the sidecar follows when it can
            self.needs_recovery = True
            log.warning("a sidecar stays behind for now: %s", filing.held(error))

    def _end_filed(self, filed: Sequence[Item], others: dict[str, Kept]) -> None:
        for item in filed:
            assert item.entry
            if item.file_hash in others:  # written by another Librarian on the same ledger
                self.needs_recovery = True
                item.end_for(Held("another copy was recorded first; it is settled next"))
            else:
                item.end(Outcome("filed", None, item.entry.row["id"]))

    def _keep_in_journal(self, entries: Sequence[Entry], ends: Sequence[Row]) -> None:
        # What stays in the inbox is listed again; only what leaves it must be remembered here.
        self.needs_recovery = True
        self.journal.note([row for row in ends if row["state"] == "duplicate"])
        self.journal.placed([str(entry.row["id"]) for entry in entries])
        self.pending |= {entry.row["file_hash"]: kept_as(entry.row) for entry in entries}

    def _enter_in_manifests(self, filed: Sequence[Item]) -> None:
        for folder, here in by_folder(filed).items():
            self.for_all(here, partial(self._enter, folder, here))

    def _enter(self, folder: Path, here: Sequence[Item]) -> None:
        rows = [item.entry.row for item in here if item.entry]
        if any(item.adopted for item in here):  # the folder may name it already
            manifest.amend(folder, present=rows)
        else:
            manifest.add(folder, rows)
        self._manifests.add(folder)

    def _take_back(self, batch: Batch) -> None:
        """Take final names away that share an inode with the inbox, where it can be edited."""
        for folder, here in by_folder(batch.items).items():
            try:
                self._take_back_from(folder, [one for one in here if one.shares_its_inode()])
            except OSError as error:  # what stays is met again by recovery
                log.warning("%s: %s", folder, filing.held(error))

    def _take_back_from(self, folder: Path, shared: Sequence[Item]) -> None:
        manifest.amend(
            folder, absent=[self.paths.in_ledger(item.final) for item in shared if item.final]
        )
        for item in shared:
            if item.final:
                item.final.unlink()
                item.placed = False

    def hold(self, batch: Batch) -> None:
        """End what could not be filed; a duplicate whose row was not written has not ended."""
        self._take_back(batch)
        for item in batch.items:
            if item.is_open or (item.outcome and item.outcome.state == "duplicate"):
                item.outcome = Outcome("held", self.refusal)
        ends = [_end_row(item, item.outcome) for item in batch.items if item.outcome]
        try:
            self.records.record([], [row for row in ends if row["state"] not in PASSING])
        except LedgerAway as error:
            log.debug("%s", error)

    def refuse(self, error: OSError) -> None:
        """The journal cannot be written: file nothing more in this round.

        What is placed already stands in the journal, and the inbox still holds everything.
        """
        self.needs_recovery = True
        self.refusal = str(filing.held(error))
        log.warning("filing pauses: %s", self.refusal)

    def checkpoint(self) -> None:
        """Make durable what the journal vouched for so far, then forget the journal."""
        try:
            self._checkpoint()
        except OSError as error:
            self.refuse(error)

    def _checkpoint(self) -> None:
        for folder in self._manifests:
            manifest.make_durable(folder)
        self._manifests.clear()
        if self.pending or self.needs_recovery:
            return
        try:
            self.records.removed(self.released)
        except LedgerAway:
            return
        self.released.clear()
        if not self.journal.is_empty:
            self.journal.clear()

    def rows_waiting(self) -> int:
        """How many rows the journal keeps for the database."""
        if self.journal.is_empty:
            return 0
        return len(self.pending) + sum(1 for _ in self.journal.noted())

    def for_all(self, items: Sequence[Item], work: Callable[[], None]) -> None:
        """Do what concerns a whole folder; where it fails, its files wait for recovery."""
        try:
            work()
        except OSError as error:
            self.needs_recovery = True
            for item in items:
                item.end_for(filing.held(error))


def by_folder(items: Iterable[Item]) -> dict[Path, list[Item]]:
    """The filed items, by the day folder they stand in."""
    found: dict[Path, list[Item]] = defaultdict(list)
    for item in items:
        if item.is_filed and item.final:
            found[item.final.parent].append(item)
    return found


def kept_as(row: Row) -> Kept:
    """How a filed row answers for its bytes."""
    return Kept(row["id"], row["file_hash"], row["final_path"])


def _end_row(item: Item, outcome: Outcome) -> Row:
    return arrival_row(item.arrival, outcome, item.file_hash)
