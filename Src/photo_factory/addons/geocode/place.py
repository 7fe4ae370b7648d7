"""A rounded position, and what can be said of it."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from photo_factory.shared import clock
from photo_factory.shared.settings import Settings

_NAMESPACE = uuid.UUID("6a0f4f0e-6d1f-4b77-9a2c-0d7f3c1a5e10")


@dataclass(frozen=True, slots=True)
class Names:
    """What a place is called; all None where nobody lives near."""

    country_code: str | None = None
    country: str | None = None
    state: str | None = None
    county: str | None = None
    city: str | None = None

    @property
    def display(self) -> str:
        """One line, without saying the same name twice."""
        parts = (self.city, self.state, self.country)
        return ", ".join(dict.fromkeys(part for part in parts if part))


@dataclass(frozen=True, slots=True)
class Spot:
    """A position as it is asked: rounded, by one provider, in one language."""

    provider: str
    language: str
    latitude: float
    longitude: float

    @classmethod
    def of(cls, latitude: float, longitude: float, settings: Settings) -> Spot:
        """The rounded position for the provider that is set."""
        digits = settings.geocoder_precision
        # + 0.0 turns -0.0 into 0.0: both are the same spot.
        rounded = round(latitude, digits) + 0.0, round(longitude, digits) + 0.0
        return cls(settings.geocoder, settings.geocoder_language, *rounded)

    @property
    def id(self) -> uuid.UUID:
        """The same for the same spot, so that whoever looks it up writes the same row."""
        key = f"{self.provider}|{self.language}|{self.latitude!r}|{self.longitude!r}"
        return uuid.uuid5(_NAMESPACE, key)

    def row(self, names: Names, display: str | None = None) -> dict[str, Any]:
        """The row of `places`; the position itself where there is no name."""
        nowhere = f"{self.latitude}, {self.longitude}"
        return {
            "id": self.id,
            **asdict(self),
            **asdict(names),
            "display": display or names.display or nowhere,
            "found_at": clock.now(),
        }
