"""ISO base media files (ISO/IEC 14496-12): boxes, the items of HEIC and AVIF, CR3, JPEG XL."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from photo_factory.shared.media import exif, heif_size, jxl_size, xmp
from photo_factory.shared.media.attempts import attempt
from photo_factory.shared.media.clues import Findings

_MAX_BOXES = 100_000
_MAX_META = 16 << 20
_MAX_ITEM = 16 << 20
_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


@dataclass(frozen=True, slots=True)
class Box:
    """One box; `start` and `end` enclose its payload."""

    kind: bytes
    start: int
    end: int


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places of the file; a box may claim to reach beyond `end`."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        head = file.read(16)
        size, kind, body = int.from_bytes(head[:4], "big"), head[4:8], start + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), start + 16
        stop = end if size == 0 else start + size
        if len(head) < 8 or stop < body:
            return
        yield Box(kind, body, stop)
        start = stop


def add_cut(file: BinaryIO, findings: Findings, size: int) -> None:
    """Note it as damage when the outermost boxes claim more bytes than the file has."""
    file.seek(0)
    if file.read(2) == b"\xff\x0a":  # JPEG XL without boxes
        return
    for box in boxes(file, 0, size):
        if box.end > size:
            kind = box.kind.decode("latin-1")
            findings.errors.append(f"cut off: {box.end - size} bytes of its '{kind}' are missing")


def read_heif(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read the Exif and XMP items of HEIC, HEIF and AVIF (ISO/IEC 23008-12)."""
    inside, inner = _meta(file, size)
    names = _item_kinds(inside, inner.get(b"iinf"))
    places = _item_places(payload(inside, inner.get(b"iloc")))
    findings.width, findings.height = heif_size.size_of(_primary_properties(inside, inner))
    for item, kind in names.items():
        if kind not in (b"Exif", b"XMP") or item not in places:
            continue
        method, extents = places[item]
        # Construction method 1 counts from the start of `idat`, 0 from the start of the file.
        in_idat = method == 1 and b"idat" in inner
        data = _item(inside, inner[b"idat"].start, extents) if in_idat else _item(file, 0, extents)
        if kind == b"Exif":
            attempt(findings, "EXIF", exif.add_block, _behind_offset(data), findings)
        else:
            attempt(findings, "XMP", xmp.add_packet, data, findings)


def primary_properties(file: BinaryIO, size: int) -> list[tuple[bytes, bytes]]:
    """Return kind and beginning of each property of the picture that HEIC and AVIF show first."""
    return _primary_properties(*_meta(file, size))


def _meta(file: BinaryIO, size: int) -> tuple[BinaryIO, dict[bytes, Box]]:
    """Return the content of the `meta` box, and the boxes in it."""
    meta = next((box for box in boxes(file, 0, size) if box.kind == b"meta"), None)
    if meta is None:
        raise ValueError("no 'meta' box")
    inside = io.BytesIO(payload(file, meta))
    return inside, {box.kind: box for box in boxes(inside, 4, meta.end - meta.start)}


def payload(file: BinaryIO, box: Box | None, limit: int = _MAX_META) -> bytes:
    """Return a box's content, at most `limit` bytes of it."""
    if box is None:
        return b""
    file.seek(box.start)
    return file.read(min(box.end - box.start, limit))


def _behind_offset(data: bytes) -> bytes:
    """The first 4 bytes of HEIF's and JPEG XL's Exif say how far behind them the TIFF begins."""
    return data[4 + int.from_bytes(data[:4], "big") :]


def _primary(pitm: bytes) -> int:
    return int.from_bytes(pitm[4:6] if pitm[:1] == b"\0" else pitm[4:8], "big")


def _primary_properties(file: BinaryIO, meta: dict[bytes, Box]) -> list[tuple[bytes, bytes]]:
    if b"iprp" not in meta or b"pitm" not in meta:
        return []
    inner = {box.kind: box for box in boxes(file, meta[b"iprp"].start, meta[b"iprp"].end)}
    ipco = inner.get(b"ipco")
    if ipco is None:
        return []
    properties = [(box.kind, payload(file, box, 32)) for box in boxes(file, ipco.start, ipco.end)]
    primary = _primary(payload(file, meta[b"pitm"]))
    wanted = heif_size.properties_of(payload(file, inner.get(b"ipma")), primary)
    return [properties[n - 1] for n in wanted if 0 < n <= len(properties)]


