"""Small media files, made for the tests."""

from __future__ import annotations

import io
import os
import struct
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import piexif
from PIL import Image

from photo_factory.shared.media.facts import DatePolicy, Facts, extract

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MTIME = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
DTO = "2023:12:25 12:34:56"


def policy(timezone: str = "Europe/Berlin", **cameras: str) -> DatePolicy:
    """A household's policy; a keyword is a camera with underscores for spaces."""
    clocks = {name.replace("_", " "): clock for name, clock in cameras.items()}
    return DatePolicy(timezone, clocks, NOW)


def facts_of(path: Path, **options: Any) -> Facts:
    """Extract with a known mtime."""
    os.utime(path, (MTIME.timestamp(), MTIME.timestamp()))
    return extract(str(path), **{"policy": policy(), **options})


def gps(lat: float, lon: float, utc: datetime | None = None) -> dict[int, Any]:
    """An EXIF GPS directory."""
    found: dict[int, Any] = {
        piexif.GPSIFD.GPSLatitudeRef: b"S" if lat < 0 else b"N",
        piexif.GPSIFD.GPSLatitude: _rationals(abs(lat)),
        piexif.GPSIFD.GPSLongitudeRef: b"W" if lon < 0 else b"E",
        piexif.GPSIFD.GPSLongitude: _rationals(abs(lon)),
    }
    if utc:
        found[piexif.GPSIFD.GPSDateStamp] = utc.strftime("%Y:%m:%d").encode()
        found[piexif.GPSIFD.GPSTimeStamp] = ((utc.hour, 1), (utc.minute, 1), (utc.second, 1))
    return found


def _rationals(degrees: float) -> tuple[tuple[int, int], ...]:
    return (int(degrees), 1), (round((degrees % 1) * 60 * 1_000_000), 1_000_000), (0, 1)


def exif(
    original: str | None = DTO,
    *,
    place: dict[int, Any] | None = None,
    zeroth: dict[int, Any] | None = None,
    **tags: Any,
) -> bytes:
    """An EXIF block; keywords are tags of the Exif directory."""
    inner = {getattr(piexif.ExifIFD, name): value for name, value in tags.items()}
    if original is not None:
        inner[piexif.ExifIFD.DateTimeOriginal] = original.encode()
    return bytes(piexif.dump({"0th": zeroth or {}, "Exif": inner, "GPS": place or {}}))


def picture(path: Path, **save: Any) -> Path:
    """A small picture in the format of its extension."""
    Image.new("RGB", (48, 32), (200, 30, 30)).save(path, **save)
    return path


def jpeg_bytes(**save: Any) -> bytes:
    """The bytes of a small JPEG."""
    into = io.BytesIO()
    Image.new("RGB", (48, 32)).save(into, "JPEG", **save)
    return into.getvalue()


def segment(code: int, data: bytes) -> bytes:
    """One JPEG segment."""
    return bytes([0xFF, code]) + struct.pack(">H", len(data) + 2) + data


def xmp(**properties: str) -> bytes:
    """An XMP packet; "exif_DateTimeOriginal" is exif:DateTimeOriginal."""
    attributes = " ".join(f'{k.replace("_", ":", 1)}="{v}"' for k, v in properties.items())
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        f'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {attributes}/></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


def film(path: Path, *, kind: str | None = None, codec: str = "mpeg4", **metadata: str) -> Path:
    """A film of half a second; keywords are the container's metadata, "__" stands for a dot."""
    options = {"movflags": "use_metadata_tags"} if path.suffix in {".mov", ".mp4"} else {}
    with av.open(str(path), "w", format=kind, options=options) as container:
        container.metadata.update({k.replace("__", "."): v for k, v in metadata.items()})
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = Fraction(1, 10)
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def box(kind: bytes, *content: bytes) -> bytes:
    """One ISO base media box."""
    data = b"".join(content)
    return struct.pack(">I", len(data) + 8) + kind + data
