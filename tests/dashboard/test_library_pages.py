"""The pages of the library, the map and the timeline, without a browser."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from streamlit.testing.v1 import AppTest

from photo_factory.dashboard.actions import NotAllowed
from photo_factory.dashboard.actions.library import correct, redo_thumbnails, shift
from photo_factory.dashboard.context import Context
from photo_factory.shared.action_log import Actor
from photo_factory.shared.ledger.models import Action, Correction, MediaAsset
from tests.dashboard.conftest import OpenPage, text_of
from tests.dashboard.ledgers import NOW, park, person, photos, place, taken
from tests.factory import Factory

ANNA = Actor("anna", "owner")
PIXEL = {"camera_make": "Google", "camera_model": "Pixel 7"}
EVIDENCE = {
    "dates": [
        {"value": "2024-05-01T10:00:00", "offset": "+02:00", "source": "exif:DateTimeOriginal",
         "confidence": 0.95, "chosen": True, "rejected": None},
        {"value": "1970-01-01T00:00:00", "offset": None, "source": "exif:DateTime",
         "confidence": 0.6, "chosen": False, "rejected": "zero date"},
    ],
    "locations": [], "notes": [],
}  # fmt: skip


@pytest.fixture
def filled(factory: Factory) -> list[uuid.UUID]:
    """Three photos: in Frankfurt with a thumbnail, parked, and without anything."""
    engine = factory.engine
    here = place(engine, "Frankfurt")
    ids = photos(
        engine,
        {**PIXEL, "captured_at": datetime(2024, 5, 1, 10), "place_id": here, "is_geocoded": True,
         "is_thumbnailed": True, "location": {"lat": 50.11, "lon": 8.682}, "evidence": EVIDENCE,
         "captured_at_source": "exif:DateTimeOriginal",
         "width": 4000, "height": 3000, "mime_type": "image/jpeg",
         "original_name": "![x](http://evil.example/x.png).jpg"},
        {"captured_at": datetime(2024, 4, 1), "camera_make": "<b>*Evil*"},
        *taken("2019-01-01", media_type="video", duration_s=75.2),
    )  # fmt: skip
    park(engine, ids[1])
    person(engine, "Anna", ids[0])
    return ids


def parts(page: AppTest) -> list[dict[str, Any]]:
    """What the components were given to draw."""
    found = []
    for block in page.main, page.sidebar:
        for element in _walk(block):
            proto = getattr(element, "proto", None)
            if getattr(proto, "component_name", ""):
                found.append(json.loads(proto.json or "{}"))
    return found


def _walk(block: Any) -> Any:
    for child in getattr(block, "children", {}).values():
        yield child
        yield from _walk(child)


def opened(page: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


@pytest.mark.parametrize(
    ("name", "says"),
    [("library", "No photos yet"), ("map", "No photo with a position"), ("timeline", "No photos")],
)
def test_an_empty_page_says_what_to_do(
    factory: Factory, open_page: OpenPage, name: str, says: str
) -> None:
    assert factory.assets() == []
    page = open_page(name)
    assert not page.exception
    assert says in text_of(page)


@pytest.mark.parametrize("name", ["library", "map", "timeline"])
def test_a_page_says_that_the_ledger_is_away(open_page: OpenPage, name: str) -> None:
    page = open_page(name, DATABASE_URL="postgresql://photo@127.0.0.1:9/photo")
    assert not page.exception
    assert "cannot be shown since" in text_of(page)


def test_it_shows_tiles_by_day(filled: list[uuid.UUID], open_page: OpenPage) -> None:
    page = open_page("library")
    assert not page.exception
    assert "3 photos and videos" in text_of(page)
    (gallery,) = [part for part in parts(page) if "sections" in part]
    days = [(section["title"], section["tiles"][0]) for section in gallery["sections"]]
    assert [day for day, _ in days] == [
        "Wednesday, 1 May 2024", "Monday, 1 April 2024", "Tuesday, 1 January 2019",
    ]  # fmt: skip
    first, parked, film = (tile for _, tile in days)
    assert first["src"].startswith("/pictures/") and first["shape"] == 1.333
    assert (parked["src"], parked["badges"]) == (None, [["PARKED", "trouble"]])
    assert film["badges"] == [["1:15", ""]]


def test_it_filters_by_its_address(filled: list[uuid.UUID], open_page: OpenPage) -> None:
    page = opened(open_page("library"), camera="Google~Pixel 7", first="2024-01-01")
    assert "1 photo or video" in text_of(page)
    labels = [button.label for button in page.button]
    assert "Google Pixel 7" in labels and "from 2024\\-01\\-01" in labels
    page.button(key="library_clear").click().run()
    assert "3 photos and videos" in text_of(page)
    assert dict(page.query_params) == {}


def test_it_puts_what_is_chosen_into_its_address(
    filled: list[uuid.UUID], open_page: OpenPage
) -> None:
    page = open_page("library")
    page.text_input(key="library_name").set_value("evil").run()
    assert page.query_params["name"] == "evil"
    page.selectbox(key="library_flag").select("parked").run()
    assert page.query_params["flag"] == "parked"
    assert "Nothing matches all of this" in text_of(page)
    page.button(key="library_drop_name").click().run()
    assert "1 photo or video" in text_of(page)


def test_it_takes_the_words_of_strangers_to_the_letter(
    filled: list[uuid.UUID], open_page: OpenPage
) -> None:
    page = opened(open_page("library"), asset=str(filled[0]))
    assert "![x](http" not in "".join(one.value for one in page.markdown)
    assert "\\!\\[x\\]\\(http" in "".join(one.value for one in page.markdown)


def test_it_tells_all_of_a_photo(filled: list[uuid.UUID], open_page: OpenPage) -> None:
    page = opened(open_page("library"), asset=str(filled[0]))
    text = text_of(page)
    assert "1 May 2024, 10:00" in text
    assert "Frankfurt, DE" in text
    assert "[Anna](/people?person=" in text
    assert "the moment of the shutter, written by the camera" in text
    claims = page.dataframe[0].value
    assert list(claims["verdict"]) == ["chosen", "rejected: zero date"]
    assert page.button(key="detail_newer").disabled
    page.button(key="detail_older").click().run()
    assert page.query_params["asset"] == str(filled[1])
    assert "gave up: it cannot be decoded" in text_of(page)
    page.button(key="detail_back").click().run()
    assert "3 photos and videos" in text_of(page)


def test_it_says_when_a_photo_is_not_there(factory: Factory, open_page: OpenPage) -> None:
    assert factory.assets() == []
    page = opened(open_page("library"), asset=str(uuid.uuid4()))
    assert "There is no such photo" in text_of(page)


def test_it_retries_what_was_parked(
    filled: list[uuid.UUID], factory: Factory, open_page: OpenPage
) -> None:
    page = opened(open_page("library"), asset=str(filled[1]))
    page.button(key="detail_retry").click().run()
    assert not page.exception
    assert "gave up" not in text_of(page)
    (row,) = [row for row in factory.assets() if row["id"] == filled[1]]
    assert not row["has_errors"]
    assert actions(factory.engine) == [("retry", "this machine", None)]


def test_it_shows_what_was_corrected_and_how_far_that_is(
    filled: list[uuid.UUID], factory: Factory, open_page: OpenPage
) -> None:
    here = Context(factory.settings(), factory.paths, factory.engine)
    number = correct(here, ANNA, filled[0], captured_at=datetime(2023, 12, 25, 10))
    page = opened(open_page("library"), asset=str(filled[0]))
    assert "WAITS" in text_of(page) and "Librarian re-files it" in text_of(page)
    assert f"undo_{number}" not in [button.key for button in page.button]
    before = {"captured_at": "2024-05-01T10:00:00", "captured_utc_offset": None, "location": None}
    with factory.engine.begin() as connection:
        applied = {"applied_at": NOW, "before": {str(filled[0]): before}}
        connection.execute(Correction.__table__.update().values(applied))
    page.run()
    assert "RE-FILED" in text_of(page)
    page.button(key=f"undo_{number}").click().run()
    with factory.engine.connect() as connection:
        *_, undoing = connection.execute(select(Correction.__table__)).all()
    assert (undoing.undoes, undoing.captured_at) == (number, datetime(2024, 5, 1, 10))
    assert actions(factory.engine) == [
        ("correct", "anna", None), ("undo correction", "this machine", None),
    ]  # fmt: skip


def actions(engine: Engine) -> list[tuple[str, str, str | None]]:
    """What the log of actions says."""
    with engine.connect() as connection:
        rows = connection.execute(select(Action.__table__)).all()
    return [(row.action, row.who, row.problem) for row in rows]


def test_it_shows_years_and_months(filled: list[uuid.UUID], open_page: OpenPage) -> None:
    page = opened(open_page("library"), view="years")
    (gallery,) = [part for part in parts(page) if part.get("months")]
    first = gallery["sections"][0]
    assert (first["title"], first["note"]) == ("2024", "2 photos")
    assert [tile["id"] for tile in first["tiles"]] == ["2024-05", "2024-04"]


def test_the_map_shows_clusters(filled: list[uuid.UUID], open_page: OpenPage) -> None:
    page = open_page("map")
    assert not page.exception
    (drawn,) = [part for part in parts(page) if "clusters" in part]
    (cluster,) = drawn["clusters"]
    assert (cluster["files"], cluster["lat"], cluster["lon"]) == (1, 50.11, 8.682)
    assert drawn["tiles"] == ""


def test_the_map_uses_tiles_where_they_are_set(
    filled: list[uuid.UUID], open_page: OpenPage
) -> None:
    tiles = "https://tile.example/{z}/{x}/{y}.png"
    (drawn,) = [part for part in parts(open_page("map", DASHBOARD_TILES=tiles)) if "tiles" in part]
    assert (drawn["tiles"], drawn["tiles_by"]) == (tiles, "tile.example")


def test_the_timeline_shows_every_year(filled: list[uuid.UUID], open_page: OpenPage) -> None:
    page = open_page("timeline")
    assert not page.exception
    (drawn,) = [part for part in parts(page) if "years" in part]
    assert [year["year"] for year in drawn["years"]] == [2024, 2023, 2022, 2021, 2020, 2019]
    assert drawn["years"][0]["days"] == {"04-01": 1, "05-01": 1}
    assert drawn["years"][1]["note"] == "nothing"
    assert "3 photos and videos on 3 days" in text_of(page)


def test_it_shifts_the_dates_of_several(filled: list[uuid.UUID], factory: Factory) -> None:
    here = Context(factory.settings(), factory.paths, factory.engine)
    assert shift(here, ANNA, filled[:2], timedelta(hours=1)) == 2
    with factory.engine.connect() as connection:
        asked = {row.asset_id: row.captured_at
                 for row in connection.execute(select(Correction.__table__))}  # fmt: skip
    assert asked == {
        filled[0]: datetime(2024, 5, 1, 11), filled[1]: datetime(2024, 4, 1, 1),
    }  # fmt: skip
    with pytest.raises(NotAllowed):
        redo_thumbnails(here, Actor("ben", "viewer"), filled)
    assert redo_thumbnails(here, ANNA, filled) == 1
    with factory.engine.connect() as connection:
        assert not any(connection.scalars(select(MediaAsset.is_thumbnailed)))