def _item_kinds(file: BinaryIO, iinf: Box | None) -> dict[int, bytes]:
    if iinf is None:
        return {}
    version = payload(file, iinf, 1)
    found: dict[int, bytes] = {}
    for box in boxes(file, iinf.start + (6 if version == b"\0" else 8), iinf.end):
        data = payload(file, box, 512)
        if box.kind != b"infe" or len(data) < 12 or data[0] < 2:
            continue
        at = 6 if data[0] == 2 else 8
        kind = data[at + 2 : at + 6]
        if kind == b"mime" and b"application/rdf+xml" in data:
            kind = b"XMP"
        found[int.from_bytes(data[4:at], "big")] = kind
    return found


Extents = list[tuple[int, int]]


def _item_places(data: bytes) -> dict[int, tuple[int, Extents]]:
    """Read `iloc`: item -> (construction method, [(place, length)])."""
    numbers = heif_size.Numbers(data)
    version = numbers.take(4) >> 24
    sizes = numbers.take(2)
    place_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    found: dict[int, tuple[int, Extents]] = {}
    for _ in range(numbers.take(2 if version < 2 else 4)):
        item = numbers.take(2 if version < 2 else 4)
        method = numbers.take(2) & 15 if version else 0
        numbers.take(2)  # in which file: always this one
        base = numbers.take(base_size)
        extents: Extents = []
        for _ in range(numbers.take(2)):
            numbers.take(index_size)
            extents.append((base + numbers.take(place_size), numbers.take(length_size)))
            if numbers.ended:
                break
        found[item] = (method, extents)
        if numbers.ended:
            break
    return found


def _item(file: BinaryIO, base: int, extents: Extents) -> bytes:
    data = b""
    for place, length in extents:
        file.seek(base + place)
        data += file.read(min(length, _MAX_ITEM - len(data)))
    return data


def read_cr3(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read Canon's CR3: three TIFFs (CMT1, CMT2, CMT4) in a `uuid` box of `moov`."""
    moov = next((box for box in boxes(file, 0, size) if box.kind == b"moov"), None)
    if moov is None:
        raise ValueError("no 'moov' box")
    for box in boxes(file, moov.start, min(moov.end, size)):
        if box.kind == b"uuid" and payload(file, box, 16) == _CANON:
            inner = {one.kind: one for one in boxes(file, box.start + 16, box.end)}
            parts = (payload(file, inner.get(kind)) for kind in (b"CMT1", b"CMT2", b"CMT4"))
            exif.add_tags(tags := exif.tags_from_directories(*parts), findings)
            findings.width, findings.height = exif.pixels(tags)


def read_jxl(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read JPEG XL (ISO/IEC 18181-2): a bare codestream, or boxes with Exif and XMP."""
    findings.width, findings.height = jxl_size.size_of(jxl_codestream(file, size))
    file.seek(0)
    if file.read(2) == b"\xff\x0a":
        return
    for box in boxes(file, 0, size):
        if box.kind == b"Exif":
            block = _behind_offset(payload(file, box))
            attempt(findings, "EXIF", exif.add_block, block, findings)
        elif box.kind == b"xml ":
            attempt(findings, "XMP", xmp.add_packet, payload(file, box), findings)
        elif box.kind == b"brob":
            inner = payload(file, box, 4).decode("latin-1").strip()
            findings.notes.append(f"{inner} is packed with Brotli and was not read")


def jxl_codestream(file: BinaryIO, size: int) -> bytes:
    """Return the beginning of a JPEG XL's codestream; empty where there is none."""
    file.seek(0)
    if file.read(2) == b"\xff\x0a":
        file.seek(0)
        return file.read(64)
    start = b""
    for box in boxes(file, 0, size):
        if box.kind == b"jxlc":
            return payload(file, box, 64)
        if box.kind == b"jxlp" and len(start) < 64:  # the first part may be tiny
            start += payload(file, box, 68)[4:]
    return start
