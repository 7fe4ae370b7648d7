"""Where photos were taken, in clusters."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from photo_factory.dashboard import components, outlines
from photo_factory.dashboard.queries import library, map
from photo_factory.dashboard.queries.filters import Box, Filters
from tests.dashboard.ledgers import photos, place, taken

WORLD: Box = (-90.0, -180.0, 90.0, 180.0)


def positions(*rows: tuple[float, float, int]) -> pd.DataFrame:
    found = [(uuid.uuid4(), lat, lon, f"{lat},{lon}", files) for lat, lon, files in rows]
    return pd.DataFrame(found, columns=["place_id", "latitude", "longitude", "display", "files"])


def test_it_counts_what_was_taken_where(engine: Engine) -> None:
    frankfurt = place(engine, "Frankfurt")
    place(engine, "Nowhere")
    photos(engine, *taken("2024-05-01", "2024-05-02", place_id=frankfurt), {})
    found = map.positions(engine)
    assert found.to_dict("records") == [
        {"place_id": frankfurt, "latitude": 50.11, "longitude": 8.682,
         "display": "Frankfurt, DE", "files": 2},
    ]  # fmt: skip


def test_it_says_how_many_wait_for_a_place(engine: Engine) -> None:
    where = {"lat": 1.0, "lon": 2.0}
    photos(engine, {"location": where}, {"location": where, "is_geocoded": True}, {})
    assert map.without_a_place_yet(engine) == 1


def test_it_joins_what_is_close_and_parts_it_when_looked_at_closely() -> None:
    found = positions((50.0, 8.0, 3), (50.1, 8.1, 1), (-33.0, 151.0, 2))
    far = map.clusters(found, WORLD, 2)
    assert [one.files for one in far] == [4, 2]
    assert far[0].latitude == pytest.approx(50.025)
    assert far[0].label == "50.0,8.0 and 1 more places: 4"
    near = map.clusters(found, (49.0, 7.0, 51.0, 9.0), 12)
    assert [one.files for one in near] == [3, 1]


def test_a_clusters_box_shows_just_its_photos(engine: Engine) -> None:
    frankfurt = place(engine, "Frankfurt")
    mainz = place(engine, "Mainz", latitude=50.0, longitude=8.27)
    fiji = place(engine, "Suva", latitude=-18.1, longitude=178.4)
    ids = photos(engine, *({"place_id": one} for one in (frankfurt, frankfurt, mainz, fiji)))
    shown = {
        one.files: {
            tile.id for tile in library.page(engine, Filters(box=one.box), None).tiles
        }
        for one in map.clusters(map.positions(engine), WORLD, 8)
    }  # fmt: skip
    assert shown[2] == set(ids[:2])
    assert sum(map_files for map_files in shown) == 3  # two clusters of one file share a key
    across = library.page(engine, Filters(box=(-20.0, 170.0, -10.0, -170.0)), None)
    assert [tile.id for tile in across.tiles] == [ids[3]]


@pytest.mark.parametrize(
    ("west", "east", "expected"),
    [(-180, 180, 2), (-540, 540, 2), (170, 190, 1), (530, 550, 1), (-190, -170, 1), (0, 20, 1)],
)
def test_it_knows_its_way_around_the_date_line(west: float, east: float, expected: int) -> None:
    found = positions((0.0, 175.0, 1), (0.0, 10.0, 1))
    assert len(map.clusters(found, (-90.0, west, 90.0, east), 5)) == expected


def test_it_has_a_picture_for_a_place(engine: Engine) -> None:
    here, there = place(engine, "Frankfurt"), place(engine, "Mainz")
    photos(
        engine,
        *taken("2024-05-01", place_id=here, is_thumbnailed=True, file_hash="a" * 64),
        *taken("2024-05-02", place_id=here, file_hash="b" * 64),
        {"place_id": there},
    )
    assert map.samples(engine, [here, there]) == {here: "a" * 64}


def test_it_shows_the_world_where_nothing_is() -> None:
    assert map.clusters(positions(), WORLD, 3) == []
    assert map.extent(positions()) == (-50.0, -140.0, 65.0, 160.0)
    assert map.extent(positions((1.0, 2.0, 1), (3.0, -4.0, 1))) == (1.0, -4.0, 3.0, 2.0)


def test_its_outlines_are_whole_small_and_their_own() -> None:
    folder = Path(str(outlines.__file__)).parent
    text = (folder / "countries.json").read_text("utf-8")
    assert len(text) < 700_000
    atlas = json.loads(text)
    arcs = len(atlas["arcs"])
    named = {one["name"] for one in atlas["countries"]}
    assert {"Germany", "Japan", "Fiji", "Antarctica"} <= named
    used = [arc for one in atlas["countries"] for polygon in one["arcs"] for ring in polygon
            for arc in ring]  # fmt: skip
    assert all(-arcs <= arc < arcs for arc in used)
    assert "public domain" in (folder / "LICENSE").read_text()


@pytest.mark.parametrize("name", ["gallery.css", "calendar.css", "map.css", "leaflet.css"])
def test_its_looks_name_no_other_machine(name: str) -> None:
    text = (Path(str(components.__file__)).parent / name).read_text("utf-8")
    assert "url(" not in text and "@import" not in text
