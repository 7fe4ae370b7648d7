"""The views and the queries of docs/SQL_REPORTING.md give the right answers on both databases."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import Arrival, MediaAsset
from tests.shared.ledger.rows import an_arrival, an_asset

PAGE = Path(__file__).parents[3] / "docs" / "SQL_REPORTING.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
BERLIN = {"lat": 52.52, "lon": 13.4, "alt": None}
GROUP = uuid.UUID("12345678123456781234567812345678")


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _path(name: str) -> str:
    return f"Storage/Originals/{name}"


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Two photos and a video of one day, one older photo, a sidecar, and how each arrived."""
    one = an_asset(
        final_path=_path("one.jpg"), captured_at=_day("2024-05-01T10:00"), location=BERLIN,
        camera_make="Google", camera_model="Pixel 7", is_ingested=True, is_thumbnailed=True,
        size_bytes=3_000_000_000,
    )  # fmt: skip
    live = an_asset(
        final_path=_path("live.heic"), captured_at=_day("2024-05-01T11:00"), group_id=GROUP,
        camera_make="Apple", camera_model="iPhone 15", is_ingested=True, source_device="iphone",
        ingested_at=datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    video = {**live, **an_asset(
        final_path=_path("live.mov"), media_type="video", group_id=GROUP, source_device="iphone",
        captured_at=_day("2024-05-01T11:00"), ingested_at=datetime(2026, 10, 1, tzinfo=UTC),
        location={"lat": 1.0, "lon": 2.0, "alt": 3.0},
    )}  # fmt: skip
    scan = an_asset(
        final_path=_path("scan.png"), captured_at=_day("1989-11-09T23:59:59.999999"),
        captured_at_source="folder", captured_at_confidence=0.2, is_ingested=True,
        has_errors=True, error_message="thumbnail: scan.png: truncated",
    )  # fmt: skip
    sidecar = an_asset(
        final_path=_path("live.aae"), media_type="sidecar", is_ingested=True,
        captured_at_confidence=0.1, group_id=GROUP, source_device="iphone",
    )  # fmt: skip
    assets = [{"location": None, "camera_make": None, "camera_model": None, "group_id": None,
               "has_errors": False, "error_message": None, "is_thumbnailed": False,
               **row} for row in (one, live, video, scan, sidecar)]  # fmt: skip
    filed = [an_arrival(state="filed", asset_id=row["id"], reason=None) for row in assets]
    others = [
        an_arrival(state="duplicate", asset_id=one["id"], reason=None, path="old-phone/a.jpg"),
        an_arrival(state="duplicate", asset_id=one["id"], reason=None, size_bytes=500),
        an_arrival(state="ignored", asset_id=None, reason="debris", path="x/.DS_Store"),
        an_arrival(state="held", asset_id=None, reason="still changing", path="x/a.mp4"),
        an_arrival(state="failed", asset_id=None, reason="unreadable", path="x/b.jpg"),
        an_arrival(state="failed", asset_id=None, reason=None, path="x/c.jpg"),
    ]
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), assets)
        connection.execute(insert(Arrival), [*filed, *others])
    return engine


def _ask(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with database.reading(engine) as connection:
        return [tuple(map(_plain, row)) for row in connection.exec_driver_sql(query)]


def _plain(value: Any) -> Any:
    """Numbers and times as both drivers could have given them."""
    if isinstance(value, Decimal):
        return float(value)
    return value if value is None or isinstance(value, int | float) else str(value)


def test_it_has_ten_queries() -> None:
    assert len(QUERIES) == 10


@pytest.mark.parametrize("number", range(1, 11))
def test_it_answers_each_query_of_the_page(filled: Engine, number: int) -> None:
    assert _ask(filled, QUERIES[number - 1]), "a query that finds nothing proves nothing"


@pytest.mark.parametrize("number", range(1, 11))
def test_it_answers_each_query_of_an_empty_ledger(engine: Engine, number: int) -> None:
    _ask(engine, QUERIES[number - 1])


def test_it_counts_by_year_without_sidecars(filled: Engine) -> None:
    assert _ask(filled, QUERIES[0]) == [("1989", 1, 0, 0.0), ("2024", 2, 1, 3.0)]


def test_it_counts_by_day(filled: Engine) -> None:
    assert _ask(filled, QUERIES[1]) == [("2024-05-01", 3), ("1989-11-09", 1)]


def test_it_names_cameras(filled: Engine) -> None:
    rows = [row[:2] for row in _ask(filled, QUERIES[2])]
    assert rows == [("iPhone 15", 2), ("Pixel 7", 1), ("unknown", 1)]


def test_it_counts_by_device(filled: Engine) -> None:
    rows = _ask(filled, "SELECT source_device, assets FROM v_by_device ORDER BY source_device")
    assert rows == [("iphone", 3), ("pixel-7", 2)]


def test_it_lists_dates_that_are_guesses(filled: Engine) -> None:
    assert [row[0] for row in _ask(filled, QUERIES[4])] == [_path("scan.png")]


def test_it_tells_how_far_the_flags_are(filled: Engine) -> None:
    rows = {row[0]: row[1:5] for row in _ask(filled, QUERIES[5])}
    assert rows == {
        "is_ingested": (5, 0, 0, 0),
        "is_geocoded": (0, 2, 0, 3),
        "is_thumbnailed": (1, 3, 0, 1),
        "is_face_scanned": (0, 3, 0, 2),
        "is_curated": (0, 4, 0, 1),
        "is_backed_up": (0, 5, 0, 0),
    }


def test_it_accounts_for_every_arrival(filled: Engine) -> None:
    rows = {state: (count, lost) for state, count, _, lost in _ask(filled, QUERIES[6])}
    assert rows == {
        "filed": (5, 0),
        "duplicate": (2, 0),
        "ignored": (1, 0),
        "held": (1, 0),
        "failed": (2, 1),
        "total": (11, 1),
    }


def test_it_accounts_for_nothing_in_an_empty_ledger(engine: Engine) -> None:
    assert {row[1:] for row in _ask(engine, QUERIES[6])} == {(0, 0, 0)}


def test_it_lists_what_is_still_in_the_inbox(filled: Engine) -> None:
    rows = {row[0]: row[1] for row in _ask(filled, QUERIES[7])}
    assert rows == {"still changing": 1, "unreadable": 1, None: 1}


def test_it_says_what_duplicates_saved(filled: Engine) -> None:
    assert _ask(filled, QUERIES[8]) == [(_path("one.jpg"), 2, 1500)]


def test_it_finds_what_was_taken_near_a_place(filled: Engine) -> None:
    assert [row[0] for row in _ask(filled, QUERIES[9])] == [_path("one.jpg")]


def test_it_lists_what_a_service_gave_up_on(filled: Engine) -> None:
    rows = _ask(filled, "SELECT final_path, error_message FROM v_errors")
    assert rows == [(_path("scan.png"), "thumbnail: scan.png: truncated")]


def test_it_counts_what_belongs_together(filled: Engine) -> None:
    asked = "SELECT members, images, videos, sidecars, size_bytes FROM v_groups"
    assert _ask(filled, asked) == [(3, 1, 1, 1, 3000)]
