"""Walks the segments of a JPEG up to its pixels and picks out what carries metadata."""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from typing import BinaryIO

_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_MAX_SEGMENTS = 4096
_TAIL = 4096


@dataclass(slots=True)
class JpegParts:
    """The metadata blocks of one JPEG and its size in pixels, before any rotation."""

    exif: bytes | None = None
    xmp: bytes | None = None
    photoshop: bytes = b""
    width: int | None = None
    height: int | None = None
    pixels_at: int | None = None
    damage: list[str] = field(default_factory=list)


def read_parts(file: BinaryIO, start: int = 0) -> JpegParts:
    """Read the JPEG that begins at `start` (ITU-T T.81, annex B) up to its first scan."""
    parts = JpegParts()
    file.seek(start + 2)
    for _ in range(_MAX_SEGMENTS):
        mark = file.read(1)
        while mark and mark != b"\xff":  # some cameras pad between segments
            mark = file.read(1)
        while mark == b"\xff":
            mark = file.read(1)
        if not mark:
            parts.damage.append("JPEG: ends before its pixels begin")
            return parts
        code = mark[0]
        if code in (0xDA, 0xD9):
            parts.pixels_at = file.tell()
            return parts
        if code not in _NO_LENGTH and code != 0:
            _segment(file, code, parts)
    parts.damage.append("JPEG: too many segments")
    return parts


def _segment(file: BinaryIO, code: int, parts: JpegParts) -> None:
    length = int.from_bytes(file.read(2), "big") - 2
    if length < 0:
        return
    if code not in (0xE1, 0xED) and code not in _FRAMES:
        file.seek(length, 1)
        return
    data = file.read(length)
    if code in _FRAMES and len(data) >= 5:
        parts.height = parts.height or int.from_bytes(data[1:3], "big")
        parts.width = parts.width or int.from_bytes(data[3:5], "big")
    elif code == 0xED and data.startswith(_PHOTOSHOP):
        parts.photoshop += data[len(_PHOTOSHOP) :]
    elif data.startswith(b"Exif\0") and parts.exif is None:
        parts.exif = data
    elif data.startswith(_XMP) and parts.xmp is None:
        parts.xmp = data[len(_XMP) :]


def is_cut_off(file: BinaryIO, pixels_at: int) -> bool:
    """Whether the end-of-image marker is missing.

    Inside pixels 0xFF is always followed by NUL or a restart marker, so that the marker cannot be
    there by chance; phones put films and depth maps behind it, hence the search of all the rest.
    """
    size = file.seek(0, 2)
    file.seek(max(pixels_at, size - _TAIL))
    if b"\xff\xd9" in file.read(_TAIL):
        return False
    if size <= pixels_at:
        return True
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"\xff\xd9", pixels_at) < 0
