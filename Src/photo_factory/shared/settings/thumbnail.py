"""Settings of the add-on `thumbnail`, and of the decoder it shares with `face`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

_SMALLEST, _LARGEST = 16, 8192


def _numbers(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return tuple(int(part) for part in given.split(","))
    except ValueError:
        raise ValueError("sizes are whole numbers with commas between (1920,960,480,240)") from None


def _in_order(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Without repetitions, the largest first, as each is made from the one before."""
    if not sizes or not all(_SMALLEST <= size <= _LARGEST for size in sizes):
        raise ValueError(f"each size is from {_SMALLEST} to {_LARGEST} pixels")
    return tuple(sorted(set(sizes), reverse=True))


class ThumbnailSettings(BaseSettings):
    """What the small pictures look like."""

    thumbnail_sizes: Annotated[
        tuple[int, ...], NoDecode, BeforeValidator(_numbers), AfterValidator(_in_order)
    ] = Field(
        (1920, 960, 480, 240),
        alias="THUMBNAIL_SIZES",
        description="Longer sides of the small pictures in pixels, with commas between.",
    )
    thumbnail_format: Literal["jpeg", "webp"] = Field(
        "jpeg",
        alias="THUMBNAIL_FORMAT",
        description="jpeg, or webp: keeps transparency, a quarter smaller, twice the work.",
    )
    thumbnail_quality: int = Field(
        93,
        ge=1,
        le=100,
        alias="THUMBNAIL_QUALITY",
        description="Quality of the largest size, 1 to 100; smaller ones get a little more.",
    )
    decoder_megapixels: int = Field(
        500,
        ge=1,
        le=10_000,
        alias="DECODER_MEGAPIXELS",
        description="Million pixels above which a picture is not decoded but parked.",
    )
