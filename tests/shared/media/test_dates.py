"""Which date wins, which are refused, and what is said about it."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photo_factory.shared.media import dates
from photo_factory.shared.media.clues import DateClue
from photo_factory.shared.media.facts import extract
from tests.shared.media import made

MTIME_IN_BERLIN = datetime(2025, 3, 4, 6, 6, 7)


def chosen(facts: Any) -> dict[str, Any]:
    (clue,) = [clue for clue in facts.evidence["dates"] if clue["chosen"]]
    return dict(clue)


def refused(facts: Any, source: str) -> str | None:
    (clue,) = [clue for clue in facts.evidence["dates"] if clue["source"] == source]
    return str(clue["rejected"])


def dated(tmp_path: Path, text: str, name: str = "a.jpg") -> Any:
    return made.facts_of(made.picture(tmp_path / name, exif=made.exif(text)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0000:00:00 00:00:00", "zero date"),
        ("1970:01:01 00:00:00", "1970-01-01 is the computer's zero"),
        ("1970:01:01 01:00:00", "1970-01-01 is the computer's zero"),
        ("1969:12:31 19:00:00", "1970-01-01 is the computer's zero"),
        ("1904:01:01 00:00:00", "1904-01-01 is QuickTime's zero"),
        ("2023:02:31 10:00:00", "impossible date"),
        ("2026:11:23 10:00:00", "in the future"),
        ("2099:01:01 10:00:00", "in the future"),
        ("0001:01:01 10:00:00", "before photography"),
        ("garbage", "not a date"),
    ],
)
def test_it_refuses_what_cannot_be_and_falls_back(tmp_path: Path, text: str, reason: str) -> None:
    facts = dated(tmp_path, text)
    assert (facts.captured_at, facts.captured_at_source) == (MTIME_IN_BERLIN, "mtime")
    assert facts.captured_at_confidence < 0.5
    assert (refused(facts, "exif:DateTimeOriginal") or "").startswith(reason)
    assert facts.errors == ()


def test_it_allows_tomorrow_because_of_time_zones(tmp_path: Path) -> None:
    assert dated(tmp_path, "2026:11:22 10:00:00").captured_at == datetime(2026, 11, 22, 10)


@pytest.mark.parametrize("text", ["2000:01:01 00:00:00", "1980:01:01 00:03:11"])
def test_it_takes_a_clock_that_was_never_set_only_for_want_of_better(
    tmp_path: Path, text: str
) -> None:
    facts = dated(tmp_path, text)
    assert facts.captured_at_source == "exif:DateTimeOriginal"
    assert facts.captured_at_confidence < 0.5
    assert "never set" in chosen(facts)["note"]
    assert dated(tmp_path, text, "IMG-20231225-WA0001.jpg").captured_at_source == "filename"


def test_it_uses_the_file_name_before_the_mtime(tmp_path: Path) -> None:
    facts = made.facts_of(made.picture(tmp_path / "PXL_20230725_103456789.jpg"))
    assert facts.captured_at == datetime(2023, 7, 25, 12, 34, 56, 789000)
    assert (facts.captured_utc_offset, facts.captured_at_source) == ("+02:00", "filename")


def test_it_uses_the_original_name_where_the_path_has_another(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "upload.jpg")
    facts = made.facts_of(path, name="IMG_20231225_123456.jpg")
    assert facts.captured_at == datetime(2023, 12, 25, 12, 34, 56)
    as_bytes = extract(os.fsencode(path), name="IMG_20231225_123456.jpg", policy=made.policy())
    assert as_bytes.captured_at == facts.captured_at


def test_it_gives_a_day_the_mtimes_time_when_it_is_of_that_day(tmp_path: Path) -> None:
    facts = made.facts_of(made.picture(tmp_path / "IMG-20250304-WA0001.jpg"))
    assert facts.captured_at == MTIME_IN_BERLIN
    assert "mtime" in chosen(facts)["note"]


def test_it_gives_a_day_noon_otherwise(tmp_path: Path) -> None:
    facts = made.facts_of(made.picture(tmp_path / "IMG-20231225-WA0001.jpg"))
    assert facts.captured_at == datetime(2023, 12, 25, 12)
    assert facts.captured_utc_offset is None
    assert "noon" in chosen(facts)["note"]


def test_it_shows_the_mtime_in_the_zone_of_the_household(tmp_path: Path) -> None:
    facts = made.facts_of(made.picture(tmp_path / "a.jpg"), policy=made.policy("Asia/Tokyo"))
    assert (facts.captured_at, facts.captured_utc_offset) == (
        datetime(2025, 3, 4, 14, 6, 7),
        "+09:00",
    )


def test_it_survives_an_mtime_beyond_all_calendars(tmp_path: Path) -> None:
    path = made.picture(tmp_path / "a.jpg")
    os.utime(path, (1e10, 1e10))
    facts = extract(str(path), policy=made.policy())
    assert facts.captured_at_source == "mtime"


def test_it_lends_the_offset_of_a_date_that_tells_the_same_second(tmp_path: Path) -> None:
    packet = made.xmp(exif_DateTimeOriginal="2023-12-25T12:34:56+05:30")
    facts = made.facts_of(made.picture(tmp_path / "a.jpg", exif=made.exif(), xmp=packet))
    assert facts.captured_at_source == "exif:DateTimeOriginal"
    assert facts.captured_utc_offset == "+05:30"
    assert "xmp:DateTimeOriginal" in chosen(facts)["note"]


@given(
    st.lists(
        st.tuples(
            st.none() | st.datetimes(),
            st.floats(0, 1),
            st.sampled_from(["local", "utc"]),
            st.booleans(),
        ),
        max_size=5,
    )
)
def test_it_always_finds_an_answer(claims: list[tuple[Any, float, str, bool]]) -> None:
    clues = [
        DateClue("any", confidence, "", value, clock=clock, day_only=day)
        for value, confidence, clock, day in claims
    ]
    written = datetime(2025, 3, 4, 5, 6, 7)
    context = dates.Context(made.policy(), written, None, "")
    best = dates.choose([*clues, dates.mtime_clue(written)], context)
    assert best.value is not None
    assert best.rejected is None
    json.dumps([clue.as_json(chosen=clue is best) for clue in clues])
