"""Files that belong together share a key; others do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photo_factory.shared.media.groups import stem_key

LONG = "a_photo_with_quite_a_long_name_indeed"  # 37 letters
LONGER = "another_photo_whose_name_is_longer_than_the_46_letters"


@pytest.mark.parametrize(
    "members",
    [
        ["IMG_1.jpg", "IMG_1.CR2", "img_1.mov", "IMG_1.xmp", "IMG_1.jpg.xmp", "IMG_1.JPG.json"],
        ["IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json", "IMG_1.HEIC"],
        ["IMG_1(1).jpg", "IMG_1.jpg(1).json", "IMG_1.jpg.supplemental-metadata(1).json"],
        [f"{LONG}.jpg", f"{LONG}.jpg.suppl.json", f"{LONG}.jpg.json"],
        [f"{LONGER}.jpg", f"{LONGER[:46]}.json"],
        [f"{LONG:x<44}.jpg", f"{LONG:x<44}.j.json"],
        ["IMG_1234.HEIC", "IMG_E1234.HEIC", "IMG_O1234.AAE", "IMG_1234.AAE"],
        ["a.b.jpg", "a.b.xmp", "a.b.jpg.xmp"],
        ["PXL_20231225_123456789.MP.jpg", "PXL_20231225_123456789.MP.jpg.json"],
    ],
)
def test_it_groups_what_belongs_together(members: list[str]) -> None:
    assert {stem_key(name) for name in members} == {stem_key(members[0])}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IMG_1.jpg", "IMG_2.jpg"),
        ("IMG_1.jpg", "IMG_1(1).jpg"),
        ("IMG_1.jpg.json", "IMG_1.jpg(1).json"),
        ("a.b.jpg", "a.jpg"),
        ("IMG_1.jpg", "IMG_E1.jpg"),
        ("photo.s.jpg", "photo.jpg"),
    ],
)
def test_it_keeps_apart_what_does_not(one: str, other: str) -> None:
    assert stem_key(one) != stem_key(other)


@given(st.text(max_size=80))
def test_it_never_raises(name: str) -> None:
    assert len(stem_key(name)) <= 46
