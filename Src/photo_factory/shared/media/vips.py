"""libvips as this house uses it: one thread, no cache, and only the loaders named here."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from photo_factory.shared.errors import Unprocessable

SRGB = "srgb"
"""A profile that libvips carries within itself, as it does "p3" and "cmyk"."""

# Only what is named here is ever opened; nothing is found by looking at the bytes, so that no
# file can choose a loader (SVG, PDF, …) for itself.
_LOADERS = {
    "image/jpeg": "jpegload_source",
    "image/png": "pngload_source",
    "image/gif": "gifload_source",
    "image/webp": "webpload_source",
    "image/tiff": "tiffload_source",
    "image/avif": "heifload_source",
}


@cache
def library() -> ModuleType:
    """The module pyvips, set up.

    One thread a picture: the loop works several pictures at the same time, and each further
    thread would only add its stack and its share of the memory limit.
    """
    # Read by libvips when it starts; a household may set its own.
    os.environ.setdefault("VIPS_CONCURRENCY", "1")
    # What is wrong with a file is told once, by us.
    os.environ.setdefault("VIPS_WARNING", "off")
    logging.getLogger("pyvips").setLevel(logging.ERROR)
    import pyvips

    pyvips.cache_set_max(0)  # no picture is asked for twice
    pyvips.block_untrusted_set(True)
    return pyvips  # type: ignore[no-any-return]


@contextmanager
def complaints() -> Iterator[None]:
    """Turn a refusal of libvips into Unprocessable."""
    vips = library()
    try:
        yield
    except vips.Error as error:
        raise Unprocessable(f"it cannot be decoded: {_told(error)}") from error


def _told(error: Exception) -> str:
    """The first thing libvips complained of, on one line."""
    detail = str(getattr(error, "detail", "") or error)
    lines = [line.strip() for line in detail.splitlines() if line.strip()]
    first = lines[0] if lines else "for no reason that libvips told"
    return f"{first}; more DECODER_MEMORY may help" if "memory" in first else first


def load(source: int | bytes, mime_type: str, **options: Any) -> Any:
    """Open an image of a kind named above, from a descriptor or from memory.

    Its header is read, its pixels are not. The result is a pyvips.Image, to be read once and from
    top to bottom.
    """
    vips = library()
    if isinstance(source, bytes):
        opened = vips.Source.new_from_memory(source)
    else:
        opened = vips.Source.new_from_descriptor(source)
    given = {"access": "sequential", "fail_on": "truncated", **options}
    return getattr(vips.Image, _LOADERS[mime_type])(opened, **given)
