"""What kind of media a file is: its first bytes decide, and its name where they are silent."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

HEAD_BYTES = 4096
"""How much of a file's beginning `kind_of` wants to see."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`media_type` is "image", "video" or "sidecar"; `mime_type` says which."""

    media_type: str
    mime_type: str


def _image(subtype: str) -> Kind:
    return Kind("image", f"image/{subtype}")


def _video(subtype: str) -> Kind:
    return Kind("video", f"video/{subtype}")


XMP = Kind("sidecar", "application/rdf+xml")
AAE = Kind("sidecar", "application/x-apple-aae+plist")
TAKEOUT = Kind("sidecar", "application/json")

BY_EXTENSION: dict[str, Kind] = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), _image("jpeg")),
    ".png": _image("png"),
    ".gif": _image("gif"),
    ".webp": _image("webp"),
    ".bmp": _image("bmp"),
    **dict.fromkeys((".tif", ".tiff"), _image("tiff")),
    **dict.fromkeys((".heic", ".heics"), _image("heic")),
    **dict.fromkeys((".heif", ".hif", ".heifs"), _image("heif")),
    ".avif": _image("avif"),
    ".jxl": _image("jxl"),
    ".cr2": _image("x-canon-cr2"),
    ".cr3": _image("x-canon-cr3"),
    ".nef": _image("x-nikon-nef"),
    ".arw": _image("x-sony-arw"),
    ".dng": _image("x-adobe-dng"),
    ".raf": _image("x-fuji-raf"),
    ".orf": _image("x-olympus-orf"),
    ".rw2": _image("x-panasonic-rw2"),
    ".pef": _image("x-pentax-pef"),
    ".srw": _image("x-samsung-srw"),
    ".mp4": _video("mp4"),
    ".m4v": _video("x-m4v"),
    **dict.fromkeys((".mov", ".qt"), _video("quicktime")),
    **dict.fromkeys((".3gp", ".3g2"), _video("3gpp")),
    ".avi": _video("x-msvideo"),
    ".mkv": _video("x-matroska"),
    ".webm": _video("webm"),
    **dict.fromkeys((".mts", ".m2ts"), _video("mp2t")),
    **dict.fromkeys((".mpg", ".mpeg"), _video("mpeg")),
    ".wmv": _video("x-ms-wmv"),
    ".xmp": XMP,
    ".aae": AAE,
}

_RAW = frozenset(k.mime_type for k in BY_EXTENSION.values() if k.mime_type.startswith("image/x-"))

# Members of one family share their container, so a name from the same family is no lie.
_FAMILIES = (
    frozenset({"image/heic", "image/heif"}),
    frozenset({"video/mp4", "video/x-m4v", "video/quicktime", "video/3gpp"}),
    frozenset({"video/x-matroska", "video/webm"}),
)

_STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", _image("jpeg")),
    (b"\x89PNG\r\n\x1a\n", _image("png")),
    (b"GIF87a", _image("gif")),
    (b"GIF89a", _image("gif")),
    (b"FUJIFILMCCD-RAW", _image("x-fuji-raf")),
    (b"IIRO", _image("x-olympus-orf")),
    (b"IIRS", _image("x-olympus-orf")),
    (b"MMOR", _image("x-olympus-orf")),
    (b"IIU\x00", _image("x-panasonic-rw2")),
    (b"\xff\x0a", _image("jxl")),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", _image("jxl")),
    (b"\x00\x00\x01\xba", _video("mpeg")),
    (b"\x00\x00\x01\xb3", _video("mpeg")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _video("x-ms-wmv")),
)
_TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_TIFF_RAW = {".nef", ".arw", ".dng", ".pef", ".srw", ".cr2"}

_STILL = frozenset({b"mif1", b"msf1", b"mif2"})
# ISO/IEC 14496-12 brands; the first that is found in this order decides.
_BRANDS: tuple[tuple[frozenset[bytes], Kind], ...] = (
    (frozenset({b"crx "}), _image("x-canon-cr3")),
    (frozenset({b"avif", b"avis"}), _image("avif")),
    (frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}), _image("heic")),
    (_STILL, _image("heif")),
    (frozenset({b"qt  "}), _video("quicktime")),
    (frozenset({b"M4V ", b"M4VH", b"M4VP"}), _video("x-m4v")),
)
_OLD_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"pnot"})  # QuickTime before `ftyp` existed
_TAKEOUT = re.compile(rb'"(?:photoTakenTime|creationTime|imageViews|geoData)"')


