"""Reads films with FFmpeg (PyAV): what the container says, without decoding a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from photo_factory.shared.media import isobmff, location, mdpm
from photo_factory.shared.media.clues import Findings, PositionClue, clean
from photo_factory.shared.media.date_text import parse_offset

FORMATS = {
    "video/mp4": "mov",
    "video/x-m4v": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/x-msvideo": "avi",
    "video/x-matroska": "matroska",
    "video/webm": "matroska",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "asf",
}
# What FFmpeg calls creation_time, by container: its own name, the clock it is in, confidence.
_CREATION = {
    "mov": ("quicktime:mvhd", "utc", 0.85),
    "matroska": ("matroska:DateUTC", "utc", 0.85),
    "avi": ("avi:IDIT", "local", 0.8),  # written by cameras, which know no UTC
    "asf": ("asf:CreationDate", "utc", 0.75),
}
# These containers tell size and duration in their headers: no need to decode frames for them.
_OPTIONS = {kind: {"probesize": "5000", "analyzeduration": "1000"} for kind in ("mov", "matroska")}
_TEXT_DATES = (
    ("com.apple.quicktime.creationdate", "quicktime:creationdate", 0.95),
    ("date_recorded", "matroska:DATE_RECORDED", 0.85),
    ("date", "container:date", 0.75),
)
_POSITIONS = (
    ("com.apple.quicktime.location.iso6709", "quicktime:location.ISO6709", 0.95),
    ("location", "quicktime:©xyz", 0.9),
)
_MAKES = ("com.apple.quicktime.make", "make", "com.android.manufacturer", "manufacturer")
_MODELS = ("com.apple.quicktime.model", "model", "com.android.model")
_UTC_OFFSETS = ("com.samsung.android.utc_offset", "com.android.utc_offset")


def read_video(file: BinaryIO, mime_type: str, findings: Findings) -> None:
    """Read size, duration in seconds, camera, dates and places of a film.

    The format is forced to what the bytes were, so that no playlist makes FFmpeg open other files.
    """
    import av

    file.seek(0)
    kind = FORMATS[mime_type]
    with av.open(
        file, "r", format=kind, metadata_errors="replace", options=_OPTIONS.get(kind, {})
    ) as container:
        tags = {key.lower(): clean(text) for key, text in container.metadata.items()}
        if container.duration is not None and container.duration > 0:
            findings.duration_s = round(container.duration / av.time_base, 3)
        if container.streams.video:
            _add_picture(container.streams.video[0], tags, findings)
    findings.make = _first(tags, _MAKES)
    findings.model = _first(tags, _MODELS)
    findings.content_identifier = tags.get("com.apple.quicktime.content.identifier")
    _add_dates(tags, kind, findings)
    _add_positions(tags, findings)


def _add_picture(stream: Any, tags: dict[str, str], findings: Findings) -> None:
    findings.width, findings.height = stream.width or None, stream.height or None
    if "creation_time" not in tags and stream.metadata.get("creation_time"):
        tags["creation_time"] = stream.metadata["creation_time"]


def _first(tags: Mapping[str, str], keys: tuple[str, ...]) -> str | None:
    return next((tags[key] for key in keys if tags.get(key)), None)


def _add_dates(tags: Mapping[str, str], kind: str, findings: Findings) -> None:
    for key, source, confidence in _TEXT_DATES:
        text = tags.get(key, "")
        clue = findings.add_date(text, source=source, confidence=confidence)
        if clue is not None and clue.value and text.upper().endswith("Z") and not clue.day_only:
            clue.clock, clue.offset = "utc", None  # an instant, not somebody's wall clock
    source, clock, confidence = _CREATION.get(kind, ("container:creation_time", "utc", 0.75))
    clue = findings.add_date(  # FFmpeg writes a "Z" behind every date, whatever its clock is
        tags.get("creation_time", "").rstrip("Zz"),
        source=source,
        confidence=confidence,
        clock=clock,
    )
    offset = parse_offset(_first(tags, _UTC_OFFSETS))
    if clue is not None and clue.value and clock == "utc" and offset:
        clue.clock, clue.told_offset = "utc", offset


def _add_positions(tags: Mapping[str, str], findings: Findings) -> None:
    for key, source, confidence in _POSITIONS:
        if not tags.get(key):
            continue
        place = location.iso6709(tags[key])
        if place is None:
            findings.notes.append(f"{source} is no position: {tags[key][:80]}")
        else:
            findings.positions.append(PositionClue(source, confidence, *place))


def read_details(file: BinaryIO, mime_type: str, findings: Findings) -> None:
    """Read what FFmpeg does not tell: how a film is turned, whether it is whole, AVCHD's date."""
    size = file.seek(0, 2)
    if FORMATS[mime_type] == "mov":
        _turn(file, size, findings)
        isobmff.add_cut(file, findings, size)
    elif mime_type == "video/mp2t":
        _add_avchd_date(file, findings)
    elif mime_type == "video/x-msvideo":
        file.seek(4)
        missing = 8 + int.from_bytes(file.read(4), "little") - size
        if missing > 0:
            findings.errors.append(f"AVI: cut off, {missing} bytes are missing")


def _turn(file: BinaryIO, size: int, findings: Findings) -> None:
    """Swap the sides of a film that is shown turned by a quarter (`tkhd` matrix, QuickTime)."""
    moov = next((box for box in isobmff.boxes(file, 0, size) if box.kind == b"moov"), None)
    if moov is None:
        return
    for trak in isobmff.boxes(file, moov.start, min(moov.end, size)):
        if trak.kind != b"trak":
            continue
        for box in isobmff.boxes(file, trak.start, min(trak.end, size)):
            if box.kind == b"tkhd" and _is_turned_picture(isobmff.payload(file, box, 128)):
                findings.width, findings.height = findings.height, findings.width
                return


def _is_turned_picture(header: bytes) -> bool:
    at = 52 if header[:1] == b"\1" else 40
    matrix = [int.from_bytes(header[at + 4 * n : at + 4 * n + 4], "big") for n in range(9)]
    width = int.from_bytes(header[at + 36 : at + 40], "big")
    return width > 0 and matrix[0] == 0 and matrix[4] == 0 and matrix[1] != 0


def _add_avchd_date(file: BinaryIO, findings: Findings) -> None:
    """Add the recording time that AVCHD camcorders hide in the H.264 stream."""
    file.seek(0)
    found = mdpm.recorded_at(file.read(mdpm.SEARCHED_BYTES))
    if found:
        text, offset = found
        clue = findings.add_date(text, source="avchd:MDPM", confidence=0.9)
        if clue is not None:
            clue.offset = offset
