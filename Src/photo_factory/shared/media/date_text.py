"""Reads dates as cameras and programs write them: EXIF, ISO 8601, XMP, QuickTime, RIFF."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_DATE = re.compile(
    r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})"
    r"(?:[T\s]+(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,:](\d{1,9})\d*)?)?)?"
    r"\s*(Z|UTC|[+-]\d{1,2}(?::?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_PARTIAL = re.compile(r"\d{4}([:\-]\d{1,2})?$", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?$", re.ASCII)
MAX_OFFSET_MINUTES = 14 * 60
"""No zone on Earth is further from UTC (Kiribati, +14:00)."""


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """A naive wall clock, the offset written behind it, and whether the time of day is missing."""

    value: datetime
    offset: str | None
    day_only: bool


def parse_date(text: str) -> ParsedDate | str:
    """Read one date, or return the reason why it is none. Never raises.

    EXIF writes "2023:12:25 12:34:56" (EXIF 2.32, 4.6.6), XMP and QuickTime ISO 8601 with fraction,
    "Z" or offset; programs mix the two.
    """
    text = text.strip()
    if not text.strip(" :-/.0TZ+"):
        return "zero date" if "0" in text else "empty"
    match = _DATE.match(text)
    if match is None:
        partial = _PARTIAL.match(text)
        if partial:
            return "only a month" if partial[1] else "only a year"
        return "not a date"
    if text[match.end() : match.end() + 1].isdigit():
        return "not a date"
    return _build(match)


def _build(match: re.Match[str]) -> ParsedDate | str:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        value = datetime(int(year), int(month), int(day))
        if hour is not None:
            micros = int((fraction or "0").ljust(6, "0")[:6])
            value = value.replace(
                hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=micros
            )
    except ValueError:
        return "impossible date"
    return ParsedDate(value, parse_offset(zone) if hour else None, hour is None)


def parse_offset(text: str | None) -> str | None:
    """Return "+03:00" for "+3", "+0300", "+03:00" or "Z"; None for anything else."""
    text = (text or "").strip().upper()
    if text in {"Z", "UTC"}:
        return "+00:00"
    match = _OFFSET.match(text)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    if minutes > MAX_OFFSET_MINUTES or int(match[3] or 0) > 59:
        return None
    return format_offset(-minutes if match[1] == "-" else minutes)


def format_offset(minutes: int) -> str:
    """Write an offset in minutes east of UTC as "+03:00"."""
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def offset_delta(offset: str) -> timedelta:
    """Return "+03:00" as a duration."""
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    return timedelta(minutes=-minutes if offset[0] == "-" else minutes)