def is_raw(kind: Kind) -> bool:
    """Whether the file holds a camera's raw sensor data."""
    return kind.mime_type in _RAW


def kind_of(head: bytes, name: str) -> tuple[Kind | None, str | None]:
    """Return the kind and a note on what is odd about it; None when neither side says media.

    `head` is the first `HEAD_BYTES` of the file (all of a shorter one).
    """
    extension = os.path.splitext(name)[1].lower()
    named = BY_EXTENSION.get(extension)
    seen = _by_bytes(head, extension)
    if seen is None:
        if named is None or named.media_type == "sidecar":
            return named, None
        what = "the file is empty" if not head else "the bytes are no known media"
        return named, f"named {extension}, but {what}"
    if named is None or _same_family(named, seen):
        return seen, None
    return seen, f"the name says {named.mime_type}, the bytes say {seen.mime_type}"


def _same_family(one: Kind, other: Kind) -> bool:
    pair = {one.mime_type, other.mime_type}
    return len(pair) == 1 or any(pair <= family for family in _FAMILIES)


def _by_bytes(head: bytes, extension: str) -> Kind | None:
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(_TIFF_STARTS):
        return _tiff(head, extension)
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    return _riff(head) or _by_structure(head) or _sidecar(head, extension)


def _tiff(head: bytes, extension: str) -> Kind:
    """Tell apart what shares TIFF's first bytes: only CR2 marks itself, the rest is in the name."""
    if head[8:10] == b"CR":
        return BY_EXTENSION[".cr2"]
    return BY_EXTENSION[extension if extension in _TIFF_RAW else ".tif"]


def _by_brand(head: bytes) -> Kind | None:
    major = head[8:12]
    if major[:3] in (b"3gp", b"3g2"):
        return _video("3gpp")
    if major in (b"M4A ", b"M4B "):
        return None  # sound only
    brands = {major}
    if major in _STILL:
        # Only still pictures are looked up among the compatible brands: any MP4 may name "qt  ".
        end = min(int.from_bytes(head[:4], "big"), len(head))
        brands |= {head[at : at + 4] for at in range(16, end - 3, 4)}
    return next((kind for wanted, kind in _BRANDS if brands & wanted), _video("mp4"))


def _riff(head: bytes) -> Kind | None:
    if head[:4] != b"RIFF":
        return None
    return {b"WEBP": _image("webp"), b"AVI ": _video("x-msvideo")}.get(head[8:12])


def _by_structure(head: bytes) -> Kind | None:
    if head[:4] == b"\x1a\x45\xdf\xa3":  # EBML
        return _video("webm" if b"webm" in head[:64] else "x-matroska")
    if head[4:8] in _OLD_QUICKTIME:
        return _video("quicktime")
    if head[:2] == b"BM" and head[14:18] in (b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"):
        return _image("bmp")
    return _video("mp2t") if _is_transport_stream(head) else None


def _is_transport_stream(head: bytes) -> bool:
    """ISO/IEC 13818-1: packets of 188 bytes, or of 192 with a time stamp before each (AVCHD)."""
    for step, start in ((188, 0), (192, 4)):
        marks = head[start::step]
        if len(marks) >= 4 and set(marks) == {0x47}:
            return True
    return False


def _sidecar(head: bytes, extension: str) -> Kind | None:
    text = head.replace(b"\0", b"")  # UTF-16 packets exist
    if extension == ".json":
        opens = text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        takeout = b'"photoTakenTime"' in text or (b'"title"' in text and _TAKEOUT.search(text))
        return TAKEOUT if opens and takeout else None
    if b"<x:xmpmeta" in text or b"W5M0MpCehiHzreSzNTczkc9d" in text:
        return XMP
    return AAE if b"adjustmentFormatIdentifier" in text else None
