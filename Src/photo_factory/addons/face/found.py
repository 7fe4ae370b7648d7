"""What an engine says of one face, and how boxes are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]

SHARP_PX = 112
"""Pixels of a box's shorter side from which size no longer limits quality: what SFace is fed."""


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, width and height, as fractions of the upright picture."""

    left: float
    top: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """The shared area as a part of the area both cover: 0 apart, 1 the same."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        shared = max(across, 0.0) * max(down, 0.0)
        covered = self.width * self.height + other.width * other.height - shared
        return shared / covered if covered else 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """One face. `landmarks` are named by the person's own left and right, in fractions.

    `embedding` is a float32 array; `quality`, from 0 to 1, is the detector's certainty times the
    size, because small faces and doubtful ones are recognised badly.
    """

    box: Box
    landmarks: Mapping[str, Point]
    quality: float
    embedding: Any


def fraction_box(left: float, top: float, right: float, bottom: float, size: Point) -> Box:
    """A box in pixels as fractions of `size` (width, height), cut off at the picture's edges."""
    across, down = size
    left, right = max(left, 0.0), min(right, across)
    top, bottom = max(top, 0.0), min(bottom, down)
    return Box(left / across, top / down, (right - left) / across, (bottom - top) / down)


def quality_of(certainty: float, shorter_side_px: float) -> float:
    """From 0 to 1."""
    size = min(1.0, max(shorter_side_px, 0.0) / SHARP_PX)
    return size * min(1.0, max(certainty, 0.0))
