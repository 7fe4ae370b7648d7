"""Reads the pixels of each kind of file by the decoder that fits it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.media import colours, vips

MOST_PIXELS = 500_000_000
"""Above what cameras make, below what a forged header claims."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An open file, what it is, and how much of it is wanted."""

    descriptor: int
    mime_type: str
    long_side: int
    most_pixels: int

    def check(self, width: int, height: int) -> None:
        """Unprocessable for more pixels than anybody wants to decode, before that is tried."""
        if width < 1 or height < 1:
            raise Unprocessable(f"its header claims {width} x {height} pixels")
        if width * height > self.most_pixels:
            raise Unprocessable(
                f"it claims {width} x {height} pixels, more than the {self.most_pixels / 1e6:g} "
                "million of DECODER_MEGAPIXELS; raise that if the picture is genuine"
            )


@dataclass(frozen=True, slots=True)
class Picture:
    """`image` is a pyvips.Image in memory: upright, 8 bits, sRGB or grey, perhaps with alpha."""

    image: Any
    width: int
    """Of the whole picture, upright; `height` alike."""
    height: int
    duration_s: float | None = None


def fitted(image: Any, long_side: int) -> Any:
    """Shrink so that the longer side is `long_side`; a smaller picture stays as it is."""
    if max(image.width, image.height) <= long_side:
        return image
    factor = long_side / max(image.width, image.height)
    width, height = (max(1, round(side * factor)) for side in (image.width, image.height))
    if not image.hasalpha():
        return _resized(image, width, height)
    # Colours count by how much of them is seen; else the hidden ones would bleed in at edges.
    seen = _resized(image.premultiply(), width, height)
    return seen.unpremultiply().cast(image.format).copy(interpretation=image.interpretation)


def _resized(image: Any, width: int, height: int) -> Any:
    return image.resize(width / image.width, vscale=height / image.height)


def _shrink(width: int, height: int, long_side: int) -> int:
    """How much a JPEG decoder may leave out: a power of two, 8 at most."""
    room = max(width, height) / long_side
    return next((factor for factor in (8, 4, 2) if factor <= room), 1)


def read_by_vips(wanted: Wanted) -> Picture:
    """Read what libvips knows; a JPEG and a WebP are shrunk while they are decoded."""
    with vips.complaints(wanted.descriptor):
        image = vips.load(wanted.descriptor, wanted.mime_type)
        width, height = image.width, image.height
        wanted.check(width, height)
        if wanted.mime_type == "image/jpeg":
            factor = _shrink(width, height, wanted.long_side)
            if factor > 1:
                image = vips.load(wanted.descriptor, wanted.mime_type, shrink=factor)
        return finished(image, width, height, wanted.long_side)


def finished(
    image: Any, width: int, height: int, long_side: int, profile: str | None = None
) -> Picture:
    """Shrink, convert, turn upright; `width` and `height` are those before any shrinking."""
    small = fitted(image, long_side).copy_memory()
    turned = small.get_typeof("orientation") and small.get("orientation") in (5, 6, 7, 8)
    if turned:
        width, height = height, width
    return Picture(colours.to_srgb(small.autorot(), profile).copy_memory(), width, height)


Reader = Callable[[Wanted], Picture]
READERS: dict[str, Reader] = {
    **dict.fromkeys(vips.KINDS, read_by_vips),
}
