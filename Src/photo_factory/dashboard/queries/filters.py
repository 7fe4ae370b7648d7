"""What the library is narrowed down to, and how that stands in a page's address."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

Box = tuple[float, float, float, float]
"""South, west, north and east, in degrees; west is beyond east where it crosses the date line."""

Key = tuple[datetime, uuid.UUID]
"""Where a page begins: the moment and the id of the tile beside it."""

KINDS = {"photo": "Photos", "video": "Videos", "raw": "RAW"}
FLAGS = {
    "not-backed-up": "Not backed up",
    "not-thumbnailed": "No thumbnail yet",
    "not-geocoded": "Place not looked up yet",
    "not-scanned": "Not searched for faces yet",
    "no-place": "Without a place",
    "unsure-date": "Unsure date",
    "parked": "Parked",
}
_APART = "~"


@dataclass(frozen=True)
class Camera:
    """A camera, by the words of its files; either may be missing."""

    make: str | None
    model: str | None

    @property
    def label(self) -> str:
        """Both, without saying the make twice."""
        make, model = self.make or "", self.model or ""
        first = make.lower().split(" ")[0]
        if first and model.lower().startswith(first):
            return model
        return f"{make} {model}".strip() or "Unknown camera"


@dataclass(frozen=True)
class Where:
    """A country, or a state or a city in it."""

    country_code: str
    state: str | None = None
    city: str | None = None


@dataclass(frozen=True)
class Filters:
    """What to show; None is no matter which."""

    first: date | None = None
    last: date | None = None
    device: str | None = None
    camera: Camera | None = None
    where: Where | None = None
    person: uuid.UUID | None = None
    kind: str | None = None
    flag: str | None = None
    name: str | None = None
    box: Box | None = None

    @property
    def folds(self) -> bool:
        """Whether the files of a group are one tile: not where single files are looked for."""
        return not (self.flag or self.name or self.kind in ("video", "raw"))

    @property
    def active(self) -> tuple[str, ...]:
        """The names of the filters that are set."""
        return tuple(one.name for one in fields(self) if getattr(self, one.name) is not None)

    def without(self, *names: str) -> Filters:
        """The same without these."""
        return replace(self, **dict.fromkeys(names))

    def as_query(self) -> dict[str, str]:
        """The parameters of an address; `from_query` reads them back."""
        return {name: _told(getattr(self, name)) for name in self.active}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Filters:
        """What an address asks for; what cannot be understood in it is left out."""
        found: dict[str, Any] = {}
        for name, read in _READERS.items():
            if query.get(name):
                with contextlib.suppress(ValueError):
                    found[name] = read(query[name])
        return cls(**found)


def told_key(key: Key) -> str:
    """A key as it stands in an address."""
    return f"{key[0].isoformat()}{_APART}{key[1]}"


def read_key(text: str | None) -> Key | None:
    """The key of an address; None where there is none."""
    moment, _, name = (text or "").partition(_APART)
    try:
        return datetime.fromisoformat(moment), uuid.UUID(name)
    except ValueError:
        return None


def _told(value: Any) -> str:
    if isinstance(value, Camera):
        return f"{value.make or ''}{_APART}{value.model or ''}"
    if isinstance(value, Where):
        parts = (value.country_code, value.state or "", value.city or "")
        return _APART.join(parts).rstrip(_APART)
    if isinstance(value, tuple):
        return ",".join(f"{degrees:.4f}" for degrees in value)
    return str(value)


def _camera(text: str) -> Camera:
    make, _, model = text.partition(_APART)
    return Camera(make or None, model or None)


def _where(text: str) -> Where:
    country, state, city, *_ = [*text.split(_APART), "", ""]
    return Where(country, state or None, city or None)


def _box(text: str) -> Box:
    south, west, north, east = (float(part) for part in text.split(","))
    if not (-90 <= south <= north <= 90 and abs(west) <= 180 and abs(east) <= 180):
        raise ValueError(text)
    return south, west, north, east


def _kind(text: str) -> str:
    if text not in KINDS:
        raise ValueError(text)
    return text


def _flag(text: str) -> str:
    if text not in FLAGS:
        raise ValueError(text)
    return text


_READERS: dict[str, Any] = {
    "first": date.fromisoformat,
    "last": date.fromisoformat,
    "device": str,
    "camera": _camera,
    "where": _where,
    "person": uuid.UUID,
    "kind": _kind,
    "flag": _flag,
    "name": str,
    "box": _box,
}
