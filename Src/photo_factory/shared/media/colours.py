"""Colours of any kind of picture, brought to 8-bit sRGB; works on pyvips images."""

from __future__ import annotations

from typing import Any

from photo_factory.shared.media import vips

_PROFILE = "icc-profile-data"
_DESCRIPTION_BYTES = 4096


def to_srgb(image: Any, fallback: str | None = None) -> Any:
    """Convert to 8-bit sRGB or grey; `fallback` is the profile of a picture that carries none.

    A profile that cannot be used is passed over, as viewers do.
    """
    if image.interpretation == "cmyk":
        fallback = fallback or "cmyk"
    if _has_foreign_profile(image) or fallback:
        image = _by_profile(image, fallback)
    grey = image.interpretation in ("b-w", "grey16") or image.bands < 3
    return _plain(image.colourspace("b-w" if grey else vips.SRGB))


def opaque(image: Any) -> Any:
    """Put what is transparent on white."""
    if not image.hasalpha():
        return image
    white = 65535 if image.format == "ushort" else 255
    return image.flatten(background=[white] * (image.bands - 1))


def _has_foreign_profile(image: Any) -> bool:
    if not image.get_typeof(_PROFILE):
        return False
    # Nearly every picture is sRGB already: to convert those would cost a tenth of all the work.
    start = bytes(image.get(_PROFILE)[:_DESCRIPTION_BYTES])
    return b"sRGB" not in start and "sRGB".encode("utf-16-be") not in start


def _by_profile(image: Any, fallback: str | None) -> Any:
    embedded = bool(image.get_typeof(_PROFILE))
    given = {"input_profile": fallback} if fallback else {}
    try:
        # The pixels are asked for here, as some profiles fail only then.
        return image.icc_transform(
            vips.SRGB, embedded=embedded, intent="perceptual", **given
        ).copy_memory()
    except vips.library().Error:
        return _without_profile(image)


def _without_profile(image: Any) -> Any:
    changed = image.copy()
    if changed.get_typeof(_PROFILE):
        changed.remove(_PROFILE)
    if changed.interpretation == "cmyk":
        return changed.icc_transform(vips.SRGB, input_profile="cmyk", intent="perceptual")
    return changed


def _plain(image: Any) -> Any:
    return image if image.format == "uchar" else image.cast("uchar")
