"""What the readers hand over: every date and place a file claims, before anything is chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from photo_factory.shared.media.date_text import parse_date

_MAX_TEXT = 100


@dataclass(slots=True)
class DateClue:
    """One claim about when. `value` is None where `text` is no date; then `rejected` says why."""

    source: str
    confidence: float
    text: str
    value: datetime | None = None
    offset: str | None = None
    clock: str = "local"  # "local", "utc": how `value` is to be read
    told_offset: str | None = None
    """For a clock in UTC: the offset of the wall clock, where the file itself tells it."""
    day_only: bool = False
    rejected: str | None = None
    note: str | None = None

    def as_json(self, *, chosen: bool) -> dict[str, Any]:
        """Return the clue as evidence; a clock in UTC that was not chosen is shown in UTC."""
        offset = self.offset or ("+00:00" if self.value and self.clock == "utc" else None)
        shown: dict[str, Any] = {
            "value": self.value.isoformat() if self.value else self.text[:_MAX_TEXT],
            "offset": offset,
            "source": self.source,
            "confidence": self.confidence,
            "chosen": chosen,
            "rejected": self.rejected,
        }
        return shown | ({"note": self.note} if self.note else {})


@dataclass(slots=True)
class PositionClue:
    """One claim about where, in degrees (WGS 84) and metres above the sea."""

    source: str
    confidence: float
    lat: float
    lon: float
    alt: float | None = None
    rejected: str | None = None

    def as_json(self, *, chosen: bool) -> dict[str, Any]:
        """Return the clue as evidence; JSON knows no NaN, so that one is shown as text."""
        numbers = {"lat": self.lat, "lon": self.lon, "alt": self.alt}
        return {
            **{key: _number(value) for key, value in numbers.items()},
            "source": self.source,
            "confidence": self.confidence,
            "chosen": chosen,
            "rejected": self.rejected,
        }


def _number(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)


@dataclass(slots=True)
class Findings:
    """Everything one file and its sidecars say."""

    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    make: str | None = None
    model: str | None = None
    content_identifier: str | None = None
    dates: list[DateClue] = field(default_factory=list)
    positions: list[PositionClue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add_date(
        self, text: object, *, source: str, confidence: float, clock: str = "local"
    ) -> DateClue | None:
        """Keep what `text` claims, also when it is no date; None when there is no text at all."""
        wanted = clean(text)
        if not wanted:
            return None
        parsed = parse_date(wanted)
        clue = DateClue(source, confidence, wanted, clock=clock)
        if isinstance(parsed, str):
            clue.rejected = parsed
        else:
            clue.value, clue.offset, clue.day_only = parsed.value, parsed.offset, parsed.day_only
            if clue.offset is not None:
                clue.clock = "local"  # the text itself says which zone it is in
        self.dates.append(clue)
        return clue


def clean(value: object) -> str:
    """Return a metadata string without the NULs and spaces cameras pad it with."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return "" if value is None else storable(str(value).split("\0")[0]).strip()


def storable(text: str) -> str:
    """Return a text that every database takes: neither NULs nor halves of UTF-16 pairs."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "")
