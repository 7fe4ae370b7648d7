"""From UTC to the clock on the wall, by place or by zone name; needs no network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from photo_factory.shared.media.date_text import format_offset, offset_delta, parse_offset

if TYPE_CHECKING:
    from timezonefinder import TimezoneFinder


@cache
def _finder() -> TimezoneFinder:
    # Half a second and 40 MB: paid by the first file that needs it, once a process.
    from timezonefinder import TimezoneFinder

    return TimezoneFinder()


@lru_cache(maxsize=4096)
def zone_at(lat: float, lon: float) -> str | None:
    """Return the IANA zone at a position in degrees, or None where there is none."""
    name = _finder().timezone_at(lat=lat, lng=lon)
    return str(name) if name else None


def as_zone(name: str) -> tzinfo:
    """Return the zone called "Europe/Berlin", "utc" or "+02:00"; ValueError for other names."""
    offset = parse_offset(name)
    if offset is not None:
        return timezone(offset_delta(offset))
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"no such time zone: {name}") from error


def wall_clock(value: datetime, *, read_in: str = "utc", show_in: str) -> tuple[datetime, str]:
    """Return the naive wall clock and offset in `show_in` of a naive `value` read in `read_in`."""
    moment = value.replace(tzinfo=as_zone(read_in)).astimezone(as_zone(show_in))
    return moment.replace(tzinfo=None), _offset_text(moment.utcoffset())


def offset_in(value: datetime, zone: str) -> str:
    """Return the offset a naive wall clock has in a zone."""
    return _offset_text(value.replace(tzinfo=as_zone(zone)).utcoffset())


def utc_from_timestamp(seconds: float) -> datetime:
    """Return naive UTC for seconds since 1970; OverflowError outside years 1 to 9999."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).replace(tzinfo=None)


def _offset_text(offset: timedelta | None) -> str:
    # Before standard time (about 1900) zones have odd seconds; the ledger keeps minutes.
    return format_offset(round((offset or timedelta()).total_seconds() / 60))
