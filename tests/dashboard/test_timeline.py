"""How much was taken on each day, on both databases."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from photo_factory.dashboard.queries.timeline import Year, bounds, gaps, years
from tests.dashboard.ledgers import photos, taken


def test_it_counts_days_and_keeps_empty_years(engine: Engine) -> None:
    photos(
        engine,
        *taken("2024-05-01T00:00", "2024-05-01T23:59:59", "2024-12-31", "2022-01-01"),
        *taken("2024-05-01", media_type="video"),
        *taken("2030-01-01", media_type="sidecar"),
    )
    newest, empty, oldest = years(engine)
    assert (newest.year, newest.images, newest.videos, newest.total) == (2024, 3, 1, 4)
    assert newest.days == {date(2024, 5, 1): 3, date(2024, 12, 31): 1}
    assert newest.months() == {5: 3, 12: 1}
    assert (empty.year, empty.total) == (2023, 0)
    assert oldest.days == {date(2022, 1, 1): 1}


def test_it_has_no_years_without_photos(engine: Engine) -> None:
    assert years(engine) == ()


def a_year(*days: date) -> Year:
    return Year(2024, len(days), 0, dict.fromkeys(days, 1))


def test_it_sees_gaps_of_two_weeks() -> None:
    year = a_year(date(2024, 1, 14), date(2024, 1, 29), date(2024, 2, 11))
    assert gaps(year, date(2024, 2, 25)) == [
        (date(2024, 1, 15), date(2024, 1, 28)), (date(2024, 2, 12), date(2024, 2, 25)),
    ]  # fmt: skip


def test_it_does_not_call_the_days_to_come_a_gap() -> None:
    assert gaps(a_year(date(2024, 1, 5)), date(2024, 1, 10)) == []


def test_it_shades_by_quarters_that_differ() -> None:
    few = Year(2024, 8, 0, {date(2024, 1, day): 1 for day in range(1, 9)})
    assert bounds([few]) == (1, 2, 3)
    many = Year(2024, 0, 0, {date(2024, 1, day): day * 10 for day in range(1, 9)})
    assert bounds([many]) == (30, 50, 70)
