"""IPTC-IIM dates, from Photoshop's resource block or a TIFF tag."""

from __future__ import annotations

from collections.abc import Iterator

from photo_factory.shared.media.clues import Findings, clean
from photo_factory.shared.media.date_text import parse_offset

_PAIRS = ((55, 60, "DateCreated", 0.8), (62, 63, "DigitalCreationDate", 0.78))


def from_photoshop(block: bytes) -> bytes:
    """Return resource 0x0404 of Photoshop's image resources ("8BIM"), or nothing."""
    at = 0
    while block[at : at + 4] == b"8BIM":
        name = block[at + 6] if at + 6 < len(block) else 0
        head = at + 6 + (name + 2 & ~1)  # a Pascal string, padded to even
        size = int.from_bytes(block[head : head + 4], "big")
        if block[at + 4 : at + 6] == b"\x04\x04":
            return block[head + 4 : head + 4 + size]
        at = head + 4 + (size + 1 & ~1)
    return b""


def add_iptc(data: bytes, findings: Findings) -> None:
    """Read 2:55 DateCreated (CCYYMMDD) with 2:60 TimeCreated (HHMMSS±HHMM), IIM 4.2."""
    found = dict(_records(data))
    for day_set, time_set, name, confidence in _PAIRS:
        day, time = found.get(day_set, ""), found.get(time_set, "")
        if not day:
            if time:
                findings.notes.append(f"iptc:{name}: a time without a day")
            continue
        if len(day) == 8 and day.isdigit():
            day = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        clock = f" {time[:2]}:{time[2:4]}:{time[4:6]}" if time[:6].isdigit() else ""
        clue = findings.add_date(day + clock, source=f"iptc:{name}", confidence=confidence)
        if clue is not None and clock:
            clue.offset = parse_offset(time[6:])


def _records(data: bytes) -> Iterator[tuple[int, str]]:
    at = 0
    while at + 5 <= len(data) and data[at] == 0x1C:
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        if size & 0x8000:  # extended data sets never hold dates
            return
        if data[at + 1] == 2:
            yield data[at + 2], clean(data[at + 5 : at + 5 + size])
        at += 5 + size
