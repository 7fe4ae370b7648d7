"""docs/DATES.md tells the same order as the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from photo_factory.shared.media import dates, exif, filename_dates, iptc, sidecars, video, xmp

DOC = (Path(__file__).parents[3] / "docs" / "DATES.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (0\.\d+) \| (.+?) \|", DOC, re.MULTILINE)

IN_CODE = [
    *((f"exif:{name}", confidence) for name, _, _, confidence in exif._DATES),
    *(
        (f"xmp:{name.partition(':')[2]}", inside)
        for name, inside, _ in xmp._DATES
        if "tiff" not in name
    ),
    *((f"sidecar:xmp`, `{name}", beside) for name, _, beside in xmp._DATES if beside > 0.5),
    *((source, confidence) for _, source, confidence in video._TEXT_DATES),
    *((source, confidence) for source, _, confidence in video._CREATION.values()),
    *((f"iptc:{name}", confidence) for _, _, name, confidence in iptc._PAIRS),
    ("sidecar:takeout", sidecars._TAKEOUT_DATE),
    ("filename`, with time", filename_dates.FULL),
    ("filename`, day only", filename_dates.DAY),
    ("filename`, eight", filename_dates.BARE_DAY),
    ("never set", dates.UNSET_CLOCK),
    ("mtime", dates.MTIME),
]


@pytest.mark.parametrize(("source", "confidence"), IN_CODE)
def test_it_names_every_source_with_its_confidence(source: str, confidence: float) -> None:
    named = [float(number) for number, text in ROWS if source in text]
    assert confidence in named
