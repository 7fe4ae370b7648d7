"""Every place gets its name once, from nobody outside unless somebody outside is set."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text

from photo_factory.addons import geocode
from photo_factory.addons.geocode import offline, online
from photo_factory.addons.geocode.place import Names, Spot
from photo_factory.shared.errors import SettingsError
from photo_factory.shared.ledger.models import MediaAsset, Place
from tests.addons.geocode.provider import Provider, provider
from tests.factory import Factory, Row
from tests.shared.ledger.rows import an_asset

BERLIN = {"lat": 52.5163, "lon": 13.3777, "alt": None}
ATLANTIC = {"lat": 0.0, "lon": -30.0, "alt": None}


@pytest.fixture
def factory(engine: Engine, ledger_url: str, tmp_path: Path) -> Factory:
    made = Factory(tmp_path / "factory", ledger_url)
    made.paths.originals.mkdir(parents=True)
    return made


@pytest.fixture
def asked() -> Iterator[Provider]:
    with provider() as running:
        yield running


def add(engine: Engine, *locations: Any) -> None:
    rows = [an_asset(location=one) for one in locations]
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), rows)


def run(factory: Factory, **settings: Any) -> bool:
    settings.setdefault("RETRY_AFTER", "3600")
    return geocode.run(factory.settings(**settings), threading.Event(), once=True)


def places(factory: Factory) -> list[Row]:
    return factory._rows(select(Place.__table__).order_by(Place.display))


def parked(factory: Factory) -> list[Row]:
    return factory._rows(text("SELECT * FROM v_parked"))


def near(latitude: float, longitude: float) -> Names:
    return offline.look_up(Spot("offline", "", latitude, longitude))


def test_it_names_the_place_and_leaves_alone_what_has_no_position(
    factory: Factory, engine: Engine
) -> None:
    add(engine, BERLIN, None)
    assert run(factory) is True
    placed, other = sorted(factory.assets(), key=lambda row: row["location"] is None)
    (place,) = places(factory)
    assert (placed["is_geocoded"], placed["place_id"]) == (True, place["id"])
    assert (other["is_geocoded"], other["place_id"]) == (False, None)
    assert (place["country_code"], place["country"], place["city"]) == ("DE", "Germany", "Berlin")
    assert place["display"] == "Berlin, State of Berlin, Germany"
    assert (place["latitude"], place["longitude"]) == (52.516, 13.378)


def test_it_keeps_one_row_for_photos_of_one_spot(factory: Factory, engine: Engine) -> None:
    add(engine, *[{**BERLIN, "lat": 52.5163 + i * 1e-5} for i in range(10)])
    assert run(factory) is True
    assert len(places(factory)) == 1


def test_it_names_nothing_in_the_middle_of_the_ocean(factory: Factory, engine: Engine) -> None:
    add(engine, ATLANTIC)
    assert run(factory) is True
    (place,) = places(factory)
    assert (place["country"], place["city"], place["display"]) == (None, None, "0.0, -30.0")


@pytest.mark.parametrize(
    "location",
    [{"lat": 999.0, "lon": 1.0}, {"lat": 1.0, "lon": -180.5}, {"lat": 1.0}, {"lat": "x", "lon": 2}],
)
def test_it_parks_what_is_no_position(factory: Factory, engine: Engine, location: Any) -> None:
    add(engine, location)
    assert run(factory) is False
    (row,) = parked(factory)
    assert "no position on Earth" in row["reason"]
    assert row["final_path"] in row["reason"]


def test_a_city_wins_over_the_hamlet_beside_it() -> None:
    assert near(48.8584, 2.2945).city == "Paris"  # the Eiffel Tower
    assert near(51.5007, -0.1246).city == "London"  # Big Ben


@pytest.mark.parametrize(
    ("position", "country"),
    [
        ((31.7587, -106.4869), "US"),  # El Paso, beside the larger Ciudad Juárez
        ((42.2900, -83.0000), "CA"),  # Windsor, beside Detroit
        ((47.6505, 9.1750), "CH"),  # Kreuzlingen, beside Konstanz
        ((52.3500, 14.5600), "PL"),  # Słubice, beside Frankfurt (Oder)
        ((41.9022, 12.4539), "VA"),  # the Vatican, in Rome
    ],
)
def test_a_larger_town_across_the_border_does_not_win(
    position: tuple[float, float], country: str
) -> None:
    assert near(*position).country_code == country


def test_it_measures_true_distances_in_the_north() -> None:
    """At 69° north a degree from east to west is a third as long: degrees would choose wrongly."""
    towns, _, _ = offline._towns()
    spot = (69.1, 16.3)
    nearest = min(towns, key=lambda town: _km(spot, (town["latitude"], town["longitude"])))
    by_degrees = min(
        towns, key=lambda t: math.hypot(t["latitude"] - spot[0], t["longitude"] - spot[1])
    )
    assert offline._near(*spot)[0][1] is nearest
    assert nearest is not by_degrees


def test_it_looks_across_the_date_line() -> None:
    (_, fiji), *_ = offline._near(-16.8, -179.99)
    assert (fiji["country_code"], fiji["longitude"] > 0) == ("FJ", True)


def _km(one: tuple[float, float], other: tuple[float, float]) -> float:
    a, b, c, d = map(math.radians, (*one, *other))
    cosine = math.sin(a) * math.sin(c) + math.cos(a) * math.cos(c) * math.cos(b - d)
    return 6371 * math.acos(min(1, cosine))


def test_it_asks_a_provider_once_for_a_spot_and_says_who_we_are(
    factory: Factory, engine: Engine, asked: Provider
) -> None:
    add(engine, BERLIN, BERLIN, {**BERLIN, "lat": 52.51631})
    online_settings = _at(asked, GEOCODER_CONTACT="me@example.org", GEOCODER_LANGUAGE="de")
    assert run(factory, **online_settings) is True
    (question,) = asked.asked
    assert question["agent"] == "photo-factory (me@example.org)"
    assert (question["lat"], question["lon"]) == ("52.516", "13.378")
    assert question["accept-language"] == "de"
    (place,) = places(factory)
    assert (place["country_code"], place["country"], place["city"]) == (
        "DE",
        "Deutschland",
        "Berlin",
    )
    assert place["display"] == "Mitte, Berlin, Deutschland"


def test_it_asks_for_local_names_where_no_language_is_set(
    factory: Factory, engine: Engine, asked: Provider
) -> None:
    add(engine, BERLIN)
    run(factory, **_at(asked))
    assert "accept-language" not in asked.asked[0]


def test_it_keeps_the_rate(factory: Factory, engine: Engine, asked: Provider) -> None:
    add(engine, *[{"lat": float(i), "lon": 10.0} for i in range(5)])
    assert run(factory, **_at(asked, GEOCODER_RATE="5")) is True
    times = [question["at"] for question in asked.asked]
    assert len(times) == 5
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.19


def test_it_keeps_the_rate_beside_another_process(factory: Factory, asked: Provider) -> None:
    settings = factory.settings(**_at(asked, GEOCODER_RATE="5"))
    online.stopping.clear()
    order: list[float] = []

    def ask() -> None:
        with online._turn(settings):
            order.append(online.time.time())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(b - a for a, b in itertools.pairwise(sorted(order))) >= 0.19


@pytest.mark.parametrize(
    ("status", "body"), [(500, b"{}"), (429, b"{}"), (503, b""), (200, b"<html>"), (403, b"{}")]
)
def test_an_outage_blames_no_photo(
    factory: Factory, engine: Engine, asked: Provider, status: int, body: bytes
) -> None:
    asked.status, asked.body = status, body
    add(engine, BERLIN)
    assert run(factory, **_at(asked)) is False
    (row,) = factory._rows(text("SELECT tries_left, parked_at FROM stage_runs"))
    assert (row["tries_left"], row["parked_at"]) == (5, None)
    assert factory.status("geocode")["status"] == "WARNING"
    asked.status, asked.body = 200, None
    with engine.begin() as connection:
        connection.execute(text("UPDATE stage_runs SET not_before = '2020-01-01'"))
    assert run(factory, **_at(asked)) is True


def test_a_provider_that_hangs_is_given_up(
    factory: Factory, engine: Engine, asked: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online, "ANSWER_S", 0.3)
    asked.delay = 1.5
    add(engine, BERLIN)
    assert run(factory, **_at(asked)) is False
    assert "TimedOut" in factory.status("geocode")["message"]


def test_nowhere_is_an_answer_too(factory: Factory, engine: Engine, asked: Provider) -> None:
    asked.body = b'{"error": "Unable to geocode"}'
    add(engine, ATLANTIC)
    assert run(factory, **_at(asked)) is True
    assert places(factory)[0]["display"] == "0.0, -30.0"


def test_it_reads_what_photon_answers() -> None:
    told = online._names(
        {"properties": {"countrycode": "FR", "country": "France", "state": "Île-de-France",
                        "city": "Paris"}}
    )  # fmt: skip
    assert told == Names("FR", "France", "Île-de-France", None, "Paris")


@pytest.mark.parametrize(("name", "why"), [("gardener", "unknown"), ("bing", "GEOCODER_KEY")])
def test_a_wrong_provider_is_told_before_any_work(
    factory: Factory, engine: Engine, name: str, why: str
) -> None:
    add(engine, BERLIN)
    with pytest.raises(SettingsError, match=why):
        run(factory, GEOCODER=name)
    assert factory.status("geocode")["status"] == "ERROR"


def _at(asked: Provider, **changes: str) -> dict[str, str]:
    return {"GEOCODER": "nominatim", "GEOCODER_URL": asked.url, "GEOCODER_RATE": "50", **changes}
