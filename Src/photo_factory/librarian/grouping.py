"""A batch's new assets brought to their groups, with what the ledger knows of earlier members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from photo_factory.librarian.batch import Item
from photo_factory.librarian.groups import SIDECAR, Grouping, Newcomer, group, unled_sidecars
from photo_factory.librarian.metadata_extractor import key_of
from photo_factory.librarian.records import Mate, Records
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.paths import Paths
from photo_factory.shared.rows import Row


@dataclass
class BatchGroups:
    """Mates from the ledger and what grouping decided; empty while the ledger is away."""

    records: Records
    mates: list[Mate] = field(default_factory=list)
    grouping: Grouping = field(default_factory=Grouping)

    @classmethod
    def of(cls, records: Records, items: Sequence[Item]) -> BatchGroups:
        """The groups of a batch's new items, by the names of the files so far."""
        groups = cls(records)
        groups._ask({key_of(item) for item in items}, set(), set())
        return groups

    @classmethod
    def of_rows(cls, records: Records, rows: Sequence[Row]) -> BatchGroups:
        """The groups of assets that are in the ledger already."""
        groups = cls(records)
        groups._ask({row["group_key"] for row in rows}, set(), {row["id"] for row in rows})
        return groups

    def earlier_sidecars(self, paths: Paths) -> dict[str, list[str]]:
        """Archived sidecars that came before their photo, by group key."""
        found: dict[str, list[str]] = {}
        for mate in unled_sidecars(self.mates):
            if mate.group_key:
                found.setdefault(mate.group_key, []).append(str(paths.on_disk(mate.final_path)))
        return found

    def arrange(self, rows: Sequence[Row], paths: Paths) -> list[Path]:
        """Set the rows' groups, and the sidecars' days; returns the day folder of each row."""
        known = {mate.asset_id for mate in self.mates} | {row["id"] for row in rows}
        identifiers = {row["content_identifier"] for row in rows if row["content_identifier"]}
        if identifiers:
            self._ask(set(), identifiers, known)
        newcomers = [_newcomer(row) for row in rows]
        self.grouping = group(newcomers, self.mates)
        for row, newcomer in zip(rows, newcomers, strict=True):
            row["group_id"] = newcomer.group_id
            if newcomer.media_type == SIDECAR and newcomer.leader:
                follow_day(row, newcomer.leader)
        return [_folder(newcomer, paths) for newcomer in newcomers]

    def _ask(self, keys: set[str], identifiers: set[str], known: set[UUID]) -> None:
        if not keys and not identifiers:
            return
        try:
            found = self.records.mates(keys, identifiers)
        except LedgerAway:
            return  # the members are brought together when the journal is replayed
        self.mates += [mate for mate in found if mate.asset_id not in known]


def follow_day(row: Row, leader: Newcomer | Mate) -> None:
    """A sidecar has no time of its own: it was taken when its photo was."""
    row["captured_at"] = leader.captured_at
    row["captured_at_source"] = "group"
    row["captured_at_confidence"] = leader.captured_at_confidence


def _newcomer(row: Row) -> Newcomer:
    return Newcomer(
        asset_id=row["id"],
        group_key=row["group_key"],
        content_identifier=row["content_identifier"],
        media_type=row["media_type"],
        captured_at=row["captured_at"],
        captured_at_confidence=row["captured_at_confidence"],
    )


def _folder(newcomer: Newcomer, paths: Paths) -> Path:
    leader = newcomer.leader
    if isinstance(leader, Mate):
        return paths.on_disk(leader.final_path).parent
    if leader is not None:
        return _folder(leader, paths)
    return paths.day_folder(newcomer.captured_at.strftime("%Y-%m-%d"))
