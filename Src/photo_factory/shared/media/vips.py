"""libvips as this house uses it: one thread, no cache, and only the loaders named here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.files import READ_SIZE

SRGB = "srgb"
"""A profile that libvips carries within itself, as it does "p3" and "cmyk"."""

# Only what is named here is ever opened; nothing is found by looking at the bytes, so that no
# file can choose a loader (SVG, PDF, …) for itself.
_LOADERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "image/jpeg": ("jpegload_source", {}),
    "image/png": ("pngload_source", {}),
    "image/gif": ("gifload_source", {}),
    "image/webp": ("webpload_source", {}),
    "image/tiff": ("tiffload_source", {}),
    "image/avif": ("heifload_source", {}),
}
KINDS = frozenset(_LOADERS)


@cache
def library() -> ModuleType:
    """The module pyvips, set up.

    One thread a picture: the loop works several pictures at the same time, and each further
    thread would only add its stack and its share of the memory limit.
    """
    # Read by libvips when it starts; a household may set its own.
    os.environ.setdefault("VIPS_CONCURRENCY", "1")
    import pyvips

    pyvips.cache_set_max(0)  # no picture is asked for twice
    pyvips.block_untrusted_set(True)
    return pyvips  # type: ignore[no-any-return]


@contextmanager
def complaints(descriptor: int) -> Iterator[None]:
    """Turn a decoder's refusal into Unprocessable, or into the OSError behind it."""
    vips = library()
    try:
        yield
    except vips.Error as error:
        # libvips tells a disk that cannot be read and a damaged file alike.
        _read_all(descriptor)
        raise Unprocessable(f"it cannot be decoded: {told(error)}") from error


def told(error: Exception) -> str:
    """The last thing libvips said, on one line."""
    detail = str(getattr(error, "detail", "") or error)
    lines = [line.strip() for line in detail.splitlines() if line.strip()]
    return lines[-1] if lines else "for no reason that libvips told"


def _read_all(descriptor: int) -> None:
    offset = 0
    while block := os.pread(descriptor, READ_SIZE, offset):
        offset += len(block)


def load(descriptor: int, mime_type: str, **options: Any) -> Any:
    """Open an image of a kind in KINDS: its header is read, its pixels are not.

    The result is a pyvips.Image to be read once, from top to bottom.
    """
    vips = library()
    name, own = _LOADERS[mime_type]
    source = vips.Source.new_from_descriptor(descriptor)
    given = {"access": "sequential", "fail_on": "truncated", **own, **options}
    return getattr(vips.Image, name)(source, **given)
