"""Ledgers with photos for the tests of the library, the map and the timeline."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, insert

from photo_factory.shared.ledger.models import Face, MediaAsset, Person, Place, StageRun
from tests.shared.ledger.rows import an_asset

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def add(engine: Engine, table: type[Any], *rows: dict[str, Any]) -> None:
    """Put rows into a table."""
    with engine.begin() as connection:
        connection.execute(insert(table), list(rows))


def photos(engine: Engine, *many: dict[str, Any]) -> list[uuid.UUID]:
    """Assets with these columns; their ids."""
    ids = []
    for given in many:
        row = an_asset(**given)
        add(engine, MediaAsset, {**row, "final_path": f"Storage/Originals/{row['id']}.jpg"})
        ids.append(row["id"])
    return ids


def taken(*days: str, **given: Any) -> Iterable[dict[str, Any]]:
    """One asset's columns for each moment, given as YYYY-MM-DD or with a time."""
    return [{"captured_at": datetime.fromisoformat(day), **given} for day in days]


def place(engine: Engine, city: str, country: str = "DE", **given: Any) -> uuid.UUID:
    """A place; its id."""
    row = {
        "id": uuid.uuid4(), "provider": "offline", "language": "", "latitude": 50.11,
        "longitude": 8.682, "country_code": country, "country": f"Land {country}",
        "state": "Hesse", "county": None, "city": city, "display": f"{city}, {country}",
        "found_at": NOW, **given,
    }  # fmt: skip
    add(engine, Place, row)
    return row["id"]


def person(engine: Engine, name: str | None, *on: uuid.UUID, is_face: bool = True) -> uuid.UUID:
    """Somebody whose face is on these assets; their id."""
    ident = uuid.uuid4()
    add(engine, Person, {"id": ident, "name": name, "named_at": None, "created_at": NOW})
    for asset_id in on:
        face = {
            "id": uuid.uuid4(), "asset_id": asset_id, "engine": "x", "engine_version": "1",
            "box_left": 0.1, "box_top": 0.1, "box_width": 0.2, "box_height": 0.2,
            "landmarks": {}, "quality": 0.9, "embedding": None, "is_face": is_face,
            "person_id": ident, "assigned_by": "engine", "found_at": NOW, "changed_at": NOW,
        }  # fmt: skip
        add(engine, Face, face)
    return ident


def park(engine: Engine, asset_id: uuid.UUID, reason: str = "it cannot be decoded") -> None:
    """Let the thumbnail service have given up on an asset."""
    row = {
        "asset_id": asset_id, "stage": "thumbnail", "tries_left": 0, "claims": 3,
        "not_before": NOW, "leased_by": None, "finished_at": None, "parked_at": NOW,
        "last_error": reason,
    }  # fmt: skip
    add(engine, StageRun, row)
    with engine.begin() as connection:
        table = MediaAsset.__table__
        told = {"has_errors": True, "error_message": f"thumbnail: {reason}"}
        connection.execute(table.update().where(table.c.id == asset_id).values(told))
