"""Chooses the capture date among all clues and says why the others lost (docs/DATES.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from photo_factory.shared.media import zones
from photo_factory.shared.media.clues import DateClue
from photo_factory.shared.media.date_text import MAX_OFFSET_MINUTES, format_offset
from photo_factory.shared.media.policy import DatePolicy

UNSET_CLOCK = 0.3
"""Confidence of a date that looks like a camera whose clock was never set."""
MTIME = 0.2
_LEEWAY = timedelta(hours=36)
_EPOCHS = {
    datetime(1970, 1, 1): "1970-01-01 is the computer's zero, not a date",
    datetime(1904, 1, 1): "1904-01-01 is QuickTime's zero, not a date",
}
_FIRST_PHOTOGRAPH = 1826
_GPS_SLACK_MINUTES = 3
_NAME_SLACK_MINUTES = 0.5


@dataclass(frozen=True, slots=True)
class Context:
    """What the choice depends on beside the clues; `mtime` is naive UTC."""

    policy: DatePolicy
    mtime: datetime
    position: tuple[float, float] | None
    camera: str
    """Make and model, as the file says them."""
    duration_s: float = 0.0


def choose(clues: Sequence[DateClue], context: Context) -> DateClue:
    """Return the most trusted clue, localised, with its offset where one can be had.

    Clues are judged in place. The last clue is the file's mtime; it is taken even where it is
    nonsense, so that there is always an answer.
    """
    for clue in clues:
        _prepare(clue, context)
        clue.rejected = clue.rejected or _objection(clue, context.policy.now)
    usable = [clue for clue in clues if clue.rejected is None]
    best = max(usable, key=lambda clue: clue.confidence, default=clues[-1])
    best.rejected = None
    if best.source == "quicktime:mvhd" and best.clock == "utc" and context.position is None:
        _compare_with_name(best, usable, context)
    _localise(best, context)
    if best.offset is None:
        _lend_offset(best, usable, context)
    return best


def mtime_clue(mtime: datetime) -> DateClue:
    """The last resort: when the file was last written (naive UTC)."""
    return DateClue("mtime", MTIME, mtime.isoformat(), mtime, clock="utc")


def _prepare(clue: DateClue, context: Context) -> None:
    if clue.value is None:
        return
    if clue.source == "quicktime:mvhd":
        _apply_camera_clock(clue, context)
    if _looks_unset(clue.value) and clue.source != "mtime":
        clue.confidence = min(clue.confidence, UNSET_CLOCK)
        clue.note = "looks like a clock that was never set"
    if clue.day_only:
        _give_time(clue, context)


def _apply_camera_clock(clue: DateClue, context: Context) -> None:
    clock = _camera_clock(context)
    if clock is None:
        return
    try:
        if clock != "local":
            zones.as_zone(clock)
        clue.clock = clock
    except ValueError as error:
        clue.note = f"the camera's clock is not known to the settings: {error}"


def _camera_clock(context: Context) -> str | None:
    """Look the camera up in the settings, by make and model or by the model alone."""
    table: Mapping[str, str] = {
        " ".join(name.casefold().split()): clock
        for name, clock in context.policy.camera_clocks.items()
    }
    words = context.camera.casefold().split()
    for start in range(len(words)):
        clock = table.get(" ".join(words[start:]))
        if clock is not None:
            return clock
    return None


def _looks_unset(value: datetime) -> bool:
    new_year = (value.month, value.day) == (1, 1)
    return new_year and (value.year == 1980 or (value.hour, value.minute) == (0, 0))


def _give_time(clue: DateClue, context: Context) -> None:
    """A day without time: the mtime's time if the file was written that day, else noon."""
    assert clue.value is not None
    written, _ = zones.wall_clock(context.mtime, show_in=context.policy.timezone)
    if written.date() == clue.value.date():
        clue.value, how = written, "only a day: time of the file's mtime, which is on that day"
    else:
        clue.value, how = clue.value.replace(hour=12), "only a day: noon is assumed"
    clue.note = f"{clue.note}; {how}" if clue.note else how


