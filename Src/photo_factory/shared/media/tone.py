"""Pictures told apart from sRGB only by code points (ITU-T H.273), among them HDR, as 8-bit sRGB.

HDR is brought down by a curve that leaves everything up to 7/10 of diffuse white alone and rolls
the rest off. That is no grading, but a face looks like one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

Pixels = Any
"""height x width x 3, uint8 or uint16 over their whole range, in R'G'B'."""

LINEAR, PQ, HLG = 8, 16, 18
_BT2020, _P3 = 9, 12
_WHITE_NITS = 203.0  # ITU-R BT.2408: diffuse white of HDR
_PEAK_NITS = 1000.0  # of HLG's nominal display
_KNEE = 0.7
_CODES = 4096

# Linear RGB to linear sRGB, both with white D65 (ITU-R BT.2087, SMPTE EG 432-1).
_TO_SRGB = {
    _BT2020: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
    _P3: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),
}


def needs_mapping(primaries: int, transfer: int) -> bool:
    """Whether pixels with these code points would look wrong when taken for sRGB."""
    return primaries in _TO_SRGB or transfer in (LINEAR, PQ, HLG)


def mapped(pixels: Pixels, primaries: int, transfer: int) -> Pixels:
    """Return the pixels in sRGB, as uint8."""
    light = _linear_table(transfer, int(np.iinfo(pixels.dtype).max))[pixels]
    if transfer == HLG:
        light *= _system_gamma(light)
    if primaries in _TO_SRGB:
        light = light @ np.array(_TO_SRGB[primaries], dtype=np.float32).T
    np.maximum(light, 0, out=light)
    if transfer in (PQ, HLG):
        light *= _rolled_off(light.max(axis=2, keepdims=True))
    codes = (np.minimum(light, 1) * (_CODES - 1) + 0.5).astype(np.uint16)
    return _srgb_table()[codes]


def _rolled_off(strongest: Pixels) -> Pixels:
    """What to multiply each pixel with; one factor for all three colours keeps the hue."""
    room = 1 - _KNEE
    above = _KNEE + room * (1 - np.exp(-(strongest - _KNEE) / room))
    wanted = np.where(strongest > _KNEE, above, strongest)
    return wanted / np.maximum(strongest, 1e-6)


def _system_gamma(scene: Pixels) -> Pixels:
    """ITU-R BT.2100's OOTF of HLG on a display of 1000 nits."""
    luminance = scene @ np.array((0.2627, 0.6780, 0.0593), dtype=np.float32)
    return (_PEAK_NITS / _WHITE_NITS) * np.maximum(luminance, 1e-6)[..., None] ** np.float32(0.2)


@cache
def _linear_table(transfer: int, top: int) -> Pixels:
    """Light for every code; diffuse white is 1 (scene light from 0 to 1 for HLG)."""
    code = np.linspace(0, 1, top + 1)
    if transfer == PQ:
        light = _pq(code)
    elif transfer == HLG:
        light = _hlg(code)
    elif transfer == LINEAR:
        light = code
    else:
        light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _pq(code: Pixels) -> Pixels:
    """SMPTE ST 2084's EOTF."""
    root = code ** (1 / 78.84375)
    base = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return 10_000 / _WHITE_NITS * base ** (1 / 0.1593017578125)


def _hlg(code: Pixels) -> Pixels:
    """The inverse of ITU-R BT.2100's OETF of HLG."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)


@cache
def _srgb_table() -> Pixels:
    light = np.linspace(0, 1, _CODES)
    code = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (code * 255 + 0.5).astype(np.uint8)
