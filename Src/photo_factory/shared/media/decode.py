"""Pictures as people see them: any photo or film, decoded once, upright, small and in sRGB."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from photo_factory.shared import files
from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.media import colours, frames, raw, stills
from photo_factory.shared.media.kinds import BY_EXTENSION, is_raw
from photo_factory.shared.media.pixels import MOST_PIXELS, Picture, Wanted, fitted
from photo_factory.shared.media.video import FORMATS

__all__ = ["MOST_PIXELS", "Picture", "fitted", "upright", "upright_rgb"]

Reader = Callable[[Wanted], Picture]

READERS: dict[str, Reader] = {
    "image/jpeg": stills.read_jpeg,
    **{f"image/{kind}": stills.read_by_vips for kind in ("png", "gif", "webp")},
    "image/tiff": stills.read_tiff,
    "image/bmp": stills.read_bmp,
    **{f"image/{kind}": stills.read_heic for kind in ("heic", "heif")},
    "image/avif": stills.read_avif,
    "image/jxl": stills.read_jxl,
    **{kind.mime_type: raw.read_raw for kind in BY_EXTENSION.values() if is_raw(kind)},
    **dict.fromkeys(FORMATS, frames.read_frame),
}
"""The decoder of every kind that is filed; only these are ever opened."""


def upright(
    path: str | Path,
    mime_type: str | None,
    long_side: int,
    most_pixels: int = MOST_PIXELS,
) -> Picture:
    """Decode the picture, the first of several, or the frame that stands for a film.

    Its longer side is `long_side` pixels, or less where the original is smaller. `mime_type` is
    what `kind_of` said; it alone chooses the decoder.

    A JPEG of which only a part is readable comes with its `damage` told.
    Raises Unprocessable (the message is the reason, without the file's name) for what is damaged,
    not a picture, or larger than `most_pixels`; OSError when the file cannot be read.
    """
    reader = READERS.get(mime_type or "")
    if reader is None:
        raise Unprocessable(f"no decoder here knows {mime_type or 'a file of unknown kind'}")
    descriptor = files.open_regular(path)
    try:
        with files.naming(path):
            return _read(reader, Wanted(descriptor, mime_type or "", long_side, most_pixels))
    finally:
        os.close(descriptor)


def _read(reader: Reader, wanted: Wanted) -> Picture:
    try:
        return reader(wanted)
    except Unprocessable:
        # Decoders call a disk that cannot be read a damaged file; if it is the disk, say so.
        _read_all(wanted.descriptor)
        raise


def _read_all(descriptor: int) -> None:
    offset = 0
    while block := os.pread(descriptor, files.READ_SIZE, offset):
        offset += len(block)


def upright_rgb(
    path: str | Path,
    mime_type: str | None,
    long_side: int,
    most_pixels: int = MOST_PIXELS,
) -> Any:
    """Decode as `upright` does, into a NumPy array of uint8, height x width x 3, in sRGB.

    What is transparent is shown on white. Raises Unprocessable also for a picture of which
    only a part can be read.
    """
    picture = upright(path, mime_type, long_side, most_pixels)
    if picture.damage:
        raise Unprocessable(picture.damage)
    return colours.opaque(picture.image).colourspace("srgb").numpy()
