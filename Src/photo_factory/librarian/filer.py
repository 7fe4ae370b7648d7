"""The way of a batch through the archive: described, placed, recorded, released.

The order is the promise: the intent is durable before a name appears, the bytes and the name are
durable before the row is written, and the row (or, while the database is away, the journal) is
durable before the inbox entry goes. A crash between any two steps is mended by `recovery`.
"""

from __future__ import annotations

import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from photo_factory.librarian import collision_handler, filing, manifest
from photo_factory.librarian.arrivals import PASSING, Outcome
from photo_factory.librarian.batch import Batch, Item, Unsettled
from photo_factory.librarian.duplicates import settle_duplicate
from photo_factory.librarian.filing import Bytes, How
from photo_factory.librarian.grouping import BatchGroups
from photo_factory.librarian.journal import Entry, Journal
from photo_factory.librarian.metadata_extractor import MetadataExtractor, asset_row
from photo_factory.librarian.records import Kept, Records, arrival_row
from photo_factory.librarian.refiling import bring_together, tell_groups
from photo_factory.librarian.rows import Row
from photo_factory.shared.errors import Held, LedgerAway
from photo_factory.shared.files import fsync_file, fsync_folder, make_folders
from photo_factory.shared.paths import Paths

log = logging.getLogger(__name__)


