"""Dates as cameras and programs write them."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photo_factory.shared.media.date_text import ParsedDate, offset_delta, parse_date, parse_offset

MOMENT = datetime(2023, 12, 25, 12, 34, 56)


@pytest.mark.parametrize(
    ("text", "value", "offset"),
    [
        ("2023:12:25 12:34:56", MOMENT, None),
        ("2023:12:25 12:34:56Z", MOMENT, "+00:00"),
        ("2023:12:25 12:34:56.25+03:00", MOMENT.replace(microsecond=250000), "+03:00"),
        ("2023-12-25T12:34:56", MOMENT, None),
        ("2023-12-25T12:34:56-0330", MOMENT, "-03:30"),
        ("2023-12-25T12:34:56.123456789Z", MOMENT.replace(microsecond=123456), "+00:00"),
        ("2023-12-25 12:34", MOMENT.replace(second=0), None),
        ("2023:12:25  1:04:06", datetime(2023, 12, 25, 1, 4, 6), None),
        ("2023/12/25 12:34:56", MOMENT, None),
    ],
)
def test_it_reads_a_moment(text: str, value: datetime, offset: str | None) -> None:
    assert parse_date(text) == ParsedDate(value, offset, False)


def test_it_reads_a_day() -> None:
    assert parse_date("2023:12:25") == ParsedDate(datetime(2023, 12, 25), None, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0000:00:00 00:00:00", "zero date"),
        ("    :  :     :  :  ", "empty"),
        ("", "empty"),
        ("2023:02:30 12:00:00", "impossible date"),
        ("2023:13:01 12:00:00", "impossible date"),
        ("2023:12:25 25:00:00", "impossible date"),
        ("2020", "only a year"),
        ("2020-05", "only a month"),
        ("yesterday", "not a date"),
        ("2023:12:255", "not a date"),
    ],
)
def test_it_says_why_a_text_is_no_date(text: str, reason: str) -> None:
    assert parse_date(text) == reason


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("+03:00", "+03:00"),
        ("-0330", "-03:30"),
        ("+3", "+03:00"),
        ("Z", "+00:00"),
        ("+15:00", None),
        ("+01:75", None),
        ("", None),
        ("east", None),
    ],
)
def test_it_reads_offsets(text: str, offset: str | None) -> None:
    assert parse_offset(text) == offset


@given(st.text(max_size=40) | st.from_regex(r"[0-9:\- TZ+.]{0,40}"))
def test_it_never_raises(text: str) -> None:
    assert isinstance(parse_date(text), ParsedDate | str)


@given(st.integers(-14 * 60, 14 * 60))
def test_it_reads_back_every_offset(minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    text = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert parse_offset(text) == text
    assert offset_delta(text).total_seconds() == minutes * 60
