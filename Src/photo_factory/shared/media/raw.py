"""Pictures out of a camera's raw file: its own preview where that is large enough, else developed.

LibRaw (rawpy) reads all the raw kinds that `kind_of` knows.
"""

from __future__ import annotations

from typing import Any

from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.media import stills, vips
from photo_factory.shared.media.pixels import Picture, Wanted, finished, fitting, from_array

# How LibRaw names a turn (degrees counter-clockwise in its own code), and EXIF's name for it.
_EXIF_OF_FLIP = {0: 1, 3: 3, 5: 8, 6: 6}


def read_raw(wanted: Wanted) -> Picture:
    """Read a raw file; the preview has the colours that the photographer saw."""
    import rawpy

    with wanted.file() as file:
        try:
            with rawpy.imread(file) as raw:
                wanted.check(raw.sizes.width, raw.sizes.height)
                return _preview(raw, wanted) or _developed(raw, wanted)
        except rawpy.LibRawError as error:
            raise Unprocessable(f"it cannot be decoded: {_told(error)}") from error


def _told(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _preview(raw: Any, wanted: Wanted) -> Picture | None:
    """The embedded JPEG; None when there is none, or a smaller one than wanted."""
    import rawpy

    try:
        found = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        return None
    if found.format != rawpy.ThumbFormat.JPEG:
        return None
    whole = (raw.sizes.width, raw.sizes.height)
    try:
        with vips.complaints():
            stored = vips.load(found.data, "image/jpeg")
        if max(stored.width, stored.height) < max(fitting(*whole, wanted.long_side)):
            return None
        turn = _turn_of_preview(stored, raw)
        picture = stills.jpeg(found.data, wanted, turn=turn)
    except Unprocessable:
        return None  # a damaged preview says nothing about the raw data
    return Picture(picture.image, *_upright(raw))


def _turn_of_preview(stored: Any, raw: Any) -> int:
    """The EXIF orientation to turn the preview by: its own, else that of the raw file."""
    if stored.get_typeof("orientation") and stored.get("orientation") != 1:
        return int(stored.get("orientation"))
    lies = raw.sizes.flip in (5, 6)
    is_upright_already = (
        lies and stored.height > stored.width and raw.sizes.width > raw.sizes.height
    )
    return 1 if is_upright_already else _EXIF_OF_FLIP.get(raw.sizes.flip, 1)


def _upright(raw: Any) -> tuple[int, int]:
    size = (raw.sizes.width, raw.sizes.height)
    return size[::-1] if raw.sizes.flip in (5, 6) else size


def _developed(raw: Any, wanted: Wanted) -> Picture:
    """Develop with the camera's white balance, at half size where that is enough."""
    width, height = raw.sizes.width, raw.sizes.height
    half = max(width, height) >= 2 * wanted.long_side
    pixels = raw.postprocess(use_camera_wb=True, half_size=half, output_bps=8)
    size = _upright(raw)
    with vips.complaints():
        return finished(from_array(pixels), wanted, size)
