"""Real files, where they are there: all can be decoded, and stand upright."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photo_factory.shared.media import decode
from photo_factory.shared.media.kinds import kind_of
from tests.corpus.corpus import samples_folder

SAMPLES = samples_folder()

pytestmark = pytest.mark.skipif(
    not (SAMPLES / "truth.csv").is_file(), reason=f"no samples: {SAMPLES}/truth.csv is missing"
)


def tiny(path: Path, side: int = 24) -> Any:
    kind, _ = kind_of(path.read_bytes()[:4096], path.name)
    assert kind is not None
    return decode.upright(path, kind.mime_type, side).image.colourspace("srgb").numpy().astype(int)


@pytest.mark.parametrize("way", ["landscape", "portrait"])
def test_it_turns_eight_photos_of_one_view_alike(way: str) -> None:
    found = {path.stem: path for path in SAMPLES.rglob(f"{way}_[1-8].jpg")}
    assert len(found) == 8
    first = tiny(found[f"{way}_1"])
    for path in found.values():
        other = tiny(path)
        assert other.shape == first.shape
        assert np.abs(other - first).mean() < 10  # each has its own number on it
        assert np.abs(other - first[::-1]).mean() > 25


def test_it_shows_every_real_photo_and_film() -> None:
    refused = {}
    for path in sorted(SAMPLES.rglob("*.*")):
        kind, _ = kind_of(path.read_bytes()[:4096], path.name)
        if kind is None or kind.media_type == "sidecar":
            continue
        picture = decode.upright(path, kind.mime_type, 480)
        assert max(picture.image.width, picture.image.height) <= 480, path
        if picture.damage:
            refused[path.name] = picture.damage
    assert list(refused) == ["corrupted.jpg"]
