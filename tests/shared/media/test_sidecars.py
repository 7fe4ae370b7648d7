"""Sidecars: a person's edit in XMP, Google's memory in JSON."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.shared.media import made

WHEN = datetime(2023, 12, 25, 12, 34, 56)
TIMESTAMP = "1703507696"  # 2023-12-25 12:34:56 UTC


def takeout(path: Path, lat: float = 0.0, lon: float = 0.0, timestamp: str = TIMESTAMP) -> str:
    place = {"latitude": lat, "longitude": lon, "altitude": 0.0}
    content = {"title": "a.jpg", "photoTakenTime": {"timestamp": timestamp}, "geoData": place}
    path.write_text(json.dumps(content))
    return str(path)


def xmp(path: Path, **properties: str) -> str:
    path.write_bytes(made.xmp(**properties))
    return str(path)


def test_it_prefers_a_persons_edit_to_the_cameras_clock(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "a.jpg", exif=made.exif("2020:01:02 03:04:05"))
    beside = xmp(
        tmp_path / "a.jpg.xmp",
        exif_DateTimeOriginal="2023-12-25T12:34:56+01:00",
        exif_GPSLatitude="33,30.0S",
        exif_GPSLongitude="70,15.0W",
    )
    facts = made.facts_of(path, sidecars=[beside])
    assert (facts.captured_at, facts.captured_utc_offset) == (WHEN, "+01:00")
    assert facts.captured_at_source == facts.location_source == "sidecar:xmp"
    assert facts.location == {"lat": -33.5, "lon": -70.25}


def test_it_prefers_the_original_to_a_sidecars_creation_date(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "a.jpg", exif=made.exif())
    beside = xmp(tmp_path / "a.xmp", xmp_CreateDate="2024-01-01T00:00:01")
    assert made.facts_of(path, sidecars=[beside]).captured_at_source == "exif:DateTimeOriginal"


def test_it_reads_takeout_in_the_zone_of_the_household(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "IMG_20200101_101010.jpg")
    facts = made.facts_of(path, sidecars=[takeout(tmp_path / "a.jpg.json")])
    assert facts.captured_at == datetime(2023, 12, 25, 13, 34, 56)
    assert (facts.captured_utc_offset, facts.captured_at_source) == ("+01:00", "sidecar:takeout")
    assert facts.location is None


def test_it_reads_takeout_in_the_zone_of_its_place(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "a.jpg")
    beside = takeout(tmp_path / "a.jpg.json", -33.45, -70.66)
    facts = made.facts_of(path, sidecars=[beside.encode()])
    assert (facts.captured_at, facts.captured_utc_offset) == (
        datetime(2023, 12, 25, 9, 34, 56),
        "-03:00",
    )
    assert (facts.location, facts.location_source) == (
        {"lat": -33.45, "lon": -70.66},
        "sidecar:takeout",
    )


def test_it_believes_exif_before_takeout(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "a.jpg", exif=made.exif("2020:01:02 03:04:05"))
    facts = made.facts_of(path, sidecars=[takeout(tmp_path / "a.jpg.json")])
    assert facts.captured_at_source == "exif:DateTimeOriginal"


@pytest.mark.parametrize("timestamp", ["0", "-9999999999999", "x", "99999999999999999999"])
def test_it_refuses_impossible_timestamps(tmp_path: Path, timestamp: str) -> None:
    path = made.picture(tmp_path / "a.jpg")
    beside = takeout(tmp_path / "a.jpg.json", timestamp=timestamp)
    assert made.facts_of(path, sidecars=[beside]).captured_at_source == "mtime"


def test_it_reads_utf_16(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "a.jpg")
    beside = tmp_path / "a.xmp"
    text = made.xmp(photoshop_DateCreated="2023-12-25T12:34:56").decode()
    beside.write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    assert made.facts_of(path, sidecars=[str(beside)]).captured_at == WHEN


def test_it_dates_a_sidecar_that_came_alone(tmp_path: Path) -> None:
    beside = Path(xmp(tmp_path / "a.xmp", photoshop_DateCreated="2023-12-25T12:34:56"))
    facts = made.facts_of(beside)
    assert (facts.kind.media_type, facts.captured_at) == ("sidecar", WHEN)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>"""


@pytest.mark.parametrize(
    "content", [BOMB, b"<x:xmpmeta", b"", b"\0" * 100, b"{]", b"[" * 100_000], ids=range(6)
)
@pytest.mark.parametrize("name", ["a.jpg.xmp", "a.jpg.json"])
def test_it_files_the_photo_whatever_its_sidecar_holds(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = made.picture(tmp_path / "a.jpg", exif=made.exif())
    (tmp_path / name).write_bytes(content)
    assert made.facts_of(path, sidecars=[str(tmp_path / name)]).captured_at == WHEN


def test_it_tells_of_a_dangerous_or_missing_sidecar(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "a.jpg", exif=made.exif())
    (tmp_path / "a.xmp").write_bytes(BOMB)
    facts: Any = made.facts_of(path, sidecars=[str(tmp_path / "a.xmp"), str(tmp_path / "no.xmp")])
    assert "a.xmp: EntitiesForbidden" in facts.errors[0]
    assert "no.xmp: FileNotFoundError" in facts.errors[1]
