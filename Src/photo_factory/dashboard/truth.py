"""The sentence on top: what is true of the whole archive, and what needs somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from photo_factory.dashboard.queries.overview import Now, Totals
from photo_factory.dashboard.verdict import Verdict, Word, worst

_UNDECIDED = (
    ("duplicates", "duplicate in doubt", "duplicates in doubt"),
    ("dates", "unsure date", "unsure dates"),
)
"""What somebody may decide some day: its kind on *Needs attention*, and what it is called."""

_TIMES = {1: "once", 2: "twice"}


@dataclass(frozen=True)
class Need:
    """Something that needs somebody."""

    word: Word
    text: str
    page: str | None = None
    """The page where it is dealt with, by the name of its file."""


@dataclass(frozen=True)
class Truth:
    """The sentence, and what it is made of, the most urgent first."""

    word: Word
    sentence: str
    needs: tuple[Need, ...]


def truth(
    known: Totals | None,
    now: Now | None,
    found: Sequence[Verdict],
    targets: int,
    in_inbox: int | None = None,
    undecided: Mapping[str, int] | None = None,
) -> Truth:
    """What to say; `known` and `now` are None while the ledger is away.

    `in_inbox`: files that lie there; None where that says nothing, as in mode `keep`.
    `undecided`: what *Needs attention* counts; unsure dates are no trouble, and yet they are told.
    """
    away = () if known is not None else _away(found)
    needs = (*away, *_breakers(now), *_bad(found), *_stuck(now), *_rather(found))
    if known and known.assets and not targets:
        needs = (*needs, Need("WARNING", "one disk is no archive: set a backup target", "backup"))
    filed = _filed(known, targets) + _in_inbox(in_inbox)
    if not needs:
        return Truth("OK", f"{filed}; nothing needs you{_but(undecided or {})}.", ())
    return Truth(needs[0].word, f"{filed}; {_how_many(needs)}.", needs)


def _filed(known: Totals | None, targets: int) -> str:
    if known is None:
        return "The ledger cannot be asked now"
    if not known.photos:
        return "No photo is filed yet"
    all_ = "The one photo is" if known.photos == 1 else f"All {known.photos:,} photos are"
    if not targets:
        return f"{all_} filed, and none is backed up: no target is set"
    times = _TIMES.get(targets, f"{targets} times")
    if known.backed_up == known.photos:
        return f"{all_} filed and backed up {times}"
    are = "is" if known.backed_up == 1 else "are"
    return f"{all_} filed, {known.backed_up:,} {are} backed up {times}"


def _but(undecided: Mapping[str, int]) -> str:
    told = [
        f"{number:,} {one if number == 1 else many}"
        for kind, one, many in _UNDECIDED
        if (number := undecided.get(kind, 0))
    ]
    return f" but {' and '.join(told)}" if told else ""


def _in_inbox(number: int | None) -> str:
    if not number:
        return ""
    return ", one file lies in the inbox" if number == 1 else f", {number:,} files lie in the inbox"


def _away(found: Sequence[Verdict]) -> tuple[Need, ...]:
    """While the ledger is away: what nobody can know then, and whether photos are filed still."""
    files = any(
        one.name == "librarian" and any(unit.condition == "running" for unit in one.units)
        for one in found
    )
    all_the_same = "; photos are filed all the same" if files else ""
    return (Need("ERROR", f"the ledger is away{all_the_same}", "services"),)


def _how_many(needs: Sequence[Need]) -> str:
    return "one thing needs you" if len(needs) == 1 else f"{len(needs)} things need you"


def _breakers(now: Now | None) -> list[Need]:
    tripped = now.breakers.items() if now else ()
    return [
        Need("ERROR", f"Everything about {name} stands still: {reason}", "attention")
        for name, reason in sorted(tripped)
    ]


def _bad(found: Sequence[Verdict]) -> list[Need]:
    return [
        Need(one.word, f"{one.name}: {one.reason}", "services")
        for one in worst(found)
        if one.word in ("ERROR", "SILENT")
    ]


def _stuck(now: Now | None) -> list[Need]:
    if now is None:
        return []
    told: tuple[tuple[int, Word, str, str], ...] = (
        (now.findings, "ERROR", "original is not what it was", "originals are not what they were"),
        (now.parked, "WARNING", "asset is parked", "assets are parked"),
        (now.failed, "WARNING", "file in the inbox is damaged", "files in the inbox are damaged"),
        (now.held, "WARNING", "file is held in the inbox", "files are held in the inbox"),
    )
    return [
        Need(word, f"{number:,} {one if number == 1 else many}", "attention")
        for number, word, one, many in told
        if number
    ]


def _rather(found: Sequence[Verdict]) -> list[Need]:
    return [
        Need(one.word, f"{one.name}: {one.reason}", "services")
        for one in worst(found)
        if one.word == "WARNING" and not _is_told_elsewhere(one)
    ]


def _is_told_elsewhere(one: Verdict) -> bool:
    """The Librarian warns of what it holds, which is counted already."""
    return one.name in ("librarian", "inbox") and "held" in one.reason
