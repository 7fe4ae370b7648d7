"""Where a picture was taken: reads the ways a position is written and chooses among them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from photo_factory.shared.media.clues import PositionClue, clean

_ISO6709 = re.compile(
    r"(?P<lat>[+-]\d{2,6}(?:\.\d+)?)(?P<lon>[+-]\d{3,7}(?:\.\d+)?)(?P<alt>[+-]\d+(?:\.\d+)?)?",
    re.ASCII,
)
_XMP = re.compile(
    r"(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?(?:,(\d+(?:\.\d+)?))?\s*([NSEW])$", re.ASCII | re.I
)


def choose(clues: Sequence[PositionClue]) -> PositionClue | None:
    """Reject what cannot be and return the most trusted of the rest."""
    for clue in clues:
        clue.rejected = clue.rejected or _objection(clue)
    usable = [clue for clue in clues if clue.rejected is None]
    return max(usable, key=lambda clue: clue.confidence, default=None)


def _objection(clue: PositionClue) -> str | None:
    if not (math.isfinite(clue.lat) and math.isfinite(clue.lon)):
        return "not a number"
    if clue.lat == 0 and clue.lon == 0:
        return "0,0: the receiver had no fix"
    if abs(clue.lat) > 90 or abs(clue.lon) > 180:
        return "out of range"
    return None


def as_json(clue: PositionClue) -> dict[str, float]:
    """Return {"lat", "lon"} in degrees and "alt" in metres when it is known."""
    place = {"lat": round(clue.lat, 7), "lon": round(clue.lon, 7)}
    if clue.alt is not None and math.isfinite(clue.alt):
        place["alt"] = round(clue.alt, 2)
    return place


def degrees(parts: object, reference: object) -> float | None:
    """Return signed degrees for EXIF's three rationals and its N/S/E/W; None if incomplete.

    EXIF 2.32, 4.6.7: GPSLatitude is degrees, minutes, seconds and never negative; the sign is in
    GPSLatitudeRef. Some programs write one rational of decimal degrees, or a negative number.
    """
    single = not isinstance(parts, Sequence) or isinstance(parts, str)
    values: Sequence[Any] = [parts] if single else parts  # type: ignore[assignment]
    try:
        numbers = [float(value) for value in values][:3]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not numbers:
        return None
    size = _sum(numbers)
    return -abs(size) if clean(reference)[:1].upper() in {"S", "W"} else size


def _sum(parts: Sequence[float]) -> float:
    """Degrees, minutes and seconds as degrees."""
    return math.fsum(part / (1, 60, 3600)[place] for place, part in enumerate(parts))


def altitude(value: object, reference: object) -> float | None:
    """Return metres; EXIF's GPSAltitudeRef 1 means below the sea."""
    try:
        metres = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not math.isfinite(metres):
        return None
    return -metres if reference in (1, b"\x01", "1") else metres


def iso6709(text: str) -> tuple[float, float, float | None] | None:
    """Read "+32.0929+034.8620+028.516/" (ISO 6709, Annex H; QuickTime's location key)."""
    match = _ISO6709.match(text.strip())
    if match is None:
        return None
    alt = float(match["alt"]) if match["alt"] else None
    return _sexagesimal(match["lat"], 2), _sexagesimal(match["lon"], 3), alt


def _sexagesimal(text: str, degree_digits: int) -> float:
    """Degrees from ±DD.D, ±DDMM.M or ±DDMMSS.S: the digits before the point tell which."""
    digits, _, fraction = text[1:].partition(".")
    whole = [digits[:degree_digits]]
    whole += [digits[at : at + 2] for at in range(degree_digits, len(digits), 2)]
    whole[-1] += "." + (fraction or "0")
    size = _sum([float(part) for part in whole[:3]])
    return -size if text[0] == "-" else size


def xmp_coordinate(text: str) -> float | None:
    """Read "40,14.0786450N" or "40,14,4.7N" (XMP specification part 2, GPSCoordinate)."""
    match = _XMP.match(text.strip())
    if match is None:
        try:
            return float(text)
        except ValueError:
            return None
    size = _sum([float(part or 0) for part in match.groups()[:3]])
    return -size if match[4].upper() in {"S", "W"} else size
