"""Names of phones, messengers and screenshot tools carry dates; other digits do not."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from photo_factory.shared.media.filename_dates import date_in_name

MOMENT = datetime(2023, 12, 25, 12, 34, 56)


@pytest.mark.parametrize(
    "name",
    [
        "IMG_20231225_123456.jpg",
        "IMG_20231225_123456_1.jpg",
        "IMG_20231225_123456(2).jpg",
        "IMG_20231225_123456_HDR.jpg",
        "IMG-20231225-123456.jpg",
        "IMG20231225123456.jpg",
        "VID_20231225_123456.mp4",
        "VID20231225123456.mp4",
        "MVIMG_20231225_123456.jpg",
        "PANO_20231225_123456.jpg",
        "00000IMG_00000_BURST20231225123456_COVER.jpg",
        "20231225_123456.jpg",
        "20231225_123456(0).jpg",
        "20231225123456.jpg",
        "DJI_20231225123456_0001_D.MP4",
        "Screenshot_20231225-123456.png",
        "Screenshot_20231225-123456_Chrome.jpg",
        "Screenshot_2023-12-25-12-34-56-78_99c04817c0de5652397fc8b56c3b3817.jpg",
        "Screenshot_20231225_123456_com.app.jpg",
        "Screenshot 2023-12-25 at 12.34.56.png",
        "Screenshot 2023-12-25 at 12.34.56\u202fPM.png",
        "Screen Recording 2023-12-25 at 12.34.56.mov",
        "Screenshot from 2023-12-25 12-34-56.png",
        "WhatsApp Image 2023-12-25 at 12.34.56.jpeg",
        "WhatsApp Image 2023-12-25 at 12.34.56 (1).jpeg",
        "WhatsApp Video 2023-12-25 at 12.34.56.mp4",
        "signal-2023-12-25-123456.jpg",
        "signal-2023-12-25-12-34-56-789.jpg",
        "photo_2023-12-25_12-34-56.jpg",
        "2023-12-25 12.34.56.jpg",
        "2023-12-25T12:34:56.jpg",
        "2023-12-25_12-34-56.heic",
        "WP_20231225_12_34_56_Pro.jpg",
        "C360_2023-12-25-12-34-56-789.jpg",
    ],
)
def test_it_reads_the_second(name: str) -> None:
    clue = date_in_name(name)
    assert clue is not None
    assert (clue.value, clue.clock, clue.day_only) == (MOMENT, "local", False)


@pytest.mark.parametrize("name", ["PXL_20231225_123456789.jpg", "PXL_20231225_123456789.MP.jpg"])
def test_it_reads_pixel_names_in_utc(name: str) -> None:
    clue = date_in_name(name)
    assert clue is not None
    assert (clue.value, clue.clock) == (MOMENT.replace(microsecond=789000), "utc")


def test_it_reads_milliseconds_and_afternoon_hours() -> None:
    clue = date_in_name("IMG_20231225_123456789.jpg")
    assert clue is not None
    assert clue.value == MOMENT.replace(microsecond=789000)
    clue = date_in_name("WhatsApp Image 2023-12-25 at 3.34.56 PM.jpeg")
    assert clue is not None
    assert clue.value == MOMENT.replace(hour=15)
    clue = date_in_name("Screenshot 2023-12-25 at 12.34.56 AM.png")
    assert clue is not None
    assert clue.value == MOMENT.replace(hour=0)


@pytest.mark.parametrize("name", ["FB_IMG_1703507696123.jpg", "mmexport1703507696123.jpg"])
def test_it_reads_the_milliseconds_of_messengers(name: str) -> None:
    clue = date_in_name(name)
    assert clue is not None
    assert (clue.value, clue.clock) == (datetime(2023, 12, 25, 12, 34, 56, 123000), "utc")


@pytest.mark.parametrize(
    "name",
    [
        "IMG-20231225-WA0001.jpg",
        "VID-20231225-WA0012.mp4",
        "IMG_20231225.jpg",
        "2023-12-25.jpg",
        "2023-12-25 birthday.jpg",
        "Christmas 2023-12-25.jpg",
        "2023_12_25-1.jpg",
        "2023.12.25.jpg",
        "20231225.jpg",
    ],
)
def test_it_reads_the_day(name: str) -> None:
    clue = date_in_name(name)
    assert clue is not None
    assert (clue.value, clue.day_only) == (datetime(2023, 12, 25), True)


def test_it_is_unsure_of_eight_lonely_digits() -> None:
    clue = date_in_name("20231225.jpg")
    assert clue is not None
    assert clue.confidence < 0.5


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1234.jpg",
        "DSC_20231.jpg",
        "DSC20231225.jpg",
        "IMG_20231325_123456.jpg",
        "IMG_20230231_123456.jpg",
        "20231225_1234567890_o.jpg",
        "12345678_10150123456_987654_o.jpg",
        "120231225_123456.jpg",
        "IMG_20231225123456789012.jpg",
        "1703507696123.jpg",
        "received_2023122512345678.jpeg",
        "invoice 4711-2023-12-254.jpg",
        "3f2a2023-1225-4c5d-8e9f-20231225abcd.jpg",
        "P1020304.jpg",
        "GOPR2020.MP4",
        "20231225_256199.jpg",
        "photo.jpg",
        "",
    ],
)
def test_it_finds_no_date_in_other_digits(name: str) -> None:
    assert date_in_name(name) is None


@given(
    st.text(alphabet="0123456789", max_size=30).filter(
        lambda digits: len(digits) not in {8, 14, 17}
    )
)
@example("2023122512345")
@example("120231225123456")
def test_it_finds_no_date_in_digits_of_another_length(digits: str) -> None:
    assert date_in_name(f"{digits}.jpg") is None
    assert date_in_name(f"DSC_{digits}.jpg") is None


@given(st.text(max_size=60))
def test_it_never_raises(name: str) -> None:
    clue = date_in_name(name)
    if clue is not None:
        assert re.search(r"\d{4}", name)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2099, 12, 31)))
def test_it_reads_back_what_a_phone_writes(moment: datetime) -> None:
    clue = date_in_name(moment.strftime("IMG_%Y%m%d_%H%M%S.jpg"))
    assert clue is not None
    assert clue.value == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    ("name", "clock", "offset"),
    [
        ("20231225T123456Z.jpg", "utc", None),
        ("2023-12-25T123456Z.jpg", "utc", None),
        ("2023-12-25T12:34:56+02:00.jpg", "local", "+02:00"),
        ("20231225T123456-0001.jpg", "local", None),  # the first of a burst
        ("IMG_20231225_123456Z.jpg", "local", None),
    ],
)
def test_it_heeds_the_zone_an_iso_name_ends_in(name: str, clock: str, offset: str | None) -> None:
    clue = date_in_name(name)
    assert clue
    assert (clue.value, clue.clock, clue.offset) == (
        datetime(2023, 12, 25, 12, 34, 56), clock, offset,
    )  # fmt: skip


def test_it_takes_no_number_behind_any_word_for_a_date() -> None:
    assert date_in_name("acct19991231120000.jpg") is None
