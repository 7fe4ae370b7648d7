"""The date a file name carries, as phones, messengers and screenshot tools write it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime

from photo_factory.shared.media.clues import DateClue

FULL, DAY, BARE_DAY, EPOCH = 0.7, 0.55, 0.45, 0.55
"""Confidence: a second, a day behind a known prefix, eight lonely digits, milliseconds of a
messenger (the moment it was received)."""

# A year from the age of photography that people name files after; boundaries keep counters,
# hashes and account numbers out.
_YMD = r"(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"
_Y_M_D = r"(?P<y>(?:19|20)\d\d)(?P<s>[-_.])(?P<m>0[1-9]|1[0-2])(?P=s)(?P<d>0[1-9]|[12]\d|3[01])"
_HMS = r"(?P<H>[01]\d|2[0-3])(?P<M>[0-5]\d)(?P<S>[0-5]\d)(?P<f>\d{3})?"
_H_M_S = r"(?P<H>[01]?\d|2[0-3])[-_.:h](?P<M>[0-5]\d)[-_.:m](?P<S>[0-5]\d)"
_AM_PM = r"(?:\s?(?P<ap>[AaPp][Mm])\b)?"
# Words that programs put before a date; any other word may stand before any number.
_MAKERS = "IMG|VID|MVIMG|PANO|DJI|WIN|DSC|CIMG|MOV|REC|Screenshot|Photo|Video|Scan|Camera|InShot"
_ZONE = re.compile(r"(?P<zone>Z|[+-](?:0\d|1[0-4])[:.]?(?:00|15|30|45))(?![0-9])")
_BEFORE, _AFTER = r"(?<![0-9])", r"(?![0-9])"

_PIXEL = re.compile(rf"^PXL_{_YMD}_{_HMS}{_AFTER}", re.ASCII | re.IGNORECASE)
_MOMENTS = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        rf"{_BEFORE}{_YMD}[-_T ]{_HMS}{_AFTER}",  # IMG_20231225_123456, Screenshot_20231225-123456
        rf"(?:^(?:(?:{_MAKERS})[-_ ]?)?|BURST){_YMD}{_HMS}{_AFTER}",  # IMG20231225123456, DJI_…
        rf"{_BEFORE}{_YMD}[-_ ]{_H_M_S}{_AFTER}",  # WP_20131225_12_34_56_Pro
        rf"{_BEFORE}{_Y_M_D}(?:[-_T ]+|[\s,]+at\s+){_H_M_S}{_AM_PM}{_AFTER}",  # … at 12.34.56 PM
        rf"{_BEFORE}{_Y_M_D}[-_T ]{_HMS}{_AFTER}",  # signal-2023-12-25-123456
    )
)
_DAYS = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        rf"{_BEFORE}{_YMD}-WA\d{{4}}",  # IMG-20231225-WA0001
        rf"^(?:IMG|VID|MVIMG|PANO|BURST|Screenshot|Photo|Video|Scan)[-_ ]?{_YMD}(?![0-9]|_\d)",
        rf"(?<![0-9])(?<![0-9][-_.]){_Y_M_D}(?![0-9]|[-_.][0-9]{{5}})",  # 2023-12-25 birthday
    )
)
_BARE_DAY = re.compile(rf"^{_YMD}(?:\s?\(\d+\))?$", re.ASCII)
_EPOCH = re.compile(r"^(?:FB_IMG_|mmexport)(?P<ms>1\d{12})" + _AFTER, re.ASCII | re.IGNORECASE)


def date_in_name(name: str) -> DateClue | None:
    """Return the clue a file name gives, or None; a day without time has `day_only` set.

    Google's Pixel names its files in UTC, everybody else in local time.
    """
    # macOS puts a narrow no-break space before AM and PM.
    stem = os.path.splitext(name)[0].replace("\u202f", " ").replace("\u00a0", " ")
    found = _match(stem)
    if found is None:
        return None
    build, match, confidence = found
    try:
        value = build(match)
    except ValueError:  # 31 February
        return None
    clue = DateClue("filename", confidence, name, value)
    clue.day_only = build is _day
    clue.clock = "utc" if match.re in (_PIXEL, _EPOCH) else "local"
    _heed_zone(clue, match, stem)
    return clue


def _heed_zone(clue: DateClue, match: re.Match[str], stem: str) -> None:
    """ISO 8601 may end in Z or an offset: `20231225T123456Z`, `2023-12-25T12.34.56+02.00`."""
    zone = _ZONE.match(stem, match.end())
    if zone is None or "T" not in match[0].upper():
        return
    if zone["zone"] == "Z":
        clue.clock = "utc"
    else:
        digits = re.sub("[:.]", "", zone["zone"])
        clue.offset = f"{digits[:3]}:{digits[3:]}"


_Build = Callable[[re.Match[str]], datetime]


def _match(stem: str) -> tuple[_Build, re.Match[str], float] | None:
    table: tuple[tuple[tuple[re.Pattern[str], ...], _Build, float], ...] = (
        ((_PIXEL, *_MOMENTS), _moment, FULL),
        ((_EPOCH,), _epoch, EPOCH),
        (_DAYS, _day, DAY),
        ((_BARE_DAY,), _day, BARE_DAY),
    )
    for patterns, build, confidence in table:
        for pattern in patterns:
            match = pattern.search(stem)
            if match:
                return build, match, confidence
    return None


def _day(match: re.Match[str]) -> datetime:
    return datetime(int(match["y"]), int(match["m"]), int(match["d"]))


def _moment(match: re.Match[str]) -> datetime:
    parts = match.groupdict()
    hour = int(match["H"])
    if parts.get("ap"):
        hour = hour % 12 + (12 if parts["ap"].lower() == "pm" else 0)
    micros = int(parts.get("f") or 0) * 1000
    return _day(match).replace(
        hour=hour, minute=int(match["M"]), second=int(match["S"]), microsecond=micros
    )


def _epoch(match: re.Match[str]) -> datetime:
    return datetime.fromtimestamp(int(match["ms"]) / 1000, UTC).replace(tzinfo=None)
