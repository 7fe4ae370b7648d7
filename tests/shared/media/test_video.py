"""Films: their clock, their place, their size."""

from __future__ import annotations

import struct
from datetime import datetime
from pathlib import Path

import pytest

from photo_factory.shared.media import mdpm
from tests.shared.media import made

UTC_TEXT = "2023-07-25T10:34:56.000000Z"
IN_UTC, IN_BERLIN = datetime(2023, 7, 25, 10, 34, 56), datetime(2023, 7, 25, 12, 34, 56)


def test_it_reads_quicktime_with_place_camera_and_identifier(tmp_path: Path) -> None:
    path = made.film(
        tmp_path / "IMG_1.mov",
        creation_time=UTC_TEXT,
        com__apple__quicktime__creationdate="2023-07-25T06:34:50-0400",
        com__apple__quicktime__location__ISO6709="+40.7000-074.0000+010.500/",
        com__apple__quicktime__make="Apple",
        com__apple__quicktime__model="iPhone 6",
        com__apple__quicktime__content__identifier="ABC-1",
    )
    facts = made.facts_of(path)
    assert facts.captured_at == datetime(2023, 7, 25, 6, 34, 50)
    assert (facts.captured_utc_offset, facts.captured_at_source) == (
        "-04:00",
        "quicktime:creationdate",
    )
    assert facts.location == {"lat": 40.7, "lon": -74.0, "alt": 10.5}
    assert (facts.camera_make, facts.camera_model) == ("Apple", "iPhone 6")
    assert facts.content_identifier == "ABC-1"
    assert (facts.width, facts.height, facts.duration_s) == (64, 48, 0.5)
    assert facts.errors == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v", ".3gp", ".mkv", ".webm"])
def test_it_turns_the_containers_utc_to_the_households_clock(tmp_path: Path, suffix: str) -> None:
    kind = {".m4v": "mp4"}.get(suffix)
    codec = "libvpx" if suffix == ".webm" else "mpeg4"
    path = made.film(tmp_path / f"a{suffix}", kind=kind, codec=codec, creation_time=UTC_TEXT)
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.captured_utc_offset) == (IN_BERLIN, "+02:00")
    assert (facts.width, facts.height) == (64, 48)
    assert facts.errors == ()


def test_it_turns_utc_to_the_clock_of_the_place(tmp_path: Path) -> None:
    path = made.film(tmp_path / "a.mp4", creation_time=UTC_TEXT, location="+35.68+139.69/")
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.captured_utc_offset) == (
        datetime(2023, 7, 25, 19, 34, 56),
        "+09:00",
    )
    (chosen,) = [clue for clue in facts.evidence["dates"] if clue["chosen"]]
    assert "Asia/Tokyo" in chosen["note"]


@pytest.mark.parametrize(
    ("name", "expected", "offset"),
    [
        ("VID_20230725_193456.mp4", datetime(2023, 7, 25, 19, 34, 56), "+09:00"),
        ("VID_20230725_193455.mp4", datetime(2023, 7, 25, 19, 34, 56), "+09:00"),
        ("VID_20230725_103456.mp4", IN_UTC, None),  # the camera writes local time
        ("VID_20230725_194156.mp4", IN_BERLIN, "+02:00"),  # no zone: another moment
        ("VID_20230727_103456.mp4", IN_BERLIN, "+02:00"),
        ("VID-20230725-WA0001.mp4", IN_BERLIN, "+02:00"),
        ("PXL_20230725_103456789.mp4", IN_BERLIN, "+02:00"),
    ],
)
def test_it_learns_the_zone_from_a_name_in_local_time(
    tmp_path: Path, name: str, expected: datetime, offset: str | None
) -> None:
    facts = made.facts_of(made.film(tmp_path / name, creation_time=UTC_TEXT))
    assert (facts.captured_at, facts.captured_utc_offset) == (expected, offset)
    assert facts.captured_at_source == "quicktime:mvhd"


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("local", (IN_UTC, None)),
        ("utc", (IN_BERLIN, "+02:00")),
        ("America/New_York", (datetime(2023, 7, 25, 16, 34, 56), "+02:00")),
        ("+05:00", (datetime(2023, 7, 25, 7, 34, 56), "+02:00")),
    ],
)
@pytest.mark.parametrize("camera", ["Cam_One", "ACME_cam_one"])
def test_it_reads_a_cameras_clock_as_the_settings_say(
    tmp_path: Path, camera: str, clock: str, expected: tuple[datetime, str | None]
) -> None:
    path = made.film(tmp_path / "a.mp4", creation_time=UTC_TEXT, make="Acme", model="CAM One")
    facts = made.facts_of(path, policy=made.policy(**{camera: clock}))
    assert (facts.captured_at, facts.captured_utc_offset) == expected


