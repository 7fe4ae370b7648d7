"""Reads what lies beside a picture: XMP packets and Google Takeout's JSON."""

from __future__ import annotations

import json
from typing import Any

from photo_factory.shared.media import kinds, xmp, zones
from photo_factory.shared.media.clues import DateClue, Findings, PositionClue

MAX_BYTES = 8 << 20
_TAKEOUT_DATE = 0.75
_TAKEOUT_PLACES = (("geoData", 0.8), ("geoDataExif", 0.78))


def add_sidecar(data: bytes, name: str, findings: Findings) -> None:
    """Read one sidecar; raises what the XML and JSON parsers raise on damage."""
    kind, _ = kinds.kind_of(data[: kinds.HEAD_BYTES], name)
    if kind == kinds.XMP:
        xmp.add_packet(data, findings, sidecar=True)
    elif kind == kinds.TAKEOUT:
        _add_takeout(json.loads(data), findings)


def _add_takeout(content: Any, findings: Findings) -> None:
    """Google Takeout: photoTakenTime is seconds of UTC, geoData 0,0 where Google knows no place."""
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    taken = content.get("photoTakenTime")
    text = str(taken.get("timestamp", "")) if isinstance(taken, dict) else ""
    if text:
        clue = DateClue("sidecar:takeout", _TAKEOUT_DATE, text, clock="utc")
        try:
            clue.value = zones.utc_from_timestamp(int(text))
        except (ValueError, OverflowError):
            clue.rejected = "not a date"
        findings.dates.append(clue)
    for key, confidence in _TAKEOUT_PLACES:
        _add_place(content.get(key), confidence, findings)


def _add_place(place: Any, confidence: float, findings: Findings) -> None:
    if not isinstance(place, dict):
        return
    lat, lon, alt = (place.get(key) for key in ("latitude", "longitude", "altitude"))
    if isinstance(lat, int | float) and isinstance(lon, int | float):
        height = float(alt) if isinstance(alt, int | float) and alt else None
        source = "sidecar:takeout"
        findings.positions.append(PositionClue(source, confidence, float(lat), float(lon), height))
