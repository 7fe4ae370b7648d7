"""What belongs together stays together: one day folder and one group id for all of it.

A group has a leader, a photo or video, whose day is the day of all: sidecars follow it, and so
do the other half of a Live Photo and the JPEG beside a RAW. The group's id is its leader's.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from photo_factory.librarian.records import Mate
from photo_factory.shared.media.groups import stem_key

NEAR = timedelta(seconds=2)
"""How far apart the halves of a pair may say they were taken."""

SIDECAR = "sidecar"


class Member(Protocol):
    """What is asked of a new asset and of one in the ledger alike."""

    @property
    def group_key(self) -> str | None: ...
    @property
    def content_identifier(self) -> str | None: ...
    @property
    def media_type(self) -> str: ...
    @property
    def captured_at(self) -> datetime: ...


M = TypeVar("M", bound=Member)


@dataclass(slots=True)
class Newcomer:
    """A new asset on its way to its group."""

    asset_id: UUID
    group_key: str
    content_identifier: str | None
    media_type: str
    captured_at: datetime
    captured_at_confidence: float
    leader: Newcomer | Mate | None = None
    group_id: UUID | None = None


@dataclass
class Grouping:
    """What grouping a batch changes in the ledger beside the new rows."""

    joins: dict[UUID, UUID] = field(default_factory=dict)
    """Assets that get a group now that they are no longer alone: asset id -> group id."""
    follow: list[tuple[Mate, Newcomer]] = field(default_factory=list)
    """Sidecars that were filed before their photo came, and the photo."""


def group_key(folder: str, name: str) -> str:
    """32 hexadecimal digits that files of one folder and one stem share."""
    text = os.fsencode(f"{folder}/{stem_key(name)}")
    return blake2b(text, digest_size=16).hexdigest()


def belong_together(one: Member, other: Member) -> bool:
    """Whether two assets are one group: Apple's identifier first, then name and time."""
    if one.content_identifier and one.content_identifier == other.content_identifier:
        return True
    if one.group_key is None or one.group_key != other.group_key:
        return False
    if SIDECAR in (one.media_type, other.media_type):
        return True
    return abs(one.captured_at - other.captured_at) <= NEAR


def group(newcomers: Sequence[Newcomer], mates: Sequence[Mate]) -> Grouping:
    """Give every newcomer its leader and group; newcomers lead one another where no mate does."""
    grouping = Grouping()
    by_key = Index(newcomers)
    mates_by_key = Index(mates)
    for newcomer in sorted(newcomers, key=_rank):
        leader = _leader(newcomer, by_key, mates_by_key)
        if leader is None:
            continue
        if isinstance(leader, Mate) and leader.group_id is None:
            grouping.joins[leader.asset_id] = leader.asset_id
        newcomer.leader = leader
        newcomer.group_id = leader.group_id = leader.group_id or leader.asset_id
    waiting = {mate.asset_id for mate in unled_sidecars(mates)}
    for newcomer in newcomers:
        if newcomer.media_type != SIDECAR and newcomer.leader is None:
            _call_sidecars(newcomer, mates_by_key, waiting, grouping)
    return grouping


def unled_sidecars(mates: Sequence[Mate]) -> list[Mate]:
    """Sidecars that were filed before their photo, or when their photo could not be."""
    led = {mate.group_id for mate in mates if mate.media_type != SIDECAR} - {None}
    return [mate for mate in mates if mate.media_type == SIDECAR and mate.group_id not in led]


def _rank(newcomer: Newcomer) -> tuple[bool, float, bool, UUID]:
    """Who leads: media before sidecars, the surer date first, photos before videos."""
    media_type = newcomer.media_type
    return (
        media_type == SIDECAR,
        -newcomer.captured_at_confidence,
        media_type != "image",
        newcomer.asset_id,  # between equals it only matters that one of them leads
    )


def _leader(
    newcomer: Newcomer,
    newcomers: Index[Newcomer],
    mates: Index[Mate],
) -> Newcomer | Mate | None:
    """The group's leader: one that is filed already, else the first-ranking newcomer."""
    alongside = sorted(newcomers.beside(newcomer), key=_rank)
    if newcomer.media_type == SIDECAR:  # a name used again belongs to what came with it
        return next((one for one in alongside if one.media_type != SIDECAR), None) or next(
            (mate for mate in mates.beside(newcomer) if mate.media_type != SIDECAR), None
        )
    filed = next((mate for mate in mates.beside(newcomer) if mate.media_type != SIDECAR), None)
    ahead = (one for one in alongside if one.media_type != SIDECAR and _rank(one) < _rank(newcomer))
    return filed or next(ahead, None)


def _call_sidecars(
    newcomer: Newcomer, mates: Index[Mate], waiting: set[UUID], grouping: Grouping
) -> None:
    """Have sidecars follow that wait for their photo; led ones stay with their leader."""
    for mate in mates.beside(newcomer):
        if mate.asset_id in waiting:
            waiting.remove(mate.asset_id)
            mate.group_id = newcomer.group_id = newcomer.asset_id
            grouping.follow.append((mate, newcomer))


class Index(Generic[M]):
    """Members found by what a group shares, so that a batch costs no square of its length."""

    def __init__(self, members: Iterable[M]) -> None:
        self._by: dict[str, list[M]] = defaultdict(list)
        for member in members:
            for mark in _marks(member):
                self._by[mark].append(member)

    def beside(self, one: Member) -> list[M]:
        """The members that belong together with one, without itself."""
        found = {id(member): member for mark in _marks(one) for member in self._by[mark]}
        return [m for m in found.values() if m is not one and belong_together(one, m)]


def _marks(member: Member) -> Iterator[str]:
    if member.group_key:
        yield f"key {member.group_key}"
    if member.content_identifier:
        yield f"identifier {member.content_identifier}"
