"""The size of a HEIF picture, from the properties of its primary item (ISO/IEC 23008-12)."""

from __future__ import annotations

from collections.abc import Sequence


class Numbers:
    """Takes big-endian numbers from the front of some bytes; zero where they end."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> int:
        """Return the next number of `size` bytes."""
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "big")

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.data)


def properties_of(ipma: bytes, wanted: int) -> list[int]:
    """Return the numbers, counted from 1, of the properties that `ipma` gives an item."""
    numbers = Numbers(ipma)
    head = numbers.take(4)
    version, wide = head >> 24, head & 1
    for _ in range(numbers.take(4)):
        item = numbers.take(2 if version == 0 else 4)
        # The highest bit says whether a reader must understand the property.
        found = [
            numbers.take(2) & 0x7FFF if wide else numbers.take(1) & 0x7F
            for _ in range(numbers.take(1))
        ]
        if item == wanted:
            return found
        if numbers.ended:
            break
    return []


def size_of(properties: Sequence[tuple[bytes, bytes]]) -> tuple[int | None, int | None]:
    """Return width and height: `ispe` as coded, `clap` crops, `irot` turns by quarters."""
    width, height = 0, 0
    for kind, data in properties:
        numbers = Numbers(data)
        if kind == b"ispe":
            numbers.take(4)
            width, height = numbers.take(4), numbers.take(4)
        elif kind == b"clap":
            over, under, high, deep = (numbers.take(4) for _ in range(4))
            width, height = over // (under or 1), high // (deep or 1)
        elif kind == b"irot" and data[:1] and data[0] & 1:
            width, height = height, width
    return width or None, height or None
