"""The way of a batch through the archive: described, placed, recorded, released.

The order is the promise: the intent is durable before a name appears, the bytes and the name are
durable before the row is written, and the row (or, while the database is away, the journal) is
durable before the inbox entry goes. A crash between any two steps is mended by `recovery`.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from photo_factory.librarian import filing
from photo_factory.librarian.arrivals import Outcome, arrival_row
from photo_factory.librarian.batch import Batch, Item, Unsettled
from photo_factory.librarian.duplicates import settle_duplicate
from photo_factory.librarian.filing import How
from photo_factory.librarian.free_names import FreeNames
from photo_factory.librarian.grouping import BatchGroups
from photo_factory.librarian.metadata_extractor import MetadataExtractor, asset_row, key_of
from photo_factory.librarian.recorder import Recorder, by_folder, kept_as
from photo_factory.librarian.records import Kept
from photo_factory.librarian.releasing import bytes_of, release
from photo_factory.shared.errors import Held, LedgerAway
from photo_factory.shared.files import fsync_file, fsync_folder, make_folders
from photo_factory.shared.journal import Entry

log = logging.getLogger(__name__)


@dataclass
class Filer:
    """Files batches; one thread drives it, the executor's threads copy and compare."""

    recorder: Recorder
    extractor: MetadataExtractor
    executor: Executor
    keep: bool
    reserve: int
    """Bytes left free on the storage's disk when files are copied to it."""

    def begin(self, batch: Batch) -> None:
        """Start reading what an examined batch says, while the batch before is being filed."""
        firsts, _ = _parted(batch, self._known(batch))
        groups = BatchGroups.of(self.recorder.records, firsts)
        batch.sidecars = groups.earlier_sidecars(self.recorder.paths)
        with suppress(OSError):  # met again, and told, when the batch is filed
            batch.readings = self.extractor.start(firsts, batch.sidecars)

    def file(self, batch: Batch) -> None:
        """Bring every open item of a begun batch to its end state."""
        try:
            self._file(batch)
        except OSError as error:
            self.recorder.refuse(error)
            self.recorder.hold(batch)

    def _file(self, batch: Batch) -> None:
        known = self._known(batch)
        firsts, twins = _parted(batch, known)
        groups = BatchGroups.of(self.recorder.records, firsts)
        self._read(batch, firsts, groups)
        self._describe(firsts, groups)
        self._place([item for item in firsts if item.final])
        self._withdraw_touched(firsts)
        known |= {i.file_hash: kept_as(i.entry.row) for i in firsts if i.is_filed and i.entry}
        self._settle_all(twins, known)
        self.recorder.record(batch, firsts, twins, groups)
        if not self.keep:
            self.recorder.released += release(batch)

    def _read(self, batch: Batch, items: Sequence[Item], groups: BatchGroups) -> None:
        self.extractor.finish(batch.readings)
        # What was known when reading began, and is not now that the database is away; and what
        # the batch before brought a sidecar, or moved one.
        sidecars = groups.earlier_sidecars(self.recorder.paths)
        keys = sidecars.keys() | batch.sidecars.keys()
        changed = {key for key in keys if sidecars.get(key) != batch.sidecars.get(key)}
        unread = [
            item
            for item in items
            if item.is_open and (item.facts is None or (changed and key_of(item) in changed))
        ]
        self.extractor.finish(self.extractor.start(unread, sidecars))

    def _known(self, batch: Batch) -> dict[str, Kept]:
        """The assets that hold the bytes of open items already."""
        hashes = {item.file_hash for item in batch.open_items()}
        pending = self.recorder.pending
        known = {one: pending[one] for one in hashes if one in pending}
        try:
            return {**known, **self.recorder.records.known(hashes)} if hashes else known
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
            described, rows, groups.arrange(rows, self.recorder.paths), strict=True
        ):
            item.entry = Entry(row)
            item.final = folder / item.arrival.name

    def _place(self, items: Sequence[Item]) -> None:
        """Bring the bytes under final names, durably; the intents first."""
        waiting = [item for item in items if item.is_open]
        self._make_day_folders(waiting)
        names = FreeNames(self.recorder.records, self.recorder.paths)
        names.ask([(item.final.parent, item.arrival.name) for item in waiting if item.final])
        while waiting := [item for item in waiting if item.is_open and not item.placed]:
            for item in waiting:
                self._guarded(item, lambda item: self._choose_name(item, names))
            named = [item for item in waiting if item.is_open]
            self.recorder.journal.intend([item.entry for item in named if item.entry])
            self._in_threads(named, self._place_one)
        for folder, here in by_folder(items).items():
            self.recorder.for_all(here, partial(fsync_folder, folder))

    def _make_day_folders(self, items: Sequence[Item]) -> None:
        by_year: dict[Path, list[Item]] = defaultdict(list)
        for item in items:
            if item.final:
                by_year[item.final.parent.parent].append(item)
        for here in by_year.values():
            folders = {item.final.parent for item in here if item.final}
            self.recorder.for_all(here, partial(make_folders, folders))

    def _choose_name(self, item: Item, names: FreeNames) -> None:
        assert item.final
        assert item.entry
        item.final, item.adopted = names.choose(
            item.final.parent, item.arrival.name, item.file_hash, item.arrival.size
        )
        row = {**item.entry.row, "final_path": self.recorder.paths.in_ledger(item.final)}
        arrival = arrival_row(item.arrival, Outcome("filed", None, row["id"]), item.file_hash)
        item.entry = Entry(row, arrival)

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
        filing.place(bytes_of(item), final, self._how(item), reserve=self.reserve)

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

    def _settle_all(self, twins: Sequence[Item], known: dict[str, Kept]) -> None:
        """Settle duplicates; those of one content in turn, since the first may repair the copy."""
        by_hash: dict[str, list[Item]] = defaultdict(list)
        for item in twins:
            by_hash[item.file_hash].append(item)

        def settle(same: list[Item]) -> None:
            for item in same:
                self._guarded(item, lambda item: self._settle(item, known.get(item.file_hash)))

        for _ in self.executor.map(settle, by_hash.values()):
            pass

    def _settle(self, item: Item, kept: Kept | None) -> None:
        if kept is None:
            raise Held("its twin could not be filed; both are tried again")
        reason = settle_duplicate(item, kept, self.recorder.paths, self._bring_again)
        item.end(Outcome("duplicate", reason, kept.asset_id))

    def _bring_again(self, item: Item, final: Path) -> None:
        """Repair an archived copy; no intent speaks of it, and the copying may be cut short."""
        self.recorder.journal.work_in(self.recorder.paths.in_ledger(final.parent))
        self._bring(item, final)

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
