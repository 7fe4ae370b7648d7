"""The frame that stands for a film, decoded by FFmpeg (PyAV)."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any

from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.media.pixels import Picture, Wanted, fitting, from_array
from photo_factory.shared.media.video import FORMATS

FIRST_S = 1.0
_SHARES = (0.1, 0.25, 0.5, 0.75)
_MOST_FRAMES = 120
"""How far to decode from a key frame towards the wanted time; a nearby frame is good enough."""
_DARK, _BRIGHT_SHARE = 32, 0.02
"""A frame is black when less than this share of its pixels is brighter than this (of 255)."""


def read_frame(wanted: Wanted) -> Picture:
    """Read the frame at 1 s (at 10 % of a film under 10 s), or a later one if that is black.

    When all are black the brightest is taken; when none can be reached, the first that can be
    decoded at all. Unprocessable for a file without moving pictures.
    """
    import av

    with wanted.file() as file:
        try:
            with av.open(
                file, "r", format=FORMATS[wanted.mime_type], metadata_errors="replace"
            ) as container:
                return _read(container, wanted)
        except (av.FFmpegError, EOFError) as error:
            raise Unprocessable(f"it cannot be decoded: {_told(error)}") from error
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # The film itself sent its reader to a place before its beginning.
            raise Unprocessable("it cannot be decoded: its index leads nowhere") from error


def _told(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _read(container: Any, wanted: Wanted) -> Picture:
    stream = _pictures_of(container)
    if stream.codec_context is None:
        raise Unprocessable("no decoder here knows how its pictures are coded")
    wanted.check(stream.codec_context.width, stream.codec_context.height)
    stream.thread_type = "NONE"  # the loop works several films at the same time
    duration = _duration_of(container, stream)
    best, light = None, (-1.0, -1.0)
    for frame in _candidates(container, stream, duration):
        found = _light(frame)
        if found > light:
            best, light = frame, found
        if light[0] >= _BRIGHT_SHARE:
            break
    if best is None:
        raise Unprocessable("none of its frames can be decoded")
    return _picture(best, stream, wanted, duration)


def _pictures_of(container: Any) -> Any:
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.__class__.attached_pic:
            return stream
    raise Unprocessable("it has no moving pictures, only sound or data")


def _duration_of(container: Any, stream: Any) -> float | None:
    import av

    if container.duration and container.duration > 0:
        return round(float(container.duration / av.time_base), 3)
    if stream.duration and stream.time_base and stream.duration > 0:
        return round(float(stream.duration * stream.time_base), 3)
    return None


def _candidates(container: Any, stream: Any, duration: float | None) -> Iterator[Any]:
    """Yield frames to choose from, best first; what cannot be reached is passed over."""
    import av

    times = [min(FIRST_S, (duration or 10 * FIRST_S) * _SHARES[0])]
    times += [duration * share for share in _SHARES if duration and duration * share > times[0]]
    for time in times:
        try:
            frame = _frame_at(container, stream, time)
        except (av.FFmpegError, EOFError):
            continue
        if frame is not None:
            yield frame
    frame = _first_frame(container, stream)
    if frame is not None:
        yield frame


def _frame_at(container: Any, stream: Any, time: float) -> Any:
    start = stream.start_time or 0
    wanted = start + int(time / stream.time_base)
    container.seek(wanted, stream=stream)
    last = None
    for number, frame in enumerate(container.decode(stream)):
        last = frame
        if number >= _MOST_FRAMES or frame.pts is None or frame.pts >= wanted:
            break
    return last


def _first_frame(container: Any, stream: Any) -> Any:
    """The first frame that can be decoded, packet by packet; None when there is none."""
    import av

    try:
        container.seek(0)
    except av.FFmpegError:
        return None
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                return frame
        except av.InvalidDataError:
            continue
    return None


def _light(frame: Any) -> tuple[float, float]:
    """The share of a frame's pixels that is brighter than a camera's black, and its mean."""
    small = frame.reformat(width=64, height=64, format="gray", interpolation="AREA").to_ndarray()
    return float((small > _DARK).mean()), float(small.mean())


def _picture(frame: Any, stream: Any, wanted: Wanted, duration: float | None) -> Picture:
    import numpy as np

    from photo_factory.shared.media import tone

    width, height = _as_shown(frame, stream)
    small = fitting(width, height, wanted.long_side)
    codes = (int(frame.color_primaries), int(frame.color_trc))
    is_hdr = codes[1] in (tone.PQ, tone.HLG)
    kind = "rgb48le" if is_hdr else "rgb24"
    drawn = frame.reformat(width=small[0], height=small[1], format=kind, interpolation="LANCZOS")
    pixels = drawn.to_ndarray()
    if is_hdr:
        pixels = tone.mapped(pixels, *codes)
    quarters = round(frame.rotation / 90) % 4
    if quarters % 2:
        width, height = height, width
    image = from_array(np.ascontiguousarray(np.rot90(pixels, quarters)))
    return Picture(image, width, height, duration)


def _as_shown(frame: Any, stream: Any) -> tuple[int, int]:
    """Width and height before turning; pixels that are not square are made so."""
    ratio = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    if not ratio or ratio == 1:
        return frame.width, frame.height
    return max(1, round(frame.width * float(ratio))), frame.height
