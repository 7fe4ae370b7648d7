"""Everything the ledger knows of one asset, for the page that shows it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Engine, Table, select

from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import (
    Arrival,
    BackupCopy,
    Correction,
    Face,
    Finding,
    MediaAsset,
    Person,
    Place,
    StageRun,
)

_assets = cast(Table, MediaAsset.__table__)
_arrivals = cast(Table, Arrival.__table__)
_copies = cast(Table, BackupCopy.__table__)
_corrections = cast(Table, Correction.__table__)
_faces = cast(Table, Face.__table__)
_findings = cast(Table, Finding.__table__)
_persons = cast(Table, Person.__table__)
_places = cast(Table, Place.__table__)
_runs = cast(Table, StageRun.__table__)

_MANY = 100

Row = Mapping[str, Any]

FLAGS = {
    "is_geocoded": ("geocoded_at", "place looked up", "geocode"),
    "is_thumbnailed": ("thumbnailed_at", "small pictures made", "thumbnail"),
    "is_face_scanned": ("face_scanned_at", "searched for faces", "face"),
    "is_curated": ("curated_at", "curated", "curate"),
    "is_backed_up": ("backed_up_at", "backed up", "backup"),
}
"""Each flag with the column of its time, what it means in words, and its service."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a file; `trouble` where it should not have."""

    at: datetime
    what: str
    trouble: bool = False


@dataclass(frozen=True)
class Detail:
    """One asset and what belongs to it; rows are columns by their names."""

    asset: Row
    place: Row | None
    people: tuple[Row, ...]
    neighbours: tuple[Row, ...]
    parked: tuple[Row, ...]
    corrections: tuple[Row, ...]
    history: tuple[Event, ...]

    @property
    def key(self) -> tuple[datetime, uuid.UUID]:
        """Its place in the order of the gallery."""
        return self.asset["captured_at"], self.asset["id"]


def detail(engine: Engine, asset_id: uuid.UUID) -> Detail | None:
    """All about one asset; None where there is none of this id."""
    with away(), reading(engine) as connection:
        found = _rows(connection, select(_assets).where(_assets.c.id == asset_id))
        if not found:
            return None
        asset = found[0]
        of_place = select(_places).where(_places.c.id == asset["place_id"])
        places = _rows(connection, of_place) if asset["place_id"] else ()
        runs = _of(connection, _runs, asset_id)
        corrections = _of(connection, _corrections, asset_id)
        history = (
            *_begin(asset, _of(connection, _arrivals, asset_id)),
            *_stages(asset, runs),
            *_copied(_of(connection, _copies, asset_id)),
            *_found(_of(connection, _findings, asset_id)),
            *_corrected(corrections),
        )
        return Detail(
            asset=asset,
            place=places[0] if places else None,
            people=_people(connection, asset_id),
            neighbours=_neighbours(connection, asset),
            parked=tuple(run for run in runs if run["parked_at"]),
            corrections=tuple(sorted(corrections, key=lambda one: -one["id"])),
            # Within a second the order of the steps is the order here, not that of their rows.
            history=tuple(sorted(history, key=lambda event: event.at.replace(microsecond=0))),
        )


def original_of(engine: Engine, asset_id: uuid.UUID) -> tuple[str, str]:
    """Where an asset is archived, and the name it came by; PhotoFactoryError where it is not."""
    columns = (_assets.c.final_path, _assets.c.original_name)
    with away(), reading(engine) as connection:
        found = connection.execute(select(*columns).where(_assets.c.id == asset_id)).first()
    if found is None:
        raise PhotoFactoryError(f"there is no asset {asset_id}")
    return found.final_path, found.original_name


def _rows(connection: Connection, query: Any) -> tuple[Row, ...]:
    return tuple(dict(row._mapping) for row in connection.execute(query))


def _of(connection: Connection, table: Table, asset_id: uuid.UUID) -> tuple[Row, ...]:
    return _rows(connection, select(table).where(table.c.asset_id == asset_id).limit(_MANY))


def _people(connection: Connection, asset_id: uuid.UUID) -> tuple[Row, ...]:
    query = (
        select(_persons.c.id, _persons.c.name)
        .join(_faces, _faces.c.person_id == _persons.c.id)
        .where(_faces.c.asset_id == asset_id, _faces.c.is_face)
        .distinct()
    )
    return tuple(sorted(_rows(connection, query), key=lambda one: one["name"] or "~"))


def _neighbours(connection: Connection, asset: Row) -> tuple[Row, ...]:
    if asset["group_id"] is None:
        return ()
    names = ("id", "original_name", "final_path", "file_hash", "media_type", "mime_type")
    columns = [_assets.c[name] for name in (*names, "size_bytes", "is_thumbnailed", "duration_s")]
    query = select(*columns).where(_assets.c.group_id == asset["group_id"])
    others = query.where(_assets.c.id != asset["id"]).order_by(_assets.c.original_name)
    return _rows(connection, others.limit(_MANY))


def _begin(asset: Row, arrivals: Sequence[Row]) -> list[Event]:
    """From the inbox into the archive."""
    events = []
    if asset["ingested_at"]:
        events.append(Event(asset["ingested_at"], f"filed as {asset['final_path']}"))
    for row in arrivals:
        of = f" from {row['source_device']}" if row["source_device"] else ""
        events.insert(0, Event(row["first_seen_at"], f"seen in the inbox{of}: {row['path']}"))
        if row["settled_at"] and row["state"] == "duplicate":
            events.append(Event(row["settled_at"], "came again: a copy of what is kept"))
        if row["removed_at"]:
            events.append(Event(row["removed_at"], "taken out of the inbox"))
    if asset["verified_at"] and asset["verified_at"] != asset["ingested_at"]:
        events.append(Event(asset["verified_at"], "read again and found right"))
    return events


def _stages(asset: Row, runs: Sequence[Row]) -> list[Event]:
    """What the add-ons did with it."""
    events = [
        Event(asset[at], what) for flag, (at, what, _) in FLAGS.items() if asset[flag] and asset[at]
    ]
    for run in runs:
        if run["parked_at"]:
            said = f"{run['stage']} gave up: {run['last_error']}"
            events.append(Event(run["parked_at"], said, trouble=True))
    return events


def _copied(copies: Sequence[Row]) -> list[Event]:
    events = []
    for row in copies:
        events.append(Event(row["copied_at"], f"copied to {row['target']}"))
        if row["verified_at"]:
            how = f" ({row['verified_how']})" if row["verified_how"] else ""
            events.append(Event(row["verified_at"], f"copy on {row['target']} verified{how}"))
        if row["problem"]:
            said = f"copy on {row['target']}: {row['problem']}"
            events.append(Event(row["verified_at"] or row["copied_at"], said, trouble=True))
    return events


def _found(findings: Sequence[Row]) -> list[Event]:
    events = []
    for row in findings:
        events.append(Event(row["found_at"], f"found {row['kind']}: {row['message']}", True))
        if row["repaired_at"]:
            source = row["repaired_from"] or "a copy"
            events.append(Event(row["repaired_at"], f"repaired from {source}"))
    return events


def _corrected(corrections: Sequence[Row]) -> list[Event]:
    events = []
    for row in corrections:
        what = "date" if row["captured_at"] else "place"
        asked = "asked to undo a correction" if row["undoes"] else f"{what} corrected"
        events.append(Event(row["asked_at"], f"{asked} by {row['asked_by']}"))
        if row["applied_at"]:
            said = f"not re-filed: {row['problem']}" if row["problem"] else "re-filed"
            events.append(Event(row["applied_at"], said, trouble=bool(row["problem"])))
    return events
