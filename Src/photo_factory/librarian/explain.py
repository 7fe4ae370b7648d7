"""`explain`: why a file has the date and the place it has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, or_, select

from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.media.facts import DatePolicy, Facts, extract
from photo_factory.shared.media.groups import stem_key
from photo_factory.shared.settings import Settings

Explanation = dict[str, Any]

SHORTEST = 4
"""Digits of an id or a hash that are asked for at the least."""

_SIDECAR_ENDINGS = (".xmp", ".aae", ".json")


def explain_file(path: Path, settings: Settings) -> Explanation:
    """Read a file now, with the sidecars beside it."""
    policy = DatePolicy(settings.timezone, dict(settings.camera_clocks), clock.now())
    try:
        facts = extract(str(path), sidecars=_sidecars_beside(path), policy=policy)
    except ValueError as error:
        raise PhotoFactoryError(f"{path}: {error}") from None
    except OSError as error:
        raise PhotoFactoryError(f"{path}: {error.strerror}") from None
    return _of_facts(path, facts)


def explain_asset(engine: Engine, named: str) -> Explanation:
    """What the ledger knows of an asset, named by its id, its hash or the start of either."""
    if len(named) < SHORTEST:
        raise PhotoFactoryError(f"{named!r} is no file; of an id or a hash give {SHORTEST} digits")
    with away(), reading(engine) as connection:
        found = connection.execute(select(MediaAsset.__table__).where(_is_named(named))).all()
    if not found:
        raise PhotoFactoryError(f"{named}: no such file, and no asset has this id or hash")
    if len(found) > 1:
        raise PhotoFactoryError(f"{named}: {len(found)} assets begin so; give more of it")
    return _of_row(dict(found[0]._mapping))


def _is_named(named: str) -> Any:
    digits = named.lower().replace("-", "")
    by_hash = MediaAsset.file_hash.startswith(digits, autoescape=True)
    try:  # all ids that begin so lie between the prefix filled up with 0 and with f
        first, last = (UUID(digits.ljust(32, end)) for end in "0f")
    except ValueError:
        return by_hash
    return or_(MediaAsset.id.between(first, last), by_hash)


def _sidecars_beside(path: Path) -> list[str]:
    key = stem_key(path.name)
    with os.scandir(path.parent) as entries:
        return [
            entry.path
            for entry in entries
            if entry.name != path.name
            and entry.name.lower().endswith(_SIDECAR_ENDINGS)
            and stem_key(entry.name) == key
        ]


def _of_facts(path: Path, facts: Facts) -> Explanation:
    return {
        "file": str(path),
        "kind": facts.kind.mime_type,
        "captured_at": facts.captured_at.isoformat(),
        "captured_utc_offset": facts.captured_utc_offset,
        "captured_at_source": facts.captured_at_source,
        "captured_at_confidence": facts.captured_at_confidence,
        "location": facts.location,
        "evidence": facts.evidence,
        "errors": list(facts.errors),
    }


def _of_row(row: dict[str, Any]) -> Explanation:
    return {
        "id": str(row["id"]),
        "file": row["final_path"],
        "kind": row["mime_type"],
        "captured_at": row["captured_at"].isoformat(),
        "captured_utc_offset": row["captured_utc_offset"],
        "captured_at_source": row["captured_at_source"],
        "captured_at_confidence": row["captured_at_confidence"],
        "location": row["location"],
        "evidence": row["evidence"],
        "errors": [row["error_message"]] if row["error_message"] else [],
    }
