"""Whose a face is: the person whose faces are nearest to it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable

Candidate = tuple[uuid.UUID, float]
"""A person, and how far one of their faces is from the one in question."""

_OF_PERSON = 3
"""So many of a person's nearest faces count: a single one, wrongly given to them, is outvoted."""


def nearest_person(candidates: Iterable[Candidate]) -> uuid.UUID | None:
    """The person whose nearest faces are nearest on average; None without any candidate.

    All candidates are within the limit, so their average is, too.
    """
    of: dict[uuid.UUID, list[float]] = defaultdict(list)
    for person, distance in candidates:
        of[person].append(distance)
    return min(of, key=lambda person: _average(of[person]), default=None)


def _average(distances: list[float]) -> float:
    best = sorted(distances)[:_OF_PERSON]
    return sum(best) / len(best)
