"""What every decoder is asked, what it answers, and how pixels are made small."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, BinaryIO

from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.media import colours, isobmff, vips

MOST_PIXELS = 500_000_000
"""More than any camera makes, less than a forged header claims."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An open file, what it is, and how much of it is wanted."""

    descriptor: int
    mime_type: str
    long_side: int
    most_pixels: int = MOST_PIXELS

    def check(self, width: int, height: int) -> None:
        """Unprocessable for more pixels than anybody wants to decode, before that is tried."""
        if width < 1 or height < 1:
            raise Unprocessable(f"its header claims {width} x {height} pixels")
        if width * height > self.most_pixels:
            raise Unprocessable(
                f"it claims {width} x {height} pixels, more than the {self.most_pixels / 1e6:g} "
                "million of DECODER_MEGAPIXELS; raise that if the picture is genuine"
            )

    def file(self) -> BinaryIO:
        """The open file from its beginning; closing it leaves the descriptor open."""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        return open(self.descriptor, "rb", closefd=False)

    def check_boxes(self, file: BinaryIO) -> None:
        """Unprocessable for a file whose boxes claim more bytes than there are."""
        size = os.fstat(self.descriptor).st_size
        cut = next((box for box in isobmff.boxes(file, 0, size) if box.end > size), None)
        if cut is not None:
            missing = cut.end - size
            raise Unprocessable(f"it is cut off: {missing} bytes of its {cut.kind!r} are missing")
        file.seek(0)


@dataclass(frozen=True, slots=True)
class Picture:
    """`image` is a pyvips.Image in memory: upright, 8 bits, sRGB or grey, perhaps with alpha."""

    image: Any
    width: int
    """Of the whole picture, upright; `height` alike."""
    height: int
    duration_s: float | None = None
    damage: str | None = None
    """Why only a part of the picture could be read."""


def fitted(image: Any, long_side: int) -> Any:
    """Shrink so that the longer side is `long_side`; a smaller picture stays as it is."""
    width, height = fitting(image.width, image.height, long_side)
    if (width, height) == (image.width, image.height):
        return image
    if not image.hasalpha():
        return _resized(image, width, height)
    # Colours count by how much of them is seen; else the hidden ones would bleed in at edges.
    seen = _resized(image.premultiply(), width, height)
    return seen.unpremultiply().cast(image.format).copy(interpretation=image.interpretation)


def fitting(width: int, height: int, long_side: int) -> tuple[int, int]:
    """The sides of a picture whose longer side is `long_side` at most, each one pixel or more."""
    factor = min(1.0, long_side / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def _resized(image: Any, width: int, height: int) -> Any:
    return image.resize(width / image.width, vscale=height / image.height)


def finished(
    image: Any, wanted: Wanted, size: tuple[int, int], profile: str | None = None
) -> Picture:
    """Shrink, turn upright by the image's own orientation, convert.

    `size` is that of the whole picture as stored; `profile` that of one which carries none.
    """
    # Turning needs all pixels at hand, and by now they are few.
    small = fitted(image, wanted.long_side).copy_memory()
    if small.get_typeof("orientation") and small.get("orientation") in (5, 6, 7, 8):
        size = size[::-1]
    return Picture(colours.to_srgb(small.autorot(), profile).copy_memory(), *size)


def from_array(pixels: Any) -> Any:
    """A pyvips.Image that shares an array, height x width x bands of uint8 or uint16."""
    import numpy as np

    height, width = pixels.shape[:2]
    bands = 1 if pixels.ndim == 2 else pixels.shape[2]
    image = vips.library().Image.new_from_memory(
        np.ascontiguousarray(pixels).data, width, height, bands, _FORMATS[pixels.dtype.name]
    )
    grey, colour = ("b-w", vips.SRGB) if pixels.dtype == np.uint8 else ("grey16", "rgb16")
    return image.copy(interpretation=grey if bands < 3 else colour)


_FORMATS = {"uint8": "uchar", "uint16": "ushort"}
