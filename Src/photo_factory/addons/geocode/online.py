"""Places from a provider on the network, by geopy: asked slowly, once a spot, and never pressed."""

from __future__ import annotations

import fcntl
import inspect
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine, Table, select

from photo_factory.addons.geocode.place import Names, Spot
from photo_factory.shared.errors import SettingsError, TryLater, Unprocessable
from photo_factory.shared.executors import stopping
from photo_factory.shared.files import make_folder
from photo_factory.shared.ledger.database import away, connect, insert_ignore, reading
from photo_factory.shared.ledger.models import Place
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.settings import Settings

ANSWER_S = 10.0

_places: Table = Place.__table__  # type: ignore[assignment]
_TOWN = ("city", "town", "village", "municipality", "hamlet", "suburb")


def know(spot: Spot, settings: Settings) -> None:
    """See to it that the ledger knows the spot: ask the provider where nobody has before."""
    engine = _engine(database_url(settings))
    if _is_known(spot, engine):
        return
    with _turn(settings):
        if not _is_known(spot, engine):  # somebody else may have asked while we waited
            row = _ask(spot, settings)
            with away(), engine.begin() as connection:
                connection.execute(insert_ignore(_places), [row])


def provider(settings: Settings) -> Any:
    """The geopy geocoder that GEOCODER names; SettingsError where there is none."""
    from geopy.exc import ConfigurationError, GeocoderNotFound
    from geopy.geocoders import get_geocoder_for_service

    try:
        kind = get_geocoder_for_service(settings.geocoder)
        return kind(**_accepted(kind, _arguments(settings)))
    except GeocoderNotFound:
        raise SettingsError(
            f"GEOCODER={settings.geocoder!r} is unknown: offline, nominatim, photon, or another "
            "of geopy's providers"
        ) from None
    except (ConfigurationError, TypeError) as error:
        raise SettingsError(f"GEOCODER={settings.geocoder!r}: {error}; see GEOCODER_KEY") from None


def _arguments(settings: Settings) -> dict[str, Any]:
    from geopy.adapters import URLLibAdapter

    contact = f" ({settings.geocoder_contact})" if settings.geocoder_contact else ""
    given: dict[str, Any] = {
        "timeout": ANSWER_S,
        "user_agent": f"photo-factory{contact}",
        # The other one repeats a question that fails, at once and unasked: our rate is a promise.
        "adapter_factory": URLLibAdapter,
    }
    if settings.geocoder_url:
        url = urlsplit(settings.geocoder_url)
        given |= {"scheme": url.scheme, "domain": url.netloc + url.path.rstrip("/")}
    if settings.geocoder_key:
        given["api_key"] = settings.geocoder_key.get_secret_value()
    return given


def _accepted(kind: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    names = inspect.signature(kind).parameters
    return {name: value for name, value in given.items() if name in names}


def _ask(spot: Spot, settings: Settings) -> dict[str, Any]:
    from geopy import exc

    geocoder = provider(settings)
    language = {"language": spot.language} if spot.language else {}
    options = _accepted(geocoder.reverse, {"exactly_one": True, **language})
    where = f"{settings.geocoder} on {spot.latitude}, {spot.longitude}"
    try:
        found = geocoder.reverse((spot.latitude, spot.longitude), **options)
    except exc.GeocoderQueryError as error:
        raise Unprocessable(f"{where}: {error}") from error
    except (exc.GeocoderAuthenticationFailure, exc.GeocoderInsufficientPrivileges) as error:
        raise TryLater(f"{settings.geocoder} refuses us: {error}; see GEOCODER_KEY") from error
    except (exc.GeocoderServiceError, ValueError) as error:  # ValueError: an answer that is no JSON
        raise TryLater(f"{where}: {type(error).__name__} {error}") from error
    if found is None:
        return spot.row(Names())
    return spot.row(_names(found.raw), display=str(found.address))


def _names(raw: Mapping[str, Any]) -> Names:
    """The names in an answer of Nominatim (`address`) or Photon (`properties`)."""
    told = raw.get("address") or raw.get("properties") or {}
    if not isinstance(told, Mapping):
        return Names()
    code = told.get("country_code") or told.get("countrycode")
    return Names(
        country_code=str(code)[:2].upper() if code else None,
        country=told.get("country"),
        state=told.get("state"),
        county=told.get("county"),
        city=next((str(told[name]) for name in _TOWN if told.get(name)), None),
    )


def _is_known(spot: Spot, engine: Engine) -> bool:
    with away(), reading(engine) as connection:
        found = select(_places.c.id).where(_places.c.id == spot.id)
        return connection.execute(found).first() is not None


@contextmanager
def _turn(settings: Settings) -> Iterator[None]:
    """Our turn to ask: alone among all processes on this storage, and not too soon."""
    path = Paths.of(settings).journal / "geocoder.lock"
    make_folder(path.parent)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        rest = os.stat(file.fileno()).st_mtime + 1 / settings.geocoder_rate - time.time()
        if rest > 0 and stopping.wait(min(rest, 1 / settings.geocoder_rate)):
            raise TryLater("stopping")
        try:
            yield
        finally:
            os.utime(file.fileno())


@cache
def _engine(url: str) -> Engine:
    return connect(url, application="geocode")
