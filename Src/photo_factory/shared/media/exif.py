"""EXIF: from the bytes to tags by name (Pillow, then exifread), from the tags to clues."""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from photo_factory.shared.media import location
from photo_factory.shared.media.clues import Findings, PositionClue, clean
from photo_factory.shared.media.date_text import parse_offset

Tags = dict[str, Any]
"""EXIF tag names (EXIF 2.32) to values as the reader gives them."""

_IFD0 = {
    256: "ImageWidth", 257: "ImageLength", 271: "Make", 272: "Model", 274: "Orientation",
    306: "DateTime", 700: "XMP", 33723: "IPTC",
}  # fmt: skip
_EXIF = {
    36867: "DateTimeOriginal", 36868: "DateTimeDigitized", 36880: "OffsetTime",
    36881: "OffsetTimeOriginal", 36882: "OffsetTimeDigitized", 37500: "MakerNote",
    37520: "SubSecTime", 37521: "SubSecTimeOriginal", 37522: "SubSecTimeDigitized",
    40962: "PixelXDimension", 40963: "PixelYDimension",
}  # fmt: skip
_GPS = {
    1: "GPSLatitudeRef", 2: "GPSLatitude", 3: "GPSLongitudeRef", 4: "GPSLongitude",
    5: "GPSAltitudeRef", 6: "GPSAltitude", 7: "GPSTimeStamp", 29: "GPSDateStamp",
}  # fmt: skip
_EXIFREAD_NAMES = {
    "ExifImageWidth": "PixelXDimension", "ExifImageLength": "PixelYDimension",
    "GPSDate": "GPSDateStamp", "ApplicationNotes": "XMP", "IPTC/NAA": "IPTC",
}  # fmt: skip
_DATES = (  # tag, offset, fraction, confidence
    ("DateTimeOriginal", "OffsetTimeOriginal", "SubSecTimeOriginal", 0.95),
    ("DateTimeDigitized", "OffsetTimeDigitized", "SubSecTimeDigitized", 0.85),
    ("DateTime", "OffsetTime", "SubSecTime", 0.6),
)
_MAX_NOTE = 1 << 20
_MAX_SUB = 8


def tags_by_pillow(file: BinaryIO) -> Tags:
    """Read the tags of a TIFF, or of a raw file that is one; only its directories are read.

    `Image.getexif()` would convert every tag; Pillow's directories convert those asked for.
    """
    from PIL import TiffImagePlugin

    file.seek(0)
    head = file.read(8)
    first = TiffImagePlugin.ImageFileDirectory_v2(head)
    file.seek(first.next)
    first.load(file)
    tags = _named(first, _IFD0)
    tags["SubSizes"] = [
        (inner.get(256), inner.get(257)) for inner in _sub_directories(first, head, file)
    ]
    for pointer, names in ((0x8769, _EXIF), (0x8825, _GPS)):
        place = first.get(pointer)
        if isinstance(place, int):
            directory = TiffImagePlugin.ImageFileDirectory_v2(head, group=pointer)
            file.seek(place)
            directory.load(file)
            tags |= _named(directory, names)
    return tags


def _sub_directories(first: Any, head: bytes, file: BinaryIO) -> Iterator[Any]:
    """Yield the directories of tag 330, where raw files keep the picture itself."""
    from PIL import TiffImagePlugin

    places = first.get(330, ())
    for place in places[:_MAX_SUB] if isinstance(places, tuple) else (places,):
        if isinstance(place, int):
            directory = TiffImagePlugin.ImageFileDirectory_v2(head)
            file.seek(place)
            directory.load(file)
            yield directory


def _named(directory: Any, names: Mapping[int, str]) -> Tags:
    return {name: _single(directory[tag]) for tag, name in names.items() if tag in directory}


def tags_from_directories(ifd0: bytes, exif: bytes, gps: bytes) -> Tags:
    """Put together the tags of three TIFFs, as CR3 stores them (CMT1, CMT2, CMT4)."""
    from PIL import TiffImagePlugin

    tags: Tags = {}
    for data, names, group in ((ifd0, _IFD0, None), (exif, _EXIF, 0x8769), (gps, _GPS, 0x8825)):
        if data:
            directory = TiffImagePlugin.ImageFileDirectory_v2(data[:8], group=group)
            file = io.BytesIO(data)
            file.seek(directory.next)
            directory.load(file)
            tags |= _named(directory, names)
    return tags


def tags_by_exifread(file: BinaryIO) -> Tags:
    """Read the tags of what Pillow cannot: ORF, RW2, and blocks with broken directories."""
    import exifread

    logging.getLogger("exifread").setLevel(logging.CRITICAL)  # damage is told in `errors`
    file.seek(0)
    found = exifread.process_file(file, details=False, extract_thumbnail=False)
    tags: Tags = {}
    for key, entry in found.items():
        group, _, name = key.partition(" ")
        if group in {"Image", "EXIF", "GPS"}:
            values = getattr(entry, "values", entry)
            name = _EXIFREAD_NAMES.get(name, name)
            tags.setdefault(name, _single(values))
    return tags


