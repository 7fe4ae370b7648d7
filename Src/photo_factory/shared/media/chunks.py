"""PNG, WebP, GIF and BMP: their chunks, as far as they tell a size, a date or a place."""

from __future__ import annotations

import zlib
from typing import BinaryIO

from photo_factory.shared.media import exif, iptc, xmp
from photo_factory.shared.media.attempts import attempt
from photo_factory.shared.media.clues import Findings, clean

_MAX_CHUNKS = 10_000
_MAX_TEXT = 4 << 20
"""No text grows beyond this, however well it was packed."""


def read_png(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read a PNG's chunks (W3C PNG, third edition), also those behind the pixels."""
    file.seek(8)
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if len(head) < 8 or file.tell() + length > size:
            findings.errors.append("PNG: cut off before its end")
            return
        if kind == b"IEND":
            return
        after = file.tell() + length + 4
        if kind in _PNG and length <= _MAX_TEXT:
            attempt(findings, f"PNG {kind.decode()}", _PNG[kind], file.read(length), findings)
        file.seek(after)


def _png_header(data: bytes, findings: Findings) -> None:
    findings.width = int.from_bytes(data[:4], "big")
    findings.height = int.from_bytes(data[4:8], "big")


def _png_exif(data: bytes, findings: Findings) -> None:
    exif.add_block(data, findings)


def _png_text(data: bytes, findings: Findings) -> None:
    keyword, _, text = data.partition(b"\0")
    _text(keyword, text, findings)


def _png_packed_text(data: bytes, findings: Findings) -> None:
    keyword, _, rest = data.partition(b"\0")
    _text(keyword, _unpack(rest[1:]), findings)


def _png_international_text(data: bytes, findings: Findings) -> None:
    keyword, _, rest = data.partition(b"\0")
    packed, rest = rest[:1] == b"\1", rest[2:]
    text = rest.split(b"\0", 2)[-1]  # behind language and translated keyword
    _text(keyword, _unpack(text) if packed else text, findings)


_PNG = {
    b"IHDR": _png_header,
    b"eXIf": _png_exif,
    b"tEXt": _png_text,
    b"zTXt": _png_packed_text,
    b"iTXt": _png_international_text,
}


def _unpack(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, _MAX_TEXT)


def _text(keyword: bytes, text: bytes, findings: Findings) -> None:
    if keyword == b"XML:com.adobe.xmp":
        xmp.add_packet(text, findings)
    elif keyword == b"Creation Time":
        # The PNG standard suggests RFC 1123 dates, which nobody writes; EXIF's and ISO's are read.
        findings.add_date(text, source="png:Creation Time", confidence=0.8)
    elif keyword.lower().startswith(b"raw profile type "):
        _raw_profile(keyword[17:].strip().lower(), text, findings)


def _raw_profile(kind: bytes, text: bytes, findings: Findings) -> None:
    """ImageMagick's way to keep EXIF and IPTC in PNG: name, length, hexadecimal digits."""
    if kind not in (b"exif", b"app1", b"iptc"):
        return
    data = bytes.fromhex("".join(clean(text).split()[2:]))
    if kind == b"iptc":
        iptc.add_iptc(iptc.from_photoshop(data) or data, findings)
    elif not data.startswith(b"http"):
        exif.add_block(data, findings)


def read_webp(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read a WebP's RIFF chunks (RFC 9649)."""
    file.seek(4)
    end = 8 + int.from_bytes(file.read(4), "little")
    if end > size:
        findings.errors.append(f"WebP: cut off, {end - size} bytes are missing")
    at = 12
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or at >= end:
            return
        length = int.from_bytes(head[4:], "little")
        at += 8 + length + (length & 1)
        data = file.read(min(length, _webp_limit(head[:4])))
        attempt(findings, f"WebP {head[:4]!r}", _webp_chunk, head[:4], data, findings)


def _webp_limit(kind: bytes) -> int:
    return _MAX_TEXT if kind in (b"EXIF", b"XMP ") else 16


def _webp_chunk(kind: bytes, data: bytes, findings: Findings) -> None:
    if kind == b"EXIF":
        exif.add_block(data, findings)
    elif kind == b"XMP ":
        xmp.add_packet(data, findings)
    elif kind == b"VP8X":
        findings.width = int.from_bytes(data[4:7], "little") + 1
        findings.height = int.from_bytes(data[7:10], "little") + 1
    elif kind == b"VP8 " and findings.width is None:
        findings.width = int.from_bytes(data[6:8], "little") & 0x3FFF
        findings.height = int.from_bytes(data[8:10], "little") & 0x3FFF
    elif kind == b"VP8L" and findings.width is None:
        bits = int.from_bytes(data[1:5], "little")
        findings.width, findings.height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def read_gif(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read a GIF's size and, where there is one, its XMP block; GIF knows no dates of its own."""
    file.seek(0)
    data = file.read(_MAX_TEXT)
    findings.width = int.from_bytes(data[6:8], "little")
    findings.height = int.from_bytes(data[8:10], "little")
    start = data.find(b"XMP DataXMP")
    stop = data.find(b"<?xpacket end", start)
    if 0 < start < stop:
        xmp.add_packet(data[start + 11 : stop], findings)
    file.seek(max(0, size - 64))
    if b"\x3b" not in file.read():
        findings.errors.append("GIF: cut off before its end")


def read_bmp(file: BinaryIO, size: int, findings: Findings) -> None:
    """Read a BMP's size; it holds nothing else."""
    file.seek(2)
    head = file.read(24)
    findings.width = int.from_bytes(head[16:20], "little", signed=True)
    findings.height = abs(int.from_bytes(head[20:24], "little", signed=True))
    if int.from_bytes(head[:4], "little") > size:
        findings.errors.append("BMP: cut off before its end")