def _objection(clue: DateClue, now: datetime) -> str | None:
    if clue.value is None:
        return "not a date"
    for epoch, reason in _EPOCHS.items():
        if abs(clue.value - epoch) <= timedelta(minutes=MAX_OFFSET_MINUTES):
            return reason
    if clue.value.year < _FIRST_PHOTOGRAPH:
        return "before photography"
    if clue.value > now.replace(tzinfo=None) + _LEEWAY:
        return "in the future"
    return None


def _compare_with_name(film: DateClue, usable: Sequence[DateClue], context: Context) -> None:
    """Where no position tells the zone, a name in local time may: name minus UTC is the offset.

    Phones write the UTC of the recording's beginning or of its end. No difference at all is a
    camera that writes local time where UTC belongs.
    """
    names = [clue for clue in usable if clue.source == "filename" and clue.clock == "local"]
    if not names or names[0].day_only or film.told_offset:
        return
    assert names[0].value is not None
    assert film.value is not None
    for start in (film.value, film.value - timedelta(seconds=context.duration_s)):
        minutes = (names[0].value - start).total_seconds() / 60
        rounded = round(minutes / 15) * 15
        if abs(rounded) <= MAX_OFFSET_MINUTES and abs(minutes - rounded) <= _NAME_SLACK_MINUTES:
            film.note = "the zone is told by the file name, which is in local time"
            if rounded:
                film.told_offset = format_offset(rounded)
            else:
                film.clock = "local"
            return


def _localise(clue: DateClue, context: Context) -> None:
    """Turn a clock that runs in UTC (or a camera's fixed zone) to the wall clock of the place."""
    if clue.clock == "local" or clue.value is None:
        return
    zone, how = context.policy.timezone, "the household's zone"
    if clue.told_offset:
        zone, how = clue.told_offset, "told by the file"
    elif context.position is not None:
        there = zones.zone_at(*context.position)
        zone, how = (there, "the zone of the position") if there else (zone, how)
    clue.value, clue.offset = zones.wall_clock(clue.value, read_in=clue.clock, show_in=zone)
    note = f"read as {clue.clock.upper()}, shown in {zone} ({how})"
    clue.note = f"{clue.note}; {note}" if clue.note else note
    clue.clock = "local"


def _lend_offset(best: DateClue, usable: Sequence[DateClue], context: Context) -> None:
    """Take the offset from a clue that tells the same second, else from the GPS clock."""
    assert best.value is not None
    if best.day_only:
        return
    for other in usable:
        if other.offset and other.value and _same_second(best.value, other.value):
            best.offset, best.note = other.offset, f"offset as {other.source} has it"
            return
    gps = [clue for clue in usable if clue.source == "exif:GPSDateTime" and clue.clock == "utc"]
    if gps and gps[0].value and best.source.startswith(("exif:", "xmp:", "sidecar:xmp")):
        best.offset, best.note = _offset_by_gps(best.value, gps[0].value, context)


def _same_second(one: datetime, other: datetime) -> bool:
    return one.replace(microsecond=0) == other.replace(microsecond=0)


def _offset_by_gps(local: datetime, utc: datetime, context: Context) -> tuple[str | None, str]:
    """Wall clock minus GPS clock, to the quarter hour, if that is an offset used there or at home.

    A receiver may repeat an old fix, so that the difference alone proves nothing.
    """
    minutes = (local - utc).total_seconds() / 60
    rounded = round(minutes / 15) * 15
    if abs(rounded) > MAX_OFFSET_MINUTES or abs(minutes - rounded) > _GPS_SLACK_MINUTES:
        return None, "no offset: the GPS clock is too far from the camera's"
    offset = format_offset(rounded)
    there = zones.zone_at(*context.position) if context.position else None
    for zone in (there, context.policy.timezone):
        if zone and zones.offset_in(local, zone) == offset:
            return offset, f"offset from the GPS clock, as in {zone}"
    return None, "no offset: what the GPS clock implies is used neither there nor at home"
