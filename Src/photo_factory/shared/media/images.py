"""Reads one still picture, each kind by the way that fits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from photo_factory.shared.media import chunks, exif, iptc, isobmff, jpeg, xmp
from photo_factory.shared.media.attempts import attempt
from photo_factory.shared.media.clues import Findings

_SALVAGE_BYTES = 1 << 20

Reader = Callable[[BinaryIO, int, Findings], None]


def read_jpeg(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read a JPEG: EXIF, XMP and IPTC from its segments, and whether its end is there."""
    parts = jpeg.read_parts(file)
    findings.width, findings.height = parts.width, parts.height
    findings.errors += parts.damage
    add_parts(parts, findings)
    if parts.pixels_at is not None and jpeg.is_cut_off(file, parts.pixels_at):
        findings.errors.append("JPEG: cut off before its end")


def add_parts(parts: jpeg.JpegParts, findings: Findings) -> None:
    """Turn the metadata blocks of a JPEG into clues."""
    if parts.exif:
        attempt(findings, "EXIF", _add_exif, parts.exif, findings)
    if parts.xmp:
        attempt(findings, "XMP", xmp.add_packet, parts.xmp, findings)
    if parts.photoshop:
        block = parts.photoshop
        attempt(findings, "IPTC", lambda: iptc.add_iptc(iptc.from_photoshop(block), findings))


def _add_exif(block: bytes, findings: Findings) -> None:
    tags = exif.tags_of_block(block)
    exif.add_tags(tags, findings)
    _turn(tags, findings)


def _turn(tags: exif.Tags, findings: Findings) -> None:
    """Swap the sides of a picture that is shown turned by a quarter (Orientation 5 to 8)."""
    if tags.get("Orientation") in (5, 6, 7, 8):
        findings.width, findings.height = findings.height, findings.width


def read_tiff(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read a TIFF, or a raw file that is one: CR2, NEF, ARW, DNG, PEF, SRW."""
    tags = exif.tags_of_file(file)
    exif.add_tags(tags, findings)
    findings.width, findings.height = exif.pixels(tags)
    _turn(tags, findings)
    if tags.get("XMP"):
        attempt(findings, "XMP", xmp.add_packet, _as_bytes(tags["XMP"]), findings)
    if tags.get("IPTC"):
        attempt(findings, "IPTC", iptc.add_iptc, _as_bytes(tags["IPTC"]), findings)


def _as_bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(one, int) for one in value):
        if all(0 <= one < 256 for one in value):
            return bytes(value)
        return b"".join((one & 0xFFFFFFFF).to_bytes(4, "little") for one in value)
    return str(value).encode()


def read_odd_tiff(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read ORF and RW2: TIFFs with first bytes of their own, which only exifread knows."""
    tags = exif.tags_by_exifread(file)
    exif.add_tags(tags, findings)
    findings.width, findings.height = exif.pixels(tags)
    _turn(tags, findings)


def read_raf(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read Fujifilm's RAF: the place of its preview, a JPEG with the EXIF, is at byte 84."""
    file.seek(84)
    start = int.from_bytes(file.read(4), "big")
    parts = jpeg.read_parts(file, start)
    add_parts(parts, findings)
    findings.width, findings.height = parts.width, parts.height


def salvage(file: BinaryIO, size: int, findings: Findings) -> None:
    """Look for an EXIF block in a file whose own structure is lost."""
    file.seek(0)
    data = file.read(_SALVAGE_BYTES)
    at = data.find(b"Exif\0\0")
    if at >= 0 and data[at + 6 : at + 8] in (b"II", b"MM"):
        exif.add_tags(exif.tags_of_block(data[at : at + 0x10000]), findings)
        findings.notes.append("EXIF was found by searching the damaged file")


_TIFFS = ("tiff", "x-canon-cr2", "x-nikon-nef", "x-sony-arw", "x-adobe-dng", "x-pentax-pef")
READERS: dict[str, Reader] = {
    "image/jpeg": read_jpeg,
    "image/png": chunks.read_png,
    "image/gif": chunks.read_gif,
    "image/webp": chunks.read_webp,
    "image/bmp": chunks.read_bmp,
    **{f"image/{kind}": read_tiff for kind in (*_TIFFS, "x-samsung-srw")},
    **{f"image/{kind}": isobmff.read_heif for kind in ("heic", "heif", "avif")},
    "image/jxl": isobmff.read_jxl,
    "image/x-canon-cr3": isobmff.read_cr3,
    "image/x-fuji-raf": read_raf,
    "image/x-olympus-orf": read_odd_tiff,
    "image/x-panasonic-rw2": read_odd_tiff,
}
BOXED = frozenset({"image/heic", "image/heif", "image/avif", "image/x-canon-cr3", "image/jxl"})
"""Kinds whose outermost boxes tell whether the file is whole."""
