"""The light of the originals: are they what was filed, and is somebody looking?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from photo_factory.monitor.integrity_pace import (
    MIB,
    STANDS_AFTER_S,
    figures_of,
    is_overdue,
    oldest_look,
    pace,
)
from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import findings
from photo_factory.shared.heartbeat_service import Status
from photo_factory.shared.roots import Guard, moved

_NOTHING = {"open": 0, "hashed_bytes": 0, "round_ends_on": None, "rate": 0.0}


def probe(watch: Watch) -> Reading:
    """How the originals are: an ERROR while one of them is wrong, or the archive is away.

    A WARNING while they are not read as they should be: then nobody knows.
    """
    if reason := Guard(watch.settings, watch.paths, watch.engine).trouble():
        return Reading("ERROR", "standing still", reason, _NOTHING)
    wrong = findings.listed(watch.engine)
    oldest = oldest_look(watch)
    told = [*_of_wrong(wrong), *_of_the_reader(watch, oldest)]
    details = _details(watch, len(wrong), oldest)
    status: Status = "ERROR" if wrong else "WARNING"
    if not told:
        days, status = watch.settings.integrity_days, "OK"
        told = [f"each is read again within {days} days" if days else "none is read again"]
    if note := moved(watch.paths, watch.engine):
        told.append(note)
    return Reading(status, "reading originals again", ". ".join(told), details)


def _of_wrong(wrong: Sequence[findings.Open]) -> Iterator[str]:
    if wrong:
        noun = "original is" if len(wrong) == 1 else "originals are"
        yield f"{len(wrong)} {noun} not what was filed, the first: {wrong[0].message}"
        yield "Repair from a backup copy: photo-factory repair --all"


def _of_the_reader(watch: Watch, oldest: datetime | None) -> Iterator[str]:
    stands_s = figures_of(watch).stands_s
    if stands_s > STANDS_AFTER_S:
        yield (
            f"the reader of originals has not got on for {stands_s / 3600:.1f} hours: does the "
            "disk answer? The service-monitor's log has more"
        )
    if oldest and is_overdue(watch, oldest):
        yield (
            f"the oldest look at an original is of {oldest.date().isoformat()}, "
            f"INTEGRITY_DAYS is {watch.settings.integrity_days}: they are read as fast as "
            "INTEGRITY_RATE allows. Does the service-monitor run all day?"
        )


def _details(watch: Watch, number: int, oldest: datetime | None) -> dict[str, Any]:
    """The figures; `rate` in MiB a second, `hashed_bytes` since the service-monitor started."""
    days = watch.settings.integrity_days
    ends = oldest + timedelta(days=days) if oldest and days else None
    return {
        "open": number,
        "hashed_bytes": figures_of(watch).hashed_bytes,
        "round_ends_on": ends.date().isoformat() if ends else None,
        "rate": round(pace(watch) / MIB, 3) if days else 0.0,
    }
