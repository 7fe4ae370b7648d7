"""Sizes as people read them."""

from __future__ import annotations

import pytest

from photo_factory.shared.sizes import bytes_text


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (1_234_567, "1.2 MB"),
        (57_300_000_000, "57.3 GB"), (270_600_000_000, "271 GB"), (18e12, "18.0 TB"),
    ],
)  # fmt: skip
def test_a_size_is_told_as_on_the_label_of_a_disk(number: float, told: str) -> None:
    assert bytes_text(number) == told