@dataclass
class Filer:
    """Files batches; one thread drives it, the executor's threads copy and compare."""

    paths: Paths
    records: Records
    journal: Journal
    extractor: MetadataExtractor
    executor: Executor
    keep: bool
    reserve: int
    """Bytes left free on the storage's disk when files are copied to it."""
    pending: dict[str, Kept] = field(default_factory=dict)
    """What was filed while the database is away, by hash: its rows wait in the journal."""
    needs_recovery: bool = False
    """Something went wrong half way: the journal has to be gone through before it is cleared."""
    refusal: str | None = None
    """Why nothing can be filed for now, not even the next batch."""
    _manifests: set[Path] = field(default_factory=set)
    _removed: list[int] = field(default_factory=list)

    def begin(self, batch: Batch) -> None:
        """Start reading what an examined batch says, while the batch before is being filed."""
        known = self._known({item.file_hash for item in batch.open_items()})
        firsts, _ = _parted(batch, known)
        earlier = BatchGroups.of(self.records, firsts).earlier_sidecars(self.paths)
        batch.readings = self.extractor.start(firsts, earlier)

    def file(self, batch: Batch) -> None:
        """Bring every open item of a begun batch to its end state."""
        try:
            self._file(batch)
        except OSError as error:
            self.refuse(error)
            self._hold(batch)

    def _file(self, batch: Batch) -> None:
        known = self._known({item.file_hash for item in batch.open_items()})
        firsts, twins = _parted(batch, known)
        groups = BatchGroups.of(self.records, firsts)
        self.extractor.finish(batch.readings)
        # What was known when reading began, and is not now that the database is away.
        unread = [item for item in firsts if item.is_open and item.facts is None]
        self.extractor.finish(self.extractor.start(unread, groups.earlier_sidecars(self.paths)))
        self._describe(firsts, groups)
        self._place([item for item in firsts if item.final])
        self._withdraw_touched(firsts)
        known |= {i.file_hash: _kept(i.entry.row) for i in firsts if i.is_filed and i.entry}
        self._in_threads(twins, lambda item: self._settle(item, known.get(item.file_hash)))
        self._enter_repaired(twins)
        self._record(batch, firsts, groups)
        self._release(batch)

    def _hold(self, batch: Batch) -> None:
        """End what could not be filed; a duplicate whose row was not written has not ended."""
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
            self.records.removed(self._removed)
        except LedgerAway:
            return
        self._removed.clear()
        if not self.journal.is_empty:
            self.journal.clear()

    def rows_waiting(self) -> int:
        """How many rows the journal keeps for the database."""
        if self.journal.is_empty:
            return 0
        return len(self.pending) + sum(1 for _ in self.journal.noted())

    def _known(self, hashes: set[str]) -> dict[str, Kept]:
        known = {one: self.pending[one] for one in hashes if one in self.pending}
        try:
            return {**known, **self.records.known(hashes)} if hashes else known
        except LedgerAway:
            return known

    def _describe(self, items: Sequence[Item], groups: BatchGroups) -> None:
        """Make rows of what the files say, and decide the day folder of each."""
        for item in items:
            if item.is_open:  # else the facts may be another file's
                self._guarded(item, Item.must_stand_still)
        described = [item for item in items if item.is_open]
        rows = [asset_row(item) for item in described]
        for item, row, folder in zip(
            described, rows, groups.arrange(rows, self.paths), strict=True
        ):
            item.entry = Entry(row)
            item.final = folder / item.arrival.name

    def _place(self, items: Sequence[Item]) -> None:
        """Bring the bytes under final names, durably; the intents first."""
        taken: set[Path] = set()
        waiting = list(items)
        self._make_day_folders(waiting)
        while waiting := [item for item in waiting if item.is_open and not item.placed]:
            for item in waiting:
                self._guarded(item, lambda item: self._choose_name(item, taken))
            named = [item for item in waiting if item.is_open]
            self.journal.intend([item.entry for item in named if item.entry])
            self._in_threads(named, self._place_one)
        for folder, here in _by_folder(items).items():
            self._for_all(here, partial(fsync_folder, folder))

    def _make_day_folders(self, items: Sequence[Item]) -> None:
        by_year: dict[Path, list[Item]] = defaultdict(list)
        for item in items:
            if item.final:
                by_year[item.final.parent.parent].append(item)
        for here in by_year.values():
            folders = {item.final.parent for item in here if item.final}
            self._for_all(here, partial(make_folders, folders))

    def _choose_name(self, item: Item, taken: set[Path]) -> None:
        assert item.final
        assert item.entry
        item.final, item.adopted = collision_handler.free_path(
            item.final.parent, item.arrival.name, taken, self._is_ours(item)
        )
        taken.add(item.final)
        row = {**item.entry.row, "final_path": self.paths.in_ledger(item.final)}
        arrival = arrival_row(item.arrival, Outcome("filed", None, row["id"]), item.file_hash)
        item.entry = Entry(row, arrival, item.arrival.path_bytes)

    def _is_ours(self, item: Item) -> Callable[[Path], bool]:
        """Whether a taken name holds the item's bytes and no asset stands under it."""

        def is_ours(path: Path) -> bool:
            if not path.is_file() or path.stat().st_size != item.arrival.size:
                return False
            if not collision_handler.holds(path, item.file_hash):
                return False
            try:
                return not self.records.has_final_path(self.paths.in_ledger(path))
            except LedgerAway:
                return True  # whose it is shows when the journal is replayed

        return is_ours

    def _place_one(self, item: Item) -> None:
        """Place one item; it stays unplaced when a stranger took its name meanwhile."""
        assert item.final
        try:
            if item.adopted:
                fsync_file(item.final)
            else:
                self._bring(item, item.final)
            item.placed = True
        except FileExistsError:
            log.info("%s was taken meanwhile", item.final)

    def _bring(self, item: Item, final: Path) -> None:
        filing.place(_bytes(item), final, self._how(item), reserve=self.reserve)

    def _how(self, item: Item) -> How:
        if self.keep:
            return How.CLONE_OR_SHARE
        # Without a lease nobody says when a writer comes, and a second name elsewhere means that
        # the inode is not ours alone: the archive then gets bytes of its own.
        return How.SHARE if item.leased and item.arrival.links == 1 else How.COPY

    def _withdraw_touched(self, items: Iterable[Item]) -> None:
        """Take back what somebody wants to write to: it has not settled after all."""
        for item in items:
            if item.is_filed and not item.is_untouched():
                if not item.adopted and item.final:
                    item.final.unlink()
                item.end_for(Unsettled("it was opened for writing; it is tried again"))

    def _settle(self, item: Item, kept: Kept | None) -> None:
        if kept is None:
            raise Held("its twin could not be filed; both are tried again")
        reason = settle_duplicate(item, kept, self.paths, self._bring_again)
        item.end(Outcome("duplicate", reason, kept.asset_id))

    def _bring_again(self, item: Item, final: Path) -> None:
        """Repair an archived copy; no intent speaks of it, and the copying may be cut short."""
        self.journal.work_in(self.paths.in_ledger(final.parent))
        self._bring(item, final)

    def _enter_repaired(self, twins: Iterable[Item]) -> None:
        """A day folder that was lost with its photo has to name the photo again."""
        ids = [i.outcome.asset_id for i in twins if i.outcome and i.outcome.reason]
        try:
            found = self.records.assets([one for one in ids if one]) if any(ids) else []
        except LedgerAway:
            return
        for row in found:
            manifest.amend(self.paths.on_disk(row["final_path"]).parent, present=[row])

    def _record(self, batch: Batch, firsts: Sequence[Item], groups: BatchGroups) -> None:
        """Write rows and end states; the journal keeps them while the database is away."""
        self._enter_in_manifests([item for item in firsts if item.is_filed])
        filed = [item for item in firsts if item.is_filed]
        entries = [item.entry for item in filed if item.entry]
        ends = [_end_row(item, item.outcome) for item in batch.items if item.outcome]
        ends = [row for row in ends if row["state"] not in PASSING]
        try:
            if self.pending:
                raise LedgerAway("rows wait in the journal, which goes first")
            tell_groups(groups.grouping.joins, self.records, self.paths)
            twins = self.records.record(entries, ends, groups.grouping.joins)
        except LedgerAway as error:
            log.debug("%s", error)
            self._keep_in_journal(entries, ends)
            twins = {}
        else:
            self._bring_together(groups)
        self._end_filed(filed, twins)

    def _bring_together(self, groups: BatchGroups) -> None:
        try:
            bring_together(groups.grouping.follow, self.records, self.journal, self.paths)
        except LedgerAway:
            self.needs_recovery = True
        except OSError as error:  # the photos are filed; the sidecar follows when it can
            self.needs_recovery = True
            log.warning("a sidecar stays behind for now: %s", filing.held(error))

    def _end_filed(self, filed: Sequence[Item], twins: dict[str, Kept]) -> None:
        for item in filed:
            assert item.entry
            if item.file_hash in twins:  # written by another Librarian on the same ledger
                self.needs_recovery = True
                item.end_for(Held("another copy was recorded first; it is settled next"))
            else:
                item.end(Outcome("filed", None, item.entry.row["id"]))

    def _keep_in_journal(self, entries: Sequence[Entry], ends: Sequence[Row]) -> None:
        # What stays in the inbox is listed again; only what leaves it must be remembered here.
        self.needs_recovery = True
        self.journal.note([row for row in ends if row["state"] == "duplicate"])
        self.journal.placed([str(entry.row["id"]) for entry in entries])
        self.pending |= {entry.row["file_hash"]: _kept(entry.row) for entry in entries}

    def _enter_in_manifests(self, filed: Sequence[Item]) -> None:
        for folder, here in _by_folder(filed).items():
            self._for_all(here, partial(self._enter, folder, here))

    def _enter(self, folder: Path, here: Sequence[Item]) -> None:
        rows = [item.entry.row for item in here if item.entry]
        if any(item.adopted for item in here):  # the folder may name it already
            manifest.amend(folder, present=rows)
        else:
            manifest.add(folder, rows)
        self._manifests.add(folder)

    def _release(self, batch: Batch) -> None:
        """Let the inbox entries go whose end is durable."""
        for item in batch.items:
            if item.outcome and item.outcome.state in ("filed", "duplicate") and not self.keep:
                self._release_one(item)

    def _release_one(self, item: Item) -> None:
        try:
            if filing.take_away(item.arrival.path, item.descriptor, item.is_unchanged):
                self._removed.append(item.arrival.fingerprint)
            self._part_from_writer(item)
        except FileNotFoundError:
            pass  # its owner removed it first; the archive holds it
        except OSError as error:
            item.stays = True
            log.warning("filed, but it stays in the inbox: %s", filing.held(error))

    def _part_from_writer(self, item: Item) -> None:
        """Give the archive an inode of its own, and a writer that waits for this one its name.

        Asked after the name is gone, from when on no writer can come.
        """
        if item.final and item.placed and item.has_writer():
            with contextlib.suppress(FileExistsError):
                filing.reveal(item.final, Path(item.arrival.path))
            filing.unshare(_bytes(item), item.final)

    def _in_threads(self, items: Iterable[Item], work: Callable[[Item], None]) -> None:
        """Do a piece of work for each open item, ending those for which it fails."""
        work_on = partial(self._guarded, work=work)
        for _ in self.executor.map(work_on, [item for item in items if item.is_open]):
            pass

    @staticmethod
    def _guarded(item: Item, work: Callable[[Item], None]) -> None:
        try:
            work(item)
        except Held as error:
            item.end_for(error)
        except OSError as error:
            item.end_for_refusal(error)

    def _for_all(self, items: Sequence[Item], work: Callable[[], None]) -> None:
        """Do what concerns a whole folder; where it fails, its files wait for recovery."""
        try:
            work()
        except OSError as error:
            self.needs_recovery = True
            for item in items:
                item.end_for(filing.held(error))


def _by_folder(items: Iterable[Item]) -> dict[Path, list[Item]]:
    """The filed items, by the day folder they stand in."""
    found: dict[Path, list[Item]] = defaultdict(list)
    for item in items:
        if item.is_filed and item.final:
            found[item.final.parent].append(item)
    return found


def _parted(batch: Batch, known: dict[str, Kept]) -> tuple[list[Item], list[Item]]:
    """The first item of each unknown content, and the items whose content is there already."""
    firsts: dict[str, Item] = {}
    twins = []
    for item in batch.open_items():
        if item.file_hash in known or item.file_hash in firsts:
            twins.append(item)
        else:
            firsts[item.file_hash] = item
    return list(firsts.values()), twins


def _bytes(item: Item) -> Bytes:
    return Bytes(item.arrival.path, item.descriptor, item.file_hash)


def _kept(row: Row) -> Kept:
    return Kept(row["id"], row["file_hash"], row["final_path"])


def _end_row(item: Item, outcome: Outcome) -> Row:
    return arrival_row(item.arrival, outcome, item.file_hash)
