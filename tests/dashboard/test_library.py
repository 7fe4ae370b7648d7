"""The gallery's questions to the ledger, on both databases."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from photo_factory.dashboard.queries import conditions, library, scan
from photo_factory.dashboard.queries.filters import Camera, Filters, Where, read_key, told_key
from tests.dashboard.ledgers import park, person, photos, place, taken

PIXEL = {"camera_make": "Google", "camera_model": "Pixel 7"}
CANON = {"camera_make": "Canon", "camera_model": "Canon EOS 5D"}


def shown(engine: Engine, **given: Any) -> list[uuid.UUID]:
    """The ids on the first page."""
    return [tile.id for tile in library.page(engine, Filters(**given), None).tiles]


def test_it_shows_the_newest_first(engine: Engine) -> None:
    old, new, middle = photos(engine, *taken("2001-01-01", "2024-01-01", "2010-01-01"))
    assert shown(engine) == [new, middle, old]


@pytest.mark.parametrize("filters", [{}, {"flag": "not-backed-up"}, {"device": "pixel-7"}])
def test_it_turns_every_page_forth_and_back(engine: Engine, filters: dict[str, Any]) -> None:
    moments = ["2024-05-01T10:00:00.5"] * 4 + ["2024-05-02", "2024-05-03", "2020-01-01"]
    photos(engine, *taken(*moments))
    chosen = Filters(**filters)
    everything = shown(engine, **filters)
    assert len(everything) == 7
    page = library.page(engine, chosen, None, size=3)
    forth = list(page.tiles)
    pages = [page]
    while page.older:
        page = library.page(engine, chosen, page.older, size=3)
        pages.append(page)
        forth += page.tiles
    assert [tile.id for tile in forth] == everything
    while page.newer:
        page = library.page(engine, chosen, page.newer, "newer", size=3)
        pages.pop()
        assert page.tiles == pages[-1].tiles
    assert len(pages) == 1


def test_it_knows_where_the_pages_end(engine: Engine) -> None:
    photos(engine, *taken("2024-01-01", "2024-01-02", "2024-01-03"))
    first = library.page(engine, Filters(), None, size=2)
    assert (first.newer, first.older) == (None, first.tiles[-1].key)
    last = library.page(engine, Filters(), first.older, size=2)
    assert (last.newer, last.older) == (last.tiles[0].key, None)
    assert library.page(engine, Filters(device="nobody"), None) == library.Page((), None, None)


def test_it_finds_the_photos_beside_one(engine: Engine) -> None:
    old, middle, new = photos(engine, *taken("2001-01-01", "2010-01-01", "2024-01-01"))
    assert library.beside(engine, Filters(), (datetime(2010, 1, 1), middle)) == (new, old)
    assert library.beside(engine, Filters(), (datetime(2024, 1, 1), new)) == (None, middle)


def test_it_filters(engine: Engine) -> None:
    frankfurt, kyoto = place(engine, "Frankfurt"), place(engine, "Kyoto", "JP", state="Kyoto")
    one, two, three, four = photos(
        engine,
        {**PIXEL, "captured_at": datetime(2024, 5, 1, 23, 59, 59), "place_id": frankfurt},
        {**CANON, "captured_at": datetime(2023, 5, 1), "place_id": kyoto, "is_backed_up": True},
        {"captured_at": datetime(2022, 5, 1), "media_type": "video", "source_device": "iphone",
         "captured_at_confidence": 0.2},
        {**CANON, "captured_at": datetime(2021, 5, 1), "original_name": "Urlaub_100%.CR2",
         "mime_type": "image/x-canon-cr2"},
    )  # fmt: skip
    anna = person(engine, "Anna", two, one)
    park(engine, three)
    cases: list[tuple[dict[str, Any], list[uuid.UUID]]] = [
        ({"first": date(2023, 5, 1)}, [one, two]),
        ({"first": date(2023, 1, 1), "last": date(2024, 5, 1)}, [one, two]),
        ({"last": date(2022, 5, 1)}, [three, four]),
        ({"device": "iphone"}, [three]),
        ({"camera": Camera("Canon", "Canon EOS 5D")}, [two, four]),
        ({"camera": Camera(None, None)}, [three]),
        ({"where": Where("DE")}, [one]),
        ({"where": Where("JP", "Kyoto", "Kyoto")}, [two]),
        ({"where": Where("JP", "Hesse")}, []),
        ({"person": anna}, [one, two]),
        ({"kind": "photo"}, [one, two, four]),
        ({"kind": "video"}, [three]),
        ({"kind": "raw"}, [four]),
        ({"flag": "not-backed-up"}, [one, three, four]),
        ({"flag": "parked"}, [three]),
        ({"flag": "unsure-date"}, [three]),
        ({"flag": "no-place"}, [three, four]),
        ({"name": "urlaub"}, [four]),
        ({"name": "100%"}, [four]),
        ({"name": "%"}, [four]),
        ({"box": (50.0, 8.0, 51.0, 9.0), "camera": Camera("Google", "Pixel 7")}, [one]),
        ({"camera": Camera("Canon", "Canon EOS 5D"), "where": Where("JP")}, [two]),
        ({"person": anna, "where": Where("DE"), "kind": "photo", "flag": "not-backed-up"}, [one]),
        ({"person": anna, "flag": "parked"}, []),
    ]
    for given, expected in cases:
        assert shown(engine, **given) == expected, given
        assert library.count(engine, Filters(**given)) == len(expected), given


@pytest.mark.parametrize("limit", [0, 1, 2, 100])
def test_it_finds_the_same_however_it_looks(
    engine: Engine, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place(engine, "Frankfurt")
    days = [f"2024-05-{day:02d}" for day in range(1, 21)]
    ids = photos(engine, *taken(*days[::2], place_id=here, **PIXEL), *taken(*days[1::2], **CANON))
    anna = person(engine, "Anna", *ids[3:8])
    expected = sorted(ids[3:8], key=ids.index, reverse=True)
    monkeypatch.setattr(scan, "_CHUNK", 2)
    original = conditions.indexed

    def limited(filters: Filters) -> dict[str, conditions.Indexed]:
        found = original(filters).items()
        return {k: conditions.Indexed(v.condition, limit, v.in_order) for k, v in found}

    monkeypatch.setattr(scan, "indexed", limited)
    chosen = {"person": anna, "where": Where("DE"), "camera": Camera("Google", "Pixel 7")}
    assert shown(engine, **chosen) == expected
    page = library.page(engine, Filters(**chosen), None, size=2)
    rest = library.page(engine, Filters(**chosen), page.older, size=9)
    assert [tile.id for tile in page.tiles + rest.tiles] == expected


def test_it_shows_a_group_as_one_tile(engine: Engine) -> None:
    live, raw = uuid.uuid4(), uuid.uuid4()
    at = {"captured_at": datetime(2024, 5, 1)}
    later = {"captured_at": datetime(2024, 6, 1)}
    film, still, negative, positive, sidecar, alone = photos(
        engine,
        {**at, "group_id": live, "media_type": "video"},
        {**at, "group_id": live},
        {**later, "group_id": raw, "mime_type": "image/x-canon-cr2"},
        {**later, "group_id": raw, "mime_type": "image/jpeg"},
        {**later, "group_id": raw, "media_type": "sidecar"},
        {"captured_at": datetime(2023, 1, 1), "media_type": "video"},
    )
    tiles = library.page(engine, Filters(), None).tiles
    assert [(tile.id, tile.badge) for tile in tiles] == [
        (positive, "RAW + JPEG"), (still, "LIVE"), (alone, None),
    ]  # fmt: skip
    assert set(shown(engine, kind="video")) == {film, alone}
    assert shown(engine, kind="raw") == [negative]
    assert sidecar in shown(engine, flag="not-backed-up")


def test_it_offers_what_there_is(engine: Engine) -> None:
    here = place(engine, "Frankfurt")
    place(engine, "Nowhere")
    photos(engine, *taken("2024-05-01", "2024-05-02", place_id=here, **PIXEL), CANON, {})
    person(engine, None)
    person(engine, "Anna")
    offered = library.choices(engine)
    assert [(one.label, one.files) for one in offered.cameras] == [
        ("Google Pixel 7", 2), ("Canon EOS 5D", 1),
    ]  # fmt: skip
    assert [one.label for one in offered.places] == [
        "Frankfurt, Land DE", "Hesse, Land DE", "Land DE",
    ]  # fmt: skip
    assert [(one.value, one.files) for one in offered.devices] == [("pixel-7", 4)]
    assert [one.name for one in offered.persons] == ["Anna"]


def test_it_counts_no_further_than_it_has_to(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos(engine, *taken("2024-05-01", "2024-05-02", "2024-05-03", "2024-05-04"))
    monkeypatch.setattr(library, "COUNTED", 2)
    assert library.count(engine, Filters()) == 3
    assert library.count(engine, Filters(flag="not-backed-up")) == 3


def test_it_knows_the_days_beside_a_day(engine: Engine) -> None:
    photos(engine, *taken("2024-05-01T23:59:59", "2024-05-03", "2024-05-07"))
    assert library.day_beside(engine, date(2024, 5, 3)) == (date(2024, 5, 1), date(2024, 5, 7))
    assert library.day_beside(engine, date(2024, 5, 7)) == (date(2024, 5, 3), None)


def test_it_has_a_sample_of_each_month(engine: Engine) -> None:
    may, _, december, _ = photos(
        engine, *taken("2024-05-01", "2024-05-09", "2024-12-31T23:00", "2025-01-01")
    )
    found = library.month_samples(engine, 2024)
    assert {month: tile.id for month, tile in found.items()} == {5: may, 12: december}


FILTERS = Filters(
    first=date(2020, 1, 1), last=date(2021, 1, 1), device="pixel-7", name="a b%&=~",
    camera=Camera(None, "Pixel~7"), where=Where("DE", None, "Frankfurt"), person=uuid.UUID(int=7),
    kind="raw", flag="parked", box=(-1.5, 170.0, 3.0, -170.0),
)  # fmt: skip


def test_it_reads_its_own_address() -> None:
    assert Filters.from_query(FILTERS.as_query()) == FILTERS
    assert Filters.from_query({}) == Filters()


@pytest.mark.parametrize(
    ("name", "value"),
    [("first", "yesterday"), ("person", "anna"), ("kind", "sidecar"), ("flag", "'; DROP TABLE"),
     ("box", "1,2,3"), ("box", "91,0,92,0"), ("box", "nan,0,1,1")],
)  # fmt: skip
def test_it_leaves_out_what_it_cannot_understand(name: str, value: str) -> None:
    assert Filters.from_query({name: value, "device": "x"}) == Filters(device="x")


def test_it_reads_its_own_keys() -> None:
    key = (datetime(2024, 5, 1, 10, 0, 0, 123456), uuid.UUID(int=9))
    assert read_key(told_key(key)) == key
    assert read_key("2024-05-01") is None
    assert read_key(None) is None
