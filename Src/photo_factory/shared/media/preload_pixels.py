"""Imports what decodes pixels, once, in the fork server that the children come from.

Nothing is decoded here: libvips starts its threads with its first picture, and a fork server must
not have any.
"""

from __future__ import annotations

import ctypes

import av
import imagecodecs
import pillow_heif
import rawpy
from PIL import BmpImagePlugin

from photo_factory.shared.media import decode, tone, vips

__all__ = ["BmpImagePlugin", "av", "decode", "imagecodecs", "pillow_heif", "rawpy", "tone"]

# <malloc.h>
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MIB = 1 << 20


def _tune_malloc() -> None:
    """Keep freed memory for the next picture, and one arena for all threads.

    glibc would give the memory of every picture back, and the kernel clear it again for the next
    one: a tenth of all the work. Each further arena reserves 64 MiB that RLIMIT_AS counts.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)
        libc.mallopt(_M_TRIM_THRESHOLD, 128 * _MIB)
        libc.mallopt(_M_MMAP_THRESHOLD, 30 * _MIB)


_tune_malloc()
vips.library()
imagecodecs.JPEGXL  # noqa: B018 -- loads libjxl, as each codec is loaded when it is first named
