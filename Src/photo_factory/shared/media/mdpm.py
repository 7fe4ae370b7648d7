"""The recording time in AVCHD films: "MDPM" entries in user data of the H.264 stream.

The layout is not published; this follows what exiftool documents for its H264 tables.
"""

from __future__ import annotations

from photo_factory.shared.media.date_text import format_offset

SEARCHED_BYTES = 1 << 20
_MAX_ENTRIES = 40


def recorded_at(data: bytes) -> tuple[str, str | None] | None:
    """Return ("2012-05-06 07:08:09", "+02:00" or None), or None where there is no such entry."""
    at = data.find(b"MDPM")
    if at < 0 or at + 5 > len(data):
        return None
    # A transport stream may cut the entries with a packet header; such a date is not read.
    entries: dict[int, bytes] = {}
    for number in range(min(data[at + 4], _MAX_ENTRIES)):
        entry = data[at + 5 + 5 * number : at + 10 + 5 * number]
        if len(entry) == 5:
            entries.setdefault(entry[0], entry[1:])
    first, second = entries.get(0x18), entries.get(0x19)
    if first is None or second is None:
        return None
    digits = (first[1:] + second).hex()  # binary-coded decimals
    if not digits.isdigit():
        return None
    year, rest = digits[:4], [digits[place : place + 2] for place in range(4, 14, 2)]
    return f"{year}-{rest[0]}-{rest[1]} {':'.join(rest[2:])}", _offset(first[0])


def _offset(zone: int) -> str | None:
    """Bits: 0x40 daylight saving, 0x20 west, 0x1e hours, 0x01 half an hour; 0x80 unknown."""
    if zone & 0x80:
        return None
    minutes = (zone >> 1 & 0x0F) * 60 + (zone & 1) * 30
    return format_offset(-minutes if zone & 0x20 else minutes)
