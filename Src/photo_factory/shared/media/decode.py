"""Pictures as people see them: any photo or film, decoded once, upright, small and in sRGB."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from photo_factory.shared import files
from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.media import colours, pixels
from photo_factory.shared.media.pixels import MOST_PIXELS, Picture

__all__ = ["MOST_PIXELS", "Picture", "fitted", "upright", "upright_rgb"]

fitted = pixels.fitted


def upright(
    path: str | Path,
    mime_type: str | None,
    long_side: int,
    most_pixels: int = MOST_PIXELS,
) -> Picture:
    """Decode the picture, the first of several, or the frame that stands for a film.

    Its longer side is `long_side` pixels, or less where the original is smaller. `mime_type` is
    what `kind_of` said; it alone chooses the decoder.

    Raises Unprocessable (the message is the reason, without the file's name) for what is damaged,
    not a picture, or larger than `most_pixels`; OSError when the file cannot be read.
    """
    reader = pixels.READERS.get(mime_type or "")
    if reader is None:
        raise Unprocessable(f"no decoder here knows {mime_type or 'a file of unknown kind'}")
    descriptor = files.open_regular(path)
    try:
        with files.naming(path):
            return reader(pixels.Wanted(descriptor, mime_type or "", long_side, most_pixels))
    finally:
        os.close(descriptor)


def upright_rgb(
    path: str | Path,
    mime_type: str | None,
    long_side: int,
    most_pixels: int = MOST_PIXELS,
) -> Any:
    """Decode as `upright` does, into a NumPy array of uint8, height x width x 3, in sRGB.

    What is transparent is shown on white.
    """
    image = upright(path, mime_type, long_side, most_pixels).image
    return colours.opaque(image).colourspace("srgb").numpy()
