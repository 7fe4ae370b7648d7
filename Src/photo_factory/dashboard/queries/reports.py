"""The reports: the views of the ledger as tables, and questions to begin with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from photo_factory.dashboard.queries.box_limits import LIMITS
from photo_factory.dashboard.queries.frames import framed
from photo_factory.shared.ledger.database import away, reading

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Report:
    """A view, what it tells, and its order."""

    view: str
    title: str
    about: str
    order: str = ""


_PER_MONTH = """SELECT substr(CAST(day AS TEXT), 1, {length}) AS {name}, SUM(images) AS images,
  SUM(videos) AS videos, SUM(size_bytes) AS size_bytes
FROM v_photos_per_day GROUP BY substr(CAST(day AS TEXT), 1, {length}) ORDER BY {name}"""

SPANS = {
    "Year": _PER_MONTH.format(length=4, name="year"),
    "Month": _PER_MONTH.format(length=7, name="month"),
    "Day": "SELECT day, images, videos, size_bytes FROM v_photos_per_day ORDER BY day DESC",
}
"""How photos can be counted over time, and the question of each."""

CHARTS = {
    "v_by_camera": "camera_model",
    "v_by_device": "source_device",
    "v_by_place": "city",
    "v_by_person": "name",
}
"""Reports that are drawn as bars of assets, and what names a bar."""

TOLD = {
    "v_photos_per_day": "Over time",
    "v_by_camera": "By camera",
    "v_by_device": "By device",
    "v_by_place": "By place",
    "v_by_person": "By person",
    "v_pipeline": "Pipeline",
    "v_arrivals_account": "Arrivals",
    "v_groups": "Groups",
    "v_duplicates": "Duplicates",
    "v_held": "Held files",
    "v_parked": "Parked",
    "v_errors": "Errors",
    "v_unsure_dates": "Unsure dates",
    "v_backup_coverage": "Backup coverage",
    "v_safe_to_delete": "Safe to delete",
}
"""What each view is called on the page; a view that is not here goes by its own name."""

_ORDERS = {
    "v_by_camera": "assets DESC",
    "v_by_device": "assets DESC",
    "v_by_place": "assets DESC",
    "v_by_person": "assets DESC",
    "v_duplicates": "settled_at DESC",
    "v_unsure_dates": "captured_at_confidence",
}


@cache
def reports() -> list[Report]:
    """Every view of reporting.sql, with the words that stand above it there."""
    script = resources.files("photo_factory.shared.ledger").joinpath("reporting.sql")
    found = re.findall(r"((?:^--.*\n)+)CREATE VIEW (\w+)", script.read_text("utf-8"), re.MULTILINE)
    told = {
        view: Report(view, TOLD.get(view, view), _words(about), _ORDERS.get(view, ""))
        for about, view in found
    }
    first = [told.pop(view) for view in TOLD if view in told]
    return first + list(told.values())


def _words(comment: str) -> str:
    return " ".join(line.removeprefix("--").strip() for line in comment.strip().splitlines())


def table(engine: Engine, report: Report) -> pd.DataFrame:
    """A view as a table, at most 10,000 rows of it; LedgerAway."""
    order = f" ORDER BY {report.order}" if report.order else ""
    return answer(engine, f"SELECT * FROM {report.view}{order}")


def over_time(engine: Engine, span: str) -> pd.DataFrame:
    """Photos and videos per year, month or day; LedgerAway."""
    return answer(engine, SPANS[span])


def answer(engine: Engine, query: str) -> pd.DataFrame:
    """What a question of our own gives; never one that somebody typed."""
    with away(), reading(engine) as connection:
        found = connection.execute(text(f"{query} LIMIT {LIMITS.rows}"))
        return framed(list(found.keys()), found.all())


QUESTIONS = {
    "Photos and videos of each year": """SELECT substr(CAST(day AS TEXT), 1, 4) AS year,
       SUM(images) AS images, SUM(videos) AS videos,
       ROUND(SUM(size_bytes) / 1e9, 1) AS gigabytes
FROM v_photos_per_day
GROUP BY substr(CAST(day AS TEXT), 1, 4)
ORDER BY year""",
    "The days we took most": """SELECT day, images + videos AS taken
FROM v_photos_per_day
ORDER BY taken DESC, day
LIMIT 10""",
    "Devices nothing came from for a while": """SELECT source_device, assets, last_ingested_at
FROM v_by_device
ORDER BY last_ingested_at""",
    "What is still in the inbox, and why": """SELECT reason, COUNT(*) AS files,
       MIN(first_seen_at) AS oldest
FROM v_held
GROUP BY reason
ORDER BY files DESC, reason""",
    "Copies that came, and the room that was saved": """SELECT kept_path, COUNT(*) AS copies,
       SUM(size_bytes) AS bytes_saved
FROM v_duplicates
GROUP BY kept_path
ORDER BY bytes_saved DESC, kept_path
LIMIT 20""",
}
"""Questions to begin with, of docs/SQL_REPORTING.md."""
