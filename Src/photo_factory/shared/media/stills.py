"""Decodes still pictures, each kind by the library that fits it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.media import colours, isobmff, jxl_size, vips
from photo_factory.shared.media.pixels import Picture, Wanted, finished, fitted, from_array

_SRGB = (1, 13)
"""Primaries and transfer of sRGB (ITU-T H.273)."""


def read_jpeg(wanted: Wanted) -> Picture:
    """Read a JPEG, shrunk while it is decoded.

    Of one that ends too early or breaks in the middle, what is readable is shown.
    """
    try:
        return jpeg(wanted.descriptor, wanted)
    except Unprocessable as error:
        picture = jpeg(wanted.descriptor, wanted, fail_on="none", unlimited=True)
        return Picture(picture.image, picture.width, picture.height, damage=str(error))


def jpeg(
    source: int | bytes, wanted: Wanted, *, turn: int | None = None, **options: Any
) -> Picture:
    """Read a JPEG from a descriptor or from memory; `turn` is an EXIF orientation to go by."""
    with vips.complaints():
        image = vips.load(source, "image/jpeg", **options)
        size = (image.width, image.height)
        wanted.check(*size)
        factor = _shrink(max(size), wanted.long_side)
        if factor > 1:
            image = vips.load(source, "image/jpeg", shrink=factor, **options)
        if turn is not None:
            image = image.copy()
            image.set_type(vips.library().GValue.gint_type, "orientation", turn)
        return finished(image, wanted, size)


def _shrink(side: int, wanted: int) -> int:
    """How much a JPEG decoder may leave out: a power of two, 8 at most."""
    return next((factor for factor in (8, 4, 2) if factor * wanted <= side), 1)


def read_by_vips(wanted: Wanted, **options: Any) -> Picture:
    """Read what libvips decodes whole: PNG, GIF, WebP, TIFF."""
    with vips.complaints():
        image = vips.load(wanted.descriptor, wanted.mime_type, **options)
        wanted.check(image.width, image.height)
        return finished(image, wanted, (image.width, image.height))


def read_avif(wanted: Wanted) -> Picture:
    """Read an AVIF; libheif has turned it as its container says, and EXIF must not do it again."""
    with wanted.file() as file:
        wanted.check_boxes(file)
        codes = _code_points(file)
    with vips.complaints():
        image = vips.load(wanted.descriptor, wanted.mime_type)
        size = (image.width, image.height)
        wanted.check(*size)
        return _by_code_points(_unturned(image), wanted, size, codes)


def _unturned(image: Any) -> Any:
    plain = image.copy()
    if plain.get_typeof("orientation"):
        plain.remove("orientation")
    return plain


def _code_points(file: BinaryIO) -> tuple[int, int]:
    """Primaries and transfer of HEIC and AVIF by their `colr` box (ITU-T H.273)."""
    size = file.seek(0, os.SEEK_END)
    try:
        found = isobmff.primary_properties(file, size)
    except ValueError:
        return _SRGB
    for kind, data in found:
        if kind == b"colr" and data[:4] == b"nclx":
            return int.from_bytes(data[4:6], "big"), int.from_bytes(data[6:8], "big")
    return _SRGB


def _by_code_points(
    image: Any, wanted: Wanted, size: tuple[int, int], codes: tuple[int, int]
) -> Picture:
    """Finish a picture that may name its colours by numbers; a profile goes first."""
    from photo_factory.shared.media import tone

    if image.get_typeof("icc-profile-data") or image.bands < 3 or not tone.needs_mapping(*codes):
        return finished(image, wanted, size)
    small = fitted(colours.opaque(image), wanted.long_side)
    return Picture(from_array(tone.mapped(small.numpy(), *codes)), *size)


def read_heic(wanted: Wanted) -> Picture:
    """Read a HEIC by libheif with libde265, which libvips' own package lacks.

    libheif turns it as its container says (`irot`, `imir`); EXIF's orientation repeats that.
    """
    import numpy as np
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1  # the loop works several pictures at the same time
    with wanted.file() as file:
        wanted.check_boxes(file)
        codes = _code_points(file)
        file.seek(0)
        try:
            heif = pillow_heif.open_heif(file, convert_hdr_to_8bit=True)
            one = heif[heif.primary_index]
            wanted.check(*one.size)
            image = from_array(np.asarray(one))
        except (ValueError, IndexError, EOFError, RuntimeError, SyntaxError) as error:
            raise Unprocessable(f"it cannot be decoded: {error}") from error
    profile = one.info.get("icc_profile")
    if profile:
        image.set_type(vips.library().GValue.blob_type, "icc-profile-data", profile)
    with vips.complaints():
        return _by_code_points(image, wanted, one.size, codes)


def read_bmp(wanted: Wanted) -> Picture:
    """Read a BMP, which libvips does not know."""
    return _by_pillow(wanted, "BMP")


def read_tiff(wanted: Wanted) -> Picture:
    """Read a TIFF's first picture; one in Lab goes through Pillow, as libvips trips over it."""
    try:
        # libtiff takes it for a mere "error" when a file ends before its strips do.
        return read_by_vips(wanted, fail_on="error")
    except Unprocessable as error:
        return _by_pillow(wanted, "TIFF", only="LAB", refused=error)


def _by_pillow(
    wanted: Wanted, kind: str, only: str | None = None, refused: Unprocessable | None = None
) -> Picture:
    """Read by Pillow; with `only`, raise `refused` for a picture of any other mode."""
    import numpy as np
    from PIL import Image

    with wanted.file() as file, _pillow_keeps_quiet():
        try:
            with Image.open(file, formats=[kind]) as picture:
                if refused is not None and picture.mode != only:
                    raise refused
                size = picture.size
                wanted.check(*size)
                image = from_array(np.asarray(_of_eight_bits(picture)))
        except (OSError, ValueError, SyntaxError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise refused or Unprocessable(f"it cannot be decoded: {error}") from error
    with vips.complaints():
        return finished(image, wanted, size)


@contextmanager
def _pillow_keeps_quiet() -> Iterator[None]:
    """Without its warnings, and its own limit of pixels: `Wanted.check` sets that of this house."""
    from PIL import Image

    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _of_eight_bits(picture: Any) -> Any:
    if picture.mode == "LAB":
        return _from_lab(picture)
    if picture.mode in ("L", "RGB", "RGBA"):
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _from_lab(picture: Any) -> Any:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")


def read_jxl(wanted: Wanted) -> Picture:
    """Read a JPEG XL by libjxl, which turns it upright itself."""
    import imagecodecs

    with wanted.file() as file:
        data = file.read()
        start = isobmff.jxl_codestream(file, len(data))
    claimed = jxl_size.size_of(start)
    if claimed[0] and claimed[1]:
        wanted.check(claimed[0], claimed[1])
    try:
        pixels = imagecodecs.jpegxl_decode(data, index=0, numthreads=1)
    except (imagecodecs.JpegxlError, ValueError, RuntimeError) as error:
        raise Unprocessable(f"it cannot be decoded: {error}") from error
    height, width = pixels.shape[:2]
    codes = jxl_size.code_points_of(start) or _SRGB
    with vips.complaints():
        return _by_code_points(from_array(_whole_numbers(pixels)), wanted, (width, height), codes)


def _whole_numbers(pixels: Any) -> Any:
    import numpy as np

    if pixels.dtype.kind == "f":
        return (np.clip(pixels, 0, 1) * 65535 + 0.5).astype(np.uint16)
    return pixels
