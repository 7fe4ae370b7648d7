"""The samples with faces: a woman from the front and a man in profile, once as it is and once
turned, with the orientation that sets it right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import corpus

FOLDER = corpus.samples_folder() / "immich" / "metadata" / "faces"


STRANGERS = ("immich/albums/text/craft-beer.jpg", "tiff/DudleyLeavittUtah.tiff")
"""Two more people, the second on a poor scan."""


def strangers() -> list[Path]:
    """Both files; skips the test where the samples are absent."""
    found = [corpus.samples_folder() / name for name in STRANGERS]
    if not all(path.is_file() for path in found):
        pytest.skip(f"no samples: {found[0]} is missing (see PHOTO_FACTORY_SAMPLES)")
    return found


def portraits() -> list[Path]:
    """Both files; skips the test where the samples are absent."""
    found = [FOLDER / "portrait.jpg", FOLDER / "portrait-orientation-6.jpg"]
    if not all(path.is_file() for path in found):
        pytest.skip(f"no samples: {FOLDER} is missing (see PHOTO_FACTORY_SAMPLES)")
    return found