def test_it_says_so_when_the_settings_name_no_zone(tmp_path: Path) -> None:
    path = made.film(tmp_path / "a.mp4", creation_time=UTC_TEXT, model="One")
    facts = made.facts_of(path, policy=made.policy(One="Mars/Olympus"))
    assert facts.captured_at == IN_BERLIN
    (chosen,) = [clue for clue in facts.evidence["dates"] if clue["chosen"]]
    assert "Mars/Olympus" in chosen["note"]


def test_it_falls_back_where_the_clock_is_zero(tmp_path: Path) -> None:
    facts = made.facts_of(made.film(tmp_path / "VID_20230725_123456.mp4"))
    assert (facts.captured_at, facts.captured_at_source) == (IN_BERLIN, "filename")


def test_it_reads_avi_as_local_time(tmp_path: Path) -> None:
    path = made.film(tmp_path / "a.avi", date="2023-07-25 12:34:56")
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.captured_utc_offset) == (IN_BERLIN, None)


def test_it_swaps_the_sides_of_a_turned_film(tmp_path: Path) -> None:
    path = made.film(tmp_path / "a.mp4")
    data = path.read_bytes()
    upright = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    at = data.index(upright, data.index(b"tkhd"))
    turned = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    path.write_bytes(data[:at] + turned + data[at + 36 :])
    facts = made.facts_of(path)
    assert (facts.width, facts.height) == (48, 64)


def test_it_dates_a_damaged_film_by_what_can_be_read(tmp_path: Path) -> None:
    path = made.film(tmp_path / "VID_20230725_123456.mp4", creation_time=UTC_TEXT)
    path.write_bytes(path.read_bytes()[:400])
    facts = made.facts_of(path)
    assert facts.captured_at == IN_BERLIN
    assert facts.errors


def test_it_tells_of_an_avi_that_was_cut_off(tmp_path: Path) -> None:
    path = made.film(tmp_path / "a.avi", date="2023-07-25 12:34:56")
    path.write_bytes(path.read_bytes()[:-100])
    facts = made.facts_of(path)
    assert facts.captured_at == IN_BERLIN
    assert facts.errors == ("AVI: cut off, 100 bytes are missing",)


@pytest.mark.parametrize("suffix", [".mts", ".m2ts"])
def test_it_reads_the_hidden_date_of_camcorders(tmp_path: Path, suffix: str) -> None:
    path = made.film(tmp_path / f"a{suffix}", kind="mpegts", codec="mpeg2video")
    assert made.facts_of(path).captured_at_source == "mtime"
    entries = b"MDPM\x02\x18\x04\x20\x23\x07\x19\x25\x12\x34\x56"
    path.write_bytes(path.read_bytes() + b"G\x1f\xff\x10" + entries.ljust(184, b"\xff"))
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.captured_utc_offset) == (IN_BERLIN, "+02:00")
    assert (facts.captured_at_source, facts.width) == ("avchd:MDPM", 64)


@pytest.mark.parametrize(
    "data", [b"", b"MDPM", b"MDPM\x02\x18\x04", b"MDPM\x02" + b"\x18\xff\xff\xff\xff\x19" * 3]
)
def test_it_finds_no_hidden_date_in_rubbish(data: bytes) -> None:
    assert mdpm.recorded_at(data) is None
