"""HDR and wide gamut told by code points come out as published figures say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from photo_factory.shared.media import tone

BT709, P3, BT2020, SRGB = 1, 12, 9, 13


def one(codes: tuple[float, float, float], primaries: int, transfer: int) -> list[int]:
    pixels = np.array([[codes]]) * 65535
    found: Any = tone.mapped(pixels.round().astype(np.uint16), primaries, transfer)
    assert found.dtype == np.uint8
    return [int(value) for value in found[0, 0]]


@pytest.mark.parametrize("transfer", [tone.PQ, tone.HLG])
def test_it_keeps_black_black_and_grey_grey(transfer: int) -> None:
    assert one((0, 0, 0), BT2020, transfer) == [0, 0, 0]
    grey = one((0.4, 0.4, 0.4), BT2020, transfer)
    assert max(grey) - min(grey) <= 1


def test_it_leaves_a_tenth_of_diffuse_white_alone() -> None:
    # 20.3 nits is PQ 0.3581 (SMPTE ST 2084); a tenth of white is 89 in sRGB (IEC 61966-2-1).
    assert one((0.3581,) * 3, BT709, tone.PQ)[0] == pytest.approx(89, abs=1)


@pytest.mark.parametrize("transfer", [tone.PQ, tone.HLG])
def test_it_rolls_off_and_never_turns_back(transfer: int) -> None:
    ramp = np.linspace(0, 65535, 512).astype(np.uint16)
    pixels = np.repeat(ramp[None, :, None], 3, axis=2)
    shades = tone.mapped(pixels, BT2020, transfer)[0, :, 0].astype(int)
    assert (np.diff(shades) >= 0).all()
    assert shades[-1] >= 250


def test_it_shows_a_colour_of_both_gamuts_alike() -> None:
    # sRGB (1, 0.5, 0.5) linear, written in Display P3.
    light = np.array([1, 0.5, 0.5]) @ np.linalg.inv(np.array(tone._TO_SRGB[P3])).T
    codes = 1.055 * light ** (1 / 2.4) - 0.055
    assert one(tuple(codes), P3, SRGB) == pytest.approx([255, 188, 188], abs=1)


@pytest.mark.parametrize("primaries", [P3, BT2020])
def test_it_keeps_white_white(primaries: int) -> None:
    assert one((1, 1, 1), primaries, SRGB) == [255, 255, 255]


@pytest.mark.parametrize(
    ("primaries", "transfer", "needs"),
    [(1, 13, False), (5, 1, False), (2, 2, False), (12, 13, True), (9, 16, True), (1, 18, True)],
)
def test_it_knows_what_would_look_wrong(primaries: int, transfer: int, needs: bool) -> None:
    assert tone.needs_mapping(primaries, transfer) is needs
