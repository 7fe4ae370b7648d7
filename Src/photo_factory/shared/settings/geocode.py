"""Settings of the add-on `geocode`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class GeocodeSettings(BaseSettings):
    """Who names the places."""

    geocoder: str = Field(
        "offline",
        alias="GEOCODER",
        description="Who names places: offline (a position goes to no one), nominatim, photon, …",
    )