def _single(values: Any) -> Any:
    return values[0] if isinstance(values, list | tuple) and len(values) == 1 else values


def tags_of_block(data: bytes) -> Tags:
    """Read an EXIF block: a TIFF, with or without "Exif" and two NULs before it."""
    return tags_of_file(io.BytesIO(data[6:] if data.startswith(b"Exif\0") else data))


def add_block(data: bytes, findings: Findings) -> None:
    """Turn an EXIF block into clues."""
    add_tags(tags_of_block(data), findings)


def tags_of_file(file: BinaryIO) -> Tags:
    """Read a TIFF-like file with Pillow, and with exifread where Pillow finds no date in it."""
    try:
        tags = tags_by_pillow(file)
    except (SyntaxError, ValueError, OSError, struct.error, KeyError, TypeError):
        tags = tags_by_exifread(file)  # these are what Pillow raises on damage
        if not tags:
            raise
        return tags
    if not any(name in tags for name, *_ in _DATES):
        tags = tags_by_exifread(file) | tags
    return tags


def pixels(tags: Tags) -> tuple[int | None, int | None]:
    """Return the larger of the sizes the tags tell: directory 0 of a raw is its thumbnail."""
    sizes = [
        (tags.get(width), tags.get(height))
        for width, height in (("PixelXDimension", "PixelYDimension"), ("ImageWidth", "ImageLength"))
    ]
    sizes += tags.get("SubSizes", [])
    known = [(w, h) for w, h in sizes if isinstance(w, int) and isinstance(h, int)]
    return max(known, default=(None, None))


def add_tags(tags: Tags, findings: Findings) -> None:
    """Turn tags into clues."""
    findings.make = findings.make or clean(tags.get("Make")) or None
    findings.model = findings.model or clean(tags.get("Model")) or None
    for name, offset, fraction, confidence in _DATES:
        clue = findings.add_date(tags.get(name), source=f"exif:{name}", confidence=confidence)
        if clue is None or clue.value is None:
            continue
        clue.offset = clue.offset or parse_offset(clean(tags.get(offset)))
        digits = clean(tags.get(fraction))
        if digits.isascii() and digits.isdigit() and not clue.value.microsecond:
            clue.value = clue.value.replace(microsecond=int(digits.ljust(6, "0")[:6]))
    _add_gps_clock(tags, findings)
    _add_position(tags, findings)
    note = tags.get("MakerNote")
    if isinstance(note, bytes) and note.startswith(b"Apple iOS\0"):
        findings.content_identifier = apple_content_identifier(note[:_MAX_NOTE])


def _add_gps_clock(tags: Tags, findings: Findings) -> None:
    """GPSDateStamp and GPSTimeStamp are UTC (EXIF 2.32, 4.6.7)."""
    day, time = clean(tags.get("GPSDateStamp")), tags.get("GPSTimeStamp")
    if not day:
        return
    text = day
    if time is not None and len(time) == 3:
        try:
            hour, minute, second = (float(part) for part in time)
            text = f"{day} {int(hour):02d}:{int(minute):02d}:{second:06.3f}"
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):
            findings.notes.append("GPSTimeStamp is no time")
    clue = findings.add_date(text, source="exif:GPSDateTime", confidence=0.8, clock="utc")
    if clue is not None and clue.day_only:
        # A day without its time may be yesterday where the picture was taken.
        clue.clock, clue.confidence = "local", 0.5


def _add_position(tags: Tags, findings: Findings) -> None:
    lat = location.degrees(tags.get("GPSLatitude"), tags.get("GPSLatitudeRef"))
    lon = location.degrees(tags.get("GPSLongitude"), tags.get("GPSLongitudeRef"))
    if lat is None or lon is None:
        return
    alt = location.altitude(tags.get("GPSAltitude"), tags.get("GPSAltitudeRef"))
    findings.positions.append(PositionClue("exif:GPS", 0.95, lat, lon, alt))
    if not (clean(tags.get("GPSLatitudeRef")) and clean(tags.get("GPSLongitudeRef"))):
        findings.notes.append("the position does not say north or south, east or west")


def apple_content_identifier(note: bytes) -> str | None:
    """Return tag 0x0011 of Apple's maker note, which a Live Photo shares with its video.

    The note is "Apple iOS", NUL, a version, "MM" and one big-endian directory; offsets count from
    the start of the note.
    """
    if len(note) < 16 or note[12:14] != b"MM":
        return None
    (count,) = struct.unpack_from(">H", note, 14)
    for at in range(16, min(16 + count * 12, len(note) - 11), 12):
        tag, kind, length, start = struct.unpack_from(">HHII", note, at)
        if tag == 0x0011 and kind == 2 and length < 256:
            return clean(note[start : start + length]) or None
    return None
