"""Geocode: the name of the place where a photo was taken.

A position is rounded, and each rounded position is looked up once: `places` is the cache.
"""

from __future__ import annotations

import math

from sqlalchemy import Engine

from photo_factory.addons.geocode import offline, online
from photo_factory.addons.geocode.place import Spot
from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.facts import Asset, Facts
from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.settings import Settings

NAME = "geocode"


def process(asset: Asset, settings: Settings) -> Facts:
    """Tie the asset to its place; the place is a new row where nobody asked for it before."""
    spot = _spot(asset, settings)
    if settings.geocoder == offline.PROVIDER:
        return Facts({"place_id": spot.id}, adds={"places": [spot.row(offline.look_up(spot))]})
    online.know(spot, settings)
    return Facts({"place_id": spot.id})


def _spot(asset: Asset, settings: Settings) -> Spot:
    location = asset.location or {}
    try:
        latitude, longitude = float(location["lat"]), float(location["lon"])
    except (KeyError, TypeError, ValueError):
        latitude = longitude = math.nan
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise Unprocessable(
            f"{asset.final_path}: {location!r} is no position on Earth; correct the location"
        )
    return Spot.of(latitude, longitude, settings)


def prepare(settings: Settings, _engine: Engine) -> None:
    """SettingsError where GEOCODER names nobody, before any work begins."""
    if settings.geocoder != offline.PROVIDER:
        online.provider(settings)


# One at a time: offline it is quick enough, and a provider is asked one question after the other.
service = FlagService(NAME, MediaAsset.is_geocoded, process, at_once=1, prepare=prepare)
run = service.run
