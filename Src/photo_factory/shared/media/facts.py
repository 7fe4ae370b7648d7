"""The facts about one file: kind, size, camera, when, where, and the evidence for them."""

from __future__ import annotations

import errno
import os
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from photo_factory.shared.media import dates, kinds, location, zones
from photo_factory.shared.media.attempts import attempt
from photo_factory.shared.media.clues import DateClue, Findings, PositionClue, storable
from photo_factory.shared.media.filename_dates import date_in_name
from photo_factory.shared.media.kinds import HEAD_BYTES, Kind
from photo_factory.shared.media.policy import DatePolicy

__all__ = ["DatePolicy", "Facts", "extract", "extract_without_parsing"]

_BUFFER = 64 << 10
_FIRST_MTIME, _LAST_MTIME = -2e9, 2e11  # 1906 to 8307: some file systems hold any number


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger wants to know about one file; picklable.

    `captured_at` is the naive wall clock where the picture was taken; a confidence below 0.5 is
    unsure. `evidence` is JSON-able. `errors` is the damage that was found.
    """

    kind: Kind
    width: int | None
    height: int | None
    duration_s: float | None
    camera_make: str | None
    camera_model: str | None
    captured_at: datetime
    captured_utc_offset: str | None
    captured_at_source: str
    captured_at_confidence: float
    location: dict[str, float] | None
    location_source: str | None
    content_identifier: str | None
    evidence: dict[str, Any]
    errors: tuple[str, ...]


def extract(
    path: str | bytes,
    *,
    name: str | None = None,
    sidecars: Sequence[str | bytes] = (),
    policy: DatePolicy,
) -> Facts:
    """Read a file and its sidecars; `name` is the original file name where `path` is another.

    Raises OSError when the file cannot be read and ValueError when it is no media; damage inside
    it ends up in `errors`.
    """
    name = name or _name_of(path)
    findings = Findings()
    with _open(path) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parsers warn of damage, which is told in `errors`
        status = os.fstat(file.fileno())
        kind, seen = _kind(file, name, findings)
        _read(file, kind if seen else None, status.st_size, findings)
        if kind.media_type == "sidecar":
            sidecars = (path, *sidecars)
        for sidecar in sidecars:
            attempt(findings, _name_of(sidecar), _read_sidecar, sidecar, findings)
    return _decide(kind, findings, name, policy, status.st_mtime)


def extract_without_parsing(
    path: str | bytes, *, name: str | None = None, policy: DatePolicy, error: str
) -> Facts:
    """Return what can be had without a parser: for files that killed the one that tried."""
    name = name or _name_of(path)
    findings = Findings()
    with _open(path) as file:
        kind, _ = _kind(file, name, findings)
        findings.errors = [error]
        return _decide(kind, findings, name, policy, os.fstat(file.fileno()).st_mtime)


def _name_of(path: str | bytes) -> str:
    return os.fsdecode(os.path.basename(path))


def _open(path: str | bytes) -> BinaryIO:
    """Open a regular file, never what a symlink points at, never waiting on a FIFO."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return os.fdopen(handle, "rb", buffering=_BUFFER)


def _kind(file: BinaryIO, name: str, findings: Findings) -> tuple[Kind, bool]:
    """Return the kind, and whether the bytes say so too."""
    kind, note = kinds.kind_of(file.read(HEAD_BYTES), name)
    if kind is None:
        raise ValueError(f"{name} is no media")
    if note is None:
        return kind, True
    unknown = note.startswith("named ")
    (findings.errors if unknown else findings.notes).append(note)
    return kind, not unknown


def _read(file: BinaryIO, kind: Kind | None, size: int, findings: Findings) -> None:
    """Let the reader of this kind collect what it finds; None for bytes that are no known media."""
    from photo_factory.shared.media import images, isobmff, video

    if kind is None:
        attempt(findings, "salvage", images.salvage, file, size, findings)
    elif kind.media_type == "image":
        reader = images.READERS[kind.mime_type]
        attempt(findings, kind.mime_type, reader, file, size, findings)
        if kind.mime_type in images.BOXED:
            attempt(findings, kind.mime_type, isobmff.add_cut, file, findings, size)
        if findings.errors and not findings.dates:
            attempt(findings, "salvage", images.salvage, file, size, findings)
    elif kind.media_type == "video":
        attempt(findings, kind.mime_type, video.read_video, file, kind.mime_type, findings)
        attempt(findings, kind.mime_type, video.read_details, file, kind.mime_type, findings)


def _read_sidecar(path: str | bytes, findings: Findings) -> None:
    from photo_factory.shared.media import sidecars

    with _open(path) as file:
        sidecars.add_sidecar(file.read(sidecars.MAX_BYTES), _name_of(path), findings)


def _decide(kind: Kind, findings: Findings, name: str, policy: DatePolicy, mtime: float) -> Facts:
    place = location.choose(findings.positions)
    written = zones.utc_from_timestamp(min(max(mtime, _FIRST_MTIME), _LAST_MTIME))
    named = date_in_name(name)
    clues = [*findings.dates, *([named] if named else []), dates.mtime_clue(written)]
    camera = f"{findings.make or ''} {findings.model or ''}"
    position = (place.lat, place.lon) if place else None
    length = findings.duration_s or 0.0
    best = dates.choose(clues, dates.Context(policy, written, position, camera, length))
    assert best.value is not None
    return Facts(
        kind=kind,
        width=_side(findings.width),
        height=_side(findings.height),
        duration_s=findings.duration_s,
        camera_make=findings.make,
        camera_model=findings.model,
        captured_at=best.value,
        captured_utc_offset=best.offset,
        captured_at_source=best.source,
        captured_at_confidence=best.confidence,
        location=location.as_json(place) if place else None,
        location_source=place.source if place else None,
        content_identifier=findings.content_identifier,
        evidence=_evidence(clues, best, findings, place),
        errors=tuple(storable(error) for error in findings.errors),
    )


def _side(pixels: int | None) -> int | None:
    """A length no picture can have (no format allows 2^31) is damage, and no database takes it."""
    return pixels if pixels and 0 < pixels < 1 << 31 else None


def _evidence(
    clues: Sequence[DateClue], best: DateClue, findings: Findings, place: PositionClue | None
) -> dict[str, Any]:
    return {
        "dates": [clue.as_json(chosen=clue is best) for clue in clues],
        "locations": [clue.as_json(chosen=clue is place) for clue in findings.positions],
        "notes": [storable(note) for note in findings.notes],
    }
