"""Settings of the add-on `geocode`."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class GeocodeSettings(BaseSettings):
    """Who names the places, and how they are asked."""

    geocoder: str = Field(
        "offline",
        pattern=r"^[a-z0-9_]+$",
        alias="GEOCODER",
        description="Who names places: offline (a position goes to no one), nominatim, photon, …",
    )
    geocoder_url: str | None = Field(
        None,
        pattern=r"^https?://[^/]+",
        alias="GEOCODER_URL",
        description="A server of your own for that provider, such as http://nominatim.lan:8080.",
    )
    geocoder_language: str = Field(
        "",
        alias="GEOCODER_LANGUAGE",
        description="The language of names, such as de; the local one where it is empty.",
    )
    geocoder_key: SecretStr | None = Field(
        None, alias="GEOCODER_KEY", description="The key of a provider that wants one."
    )
    geocoder_contact: str = Field(
        "",
        alias="GEOCODER_CONTACT",
        description="An address for the provider's keeper, told in the user agent.",
    )
    geocoder_rate: float = Field(
        1.0,
        gt=0,
        le=1000,
        alias="GEOCODER_RATE",
        description="Questions a second at most; the public Nominatim allows 1.",
    )
    geocoder_precision: int = Field(
        3,
        ge=1,
        le=6,
        alias="GEOCODER_PRECISION",
        description="Decimals a position is rounded to before it is asked: 3 are about 100 m.",
    )
