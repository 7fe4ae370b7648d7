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

_M_ARENA_MAX = -8  # <malloc.h>

vips.library()
imagecodecs.JPEGXL  # noqa: B018 -- loads libjxl, as each codec is loaded when it is first named
if hasattr(libc := ctypes.CDLL(None), "mallopt"):
    # Each thread of a child would reserve an arena of 64 MiB, all of it counted by RLIMIT_AS.
    libc.mallopt(_M_ARENA_MAX, 2)
