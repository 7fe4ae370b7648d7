"""Positions in every notation keep their sign; impossible ones are refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photo_factory.shared.media import location
from photo_factory.shared.media.clues import PositionClue


def clue(lat: float, lon: float, confidence: float = 0.5) -> PositionClue:
    return PositionClue("test", confidence, lat, lon)


@pytest.mark.parametrize(
    ("lat", "lon", "reason"),
    [
        (0.0, 0.0, "0,0: the receiver had no fix"),
        (90.1, 0.0, "out of range"),
        (0.0, -180.5, "out of range"),
        (math.nan, 1.0, "not a number"),
        (1.0, math.inf, "not a number"),
    ],
)
def test_it_refuses_what_cannot_be(lat: float, lon: float, reason: str) -> None:
    bad = clue(lat, lon)
    assert location.choose([bad]) is None
    assert bad.rejected == reason


def test_it_chooses_the_most_trusted_of_the_rest() -> None:
    good = clue(1, 2, 0.6)
    assert location.choose([clue(0, 0, 0.9), clue(3, 4, 0.5), good]) is good


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+32.0929+034.8620+028.516/", (32.0929, 34.862, 28.516)),
        ("-33.5000-070.2500/", (-33.5, -70.25, None)),
        ("-3330.00-07015.00/", (-33.5, -70.25, None)),
        ("-333000.0-0701500.0-5/", (-33.5, -70.25, -5.0)),
        ("nowhere", None),
        ("", None),
    ],
)
def test_it_reads_iso_6709(text: str, expected: object) -> None:
    assert location.iso6709(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("40,30.0N", 40.5), ("76,15,0.0W", -76.25), ("33,30,0S", -33.5), ("12.5", 12.5), ("x", None)],
)
def test_it_reads_xmp(text: str, expected: float | None) -> None:
    assert location.xmp_coordinate(text) == expected


@pytest.mark.parametrize(
    ("parts", "reference", "expected"),
    [
        ((33, 30, 0), "S", -33.5),
        ((33, 30, 0), b"N\0", 33.5),
        (33.5, "W", -33.5),
        ((-33.5,), "S", -33.5),
        ((), "N", None),
        (None, "N", None),
        (("x", 1, 2), "N", None),
    ],
)
def test_it_reads_exif(parts: object, reference: object, expected: float | None) -> None:
    assert location.degrees(parts, reference) == expected


@given(st.text(max_size=60))
def test_it_never_raises(text: str) -> None:
    location.iso6709(text)
    location.xmp_coordinate(text)
