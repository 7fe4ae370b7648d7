"""The size of a JPEG XL picture, from the first bits of its codestream."""

from __future__ import annotations

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_LENGTHS = (9, 13, 18, 30)


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
