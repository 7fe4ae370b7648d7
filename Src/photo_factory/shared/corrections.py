"""Corrections: what a person says of an asset's date or place, for the Librarian to re-file."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack, cast

from sqlalchemy import Connection, Table, exists, insert, select

from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.models import Correction, MediaAsset

SOURCE = "correction"
"""What `captured_at_source` says of a date that a person corrected."""

_EARLIEST = datetime(1826, 1, 1)  # the year of the first photograph
_SLACK = timedelta(hours=36)  # every zone, and a careless clock
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")

_corrections = cast(Table, Correction.__table__)
_assets = cast(Table, MediaAsset.__table__)

Row = Mapping[str, Any]


class Said(TypedDict, total=False):
    """What is right: a wall clock without a zone and its distance from UTC, or a place."""

    captured_at: datetime | None
    captured_utc_offset: str | None
    location: Mapping[str, float] | None
    changes_location: bool


def ask(connection: Connection, asset_id: uuid.UUID, who: str, **said: Unpack[Said]) -> int:
    """Ask for another date or place; the correction's number.

    A date comes with its own distance from UTC, such as `+01:00`, or with none. A place is
    `{"lat": …, "lon": …}` in degrees; None with `changes_location` is no place at all.
    PhotoFactoryError says what is wrong with what was asked.
    """
    moment, place = said.get("captured_at"), said.get("location")
    changes_location = said.get("changes_location", False)
    asked = {
        "asset_id": asset_id,
        "captured_at": moment,
        "captured_utc_offset": said.get("captured_utc_offset") if moment else None,
        "changes_location": changes_location,
        "location": dict(place) if changes_location and place else None,
    }
    if reason := refusal(asked):
        raise PhotoFactoryError(reason)
    if not connection.scalar(select(exists().where(_assets.c.id == asset_id))):
        raise PhotoFactoryError(f"there is no asset {asset_id}")
    return _put(connection, who, asked)


def undo(connection: Connection, correction_id: int, who: str) -> int:
    """Ask for what stood there before an applied correction; the new correction's number."""
    query = select(_corrections).where(_corrections.c.id == correction_id)
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        raise PhotoFactoryError(f"there is no correction {correction_id}")
    if found["applied_at"] is None or found["problem"] or not found["before"]:
        raise PhotoFactoryError(f"correction {correction_id} was not applied: nothing to undo")
    before = found["before"][str(found["asset_id"])]
    changes_date = found["captured_at"] is not None
    asked = {
        "asset_id": found["asset_id"],
        "captured_at": datetime.fromisoformat(before["captured_at"]) if changes_date else None,
        "captured_utc_offset": before["captured_utc_offset"] if changes_date else None,
        "changes_location": found["changes_location"],
        "location": before["location"] if found["changes_location"] else None,
    }
    return _put(connection, who, {**asked, "undoes": correction_id})


def history(connection: Connection, asset_id: uuid.UUID) -> list[dict[str, Any]]:
    """Every correction of an asset, the first one first."""
    query = select(_corrections).where(_corrections.c.asset_id == asset_id)
    return [dict(row._mapping) for row in connection.execute(query.order_by(_corrections.c.id))]


def refusal(asked: Row) -> str | None:
    """Why what is asked cannot be; None when it can."""
    moment = asked["captured_at"]
    if moment is None and not asked["changes_location"]:
        return "neither a date nor a place is corrected"
    return (moment and _wrong_moment(moment, asked["captured_utc_offset"])) or _wrong_place(
        asked["location"]
    )


def _wrong_moment(moment: datetime, offset: str | None) -> str | None:
    if moment.tzinfo is not None:
        return f"{moment}: give the wall clock of the place, and its distance from UTC beside it"
    if moment < _EARLIEST:
        return f"{moment} is before the first photograph, of 1826"
    if moment > clock.now().replace(tzinfo=None) + _SLACK:
        return f"{moment} is in the future"
    if offset is not None and not _OFFSET.fullmatch(offset):
        return f"{offset!r} is no distance from UTC such as +01:00"
    return None


def _wrong_place(location: Mapping[str, Any] | None) -> str | None:
    if location is None:
        return None
    try:
        lat, lon = float(location["lat"]), float(location["lon"])
    except (KeyError, TypeError, ValueError):
        return f"{location} is no place such as 50.11,8.68"
    if not (abs(lat) <= 90 and abs(lon) <= 180):  # not a number is neither
        return f"{lat},{lon} is not on this earth: latitude, then longitude, in degrees"
    return None


def _put(connection: Connection, who: str, asked: Row) -> int:
    row = {**asked, "asked_at": clock.now(), "asked_by": who}
    statement = insert(_corrections).values(row).returning(_corrections.c.id)
    return int(connection.execute(statement).scalar_one())
