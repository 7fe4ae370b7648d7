"""Size and colours of a JPEG XL picture, from the first bits of its codestream."""

from __future__ import annotations

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_LENGTHS = (9, 13, 18, 30)
_SRGB = (1, 13)
_PRIMARIES = {9: 9, 11: 12}  # JPEG XL's numbers of BT.2100 and P3, and H.273's


def size_of(codestream: bytes) -> tuple[int | None, int | None]:
    """Read SizeHeader (ISO/IEC 18181-1, D.2): bits come from the low end of each byte."""
    if codestream[:2] != b"\xff\x0a" or len(codestream) < 12:
        return None, None
    bits = _Bits(int.from_bytes(codestream[2:], "little"))
    small = bits.take(1)
    height = _side(bits, small)
    ratio = bits.take(3)
    if ratio:
        over, under = _RATIOS[ratio - 1]
        return height * over // under, height
    return _side(bits, small), height


def code_points_of(codestream: bytes) -> tuple[int, int] | None:
    """Primaries and transfer (ITU-T H.273) by ImageMetadata (ISO/IEC 18181-1, D.3 and E.2).

    None for colours told otherwise: by a profile, by a curve, or behind what is not read here.
    """
    if codestream[:2] != b"\xff\x0a" or len(codestream) < 16:
        return None
    bits = _Bits(int.from_bytes(codestream[2:], "little"))
    small = bits.take(1)
    _side(bits, small)
    if not bits.take(3):  # no ratio: the width follows
        _side(bits, small)
    if bits.take(1):  # all is as usual
        return _SRGB
    if bits.take(1) and bits.take(6) >> 3:  # an orientation, and one of three rare headers
        return None
    _pass_sample_format(bits)
    bits.take(1)  # whether 16 bits are enough to decode it
    channels = bits.take(2)
    if channels > 1 or (channels == 1 and not bits.take(1)):  # more than one plain alpha
        return None
    bits.take(1)  # whether it is in XYB
    return _SRGB if bits.take(1) else _told_colours(bits)


def _pass_sample_format(bits: _Bits) -> None:
    is_float = bits.take(1)
    if bits.take(2) == 3:
        bits.take(6)
    if is_float:
        bits.take(4)


def _told_colours(bits: _Bits) -> tuple[int, int] | None:
    has_profile, space, white = bits.take(1), bits.enum(), bits.enum()
    if has_profile or space != 0 or white != 1:  # not RGB with white D65
        return None
    primaries = bits.enum()
    if bits.take(1):  # a gamma of its own
        return None
    return _PRIMARIES.get(primaries, 1), bits.enum()


def _side(bits: _Bits, small: int) -> int:
    if small:
        return (bits.take(5) + 1) * 8
    return bits.take(_LENGTHS[bits.take(2)]) + 1


class _Bits:
    def __init__(self, value: int) -> None:
        self.value = value

    def take(self, count: int) -> int:
        taken = self.value & (1 << count) - 1
        self.value >>= count
        return taken

    def enum(self) -> int:
        """A number in one of four lengths (B.2.3)."""
        chosen = self.take(2)
        return chosen if chosen < 2 else self.take(4) + 2 if chosen == 2 else self.take(6) + 18
