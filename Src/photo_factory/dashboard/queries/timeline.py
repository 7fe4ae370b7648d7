"""How much was taken on each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import Engine, text

from photo_factory.shared.ledger.database import away, reading


@dataclass(frozen=True)
class Year:
    """One year: how many photos and videos, and how many on which day."""

    year: int
    images: int
    videos: int
    days: dict[date, int]

    @property
    def total(self) -> int:
        """Photos and videos."""
        return self.images + self.videos

    def months(self) -> dict[int, int]:
        """How many in each month that has any."""
        found: dict[int, int] = {}
        for day, number in self.days.items():
            found[day.month] = found.get(day.month, 0) + number
        return found


def years(engine: Engine) -> tuple[Year, ...]:
    """Every year from the first to the last with photos, the newest first; also empty ones."""
    query = text("SELECT day, images, videos FROM v_photos_per_day ORDER BY day")
    with away(), reading(engine) as connection:
        # SQLite tells a day as text, PostgreSQL as a date.
        rows = [(date.fromisoformat(str(row.day)), row.images, row.videos)
                for row in connection.execute(query)]  # fmt: skip
    if not rows:
        return ()
    first, last = rows[0][0].year, rows[-1][0].year
    return tuple(_year(number, rows) for number in range(last, first - 1, -1))


def _year(number: int, rows: Sequence[tuple[date, int, int]]) -> Year:
    own = [row for row in rows if row[0].year == number]
    images, videos = sum(row[1] for row in own), sum(row[2] for row in own)
    return Year(number, images, videos, {day: of + films for day, of, films in own})


def bounds(found: Sequence[Year]) -> tuple[int, int, int]:
    """Above which numbers a day is shown deeper: the quarters of the days that have any."""
    numbers = sorted(number for year in found for number in year.days.values())
    if not numbers:
        return 1, 2, 3
    quarters = [numbers[len(numbers) * part // 4] for part in (1, 2, 3)]
    second = max(quarters[1], quarters[0] + 1)
    return quarters[0], second, max(quarters[2], second + 1)


def gaps(year: Year, until: date, least: int = 14) -> list[tuple[date, date]]:
    """The stretches of at least so many days of a year, up to a day, of which there is nothing."""
    end = min(date(year.year, 12, 31), until)
    has = [day for day in sorted(year.days) if day <= end]
    edges = [date(year.year, 1, 1) - timedelta(1), *has, end + timedelta(1)]
    between = [(one + timedelta(1), two - timedelta(1)) for one, two in pairwise(edges)]
    return [(one, two) for one, two in between if (two - one).days + 1 >= least]
