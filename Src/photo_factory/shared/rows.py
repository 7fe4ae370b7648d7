"""A filed photo as one ledger row, in the form the database takes and the form files keep."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

Row = dict[str, Any]

COLUMNS = (
    "id", "file_hash", "original_name", "original_path", "final_path", "size_bytes", "media_type",
    "mime_type", "width", "height", "duration_s", "camera_make", "camera_model", "captured_at",
    "captured_utc_offset", "captured_at_source", "captured_at_confidence", "location", "evidence",
    "source_device", "content_identifier", "group_id", "group_key", "is_ingested", "ingested_at",
    "verified_at", "has_errors", "error_message", "created_at",
)  # fmt: skip
"""What the Librarian writes of `media_assets`, in the ledger and in day folders: what the add-ons
made of an asset may be out of date by the time the folders are read."""

_TIMES = (
    "captured_at",
    "ingested_at",
    "verified_at",
    "created_at",
    "first_seen_at",
    "settled_at",
    "removed_at",
)
_IDENTITIES = ("id", "group_id", "asset_id")


def to_json(row: Row) -> str:
    """One line of ASCII JSON: times as ISO 8601, identities as text."""
    return json.dumps(row, default=_as_text, separators=(",", ":"))


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not belong into a ledger row")


def from_json(line: str | bytes) -> Row:
    """The asset row of one line; ValueError when the line is torn or something else."""
    row = json.loads(line)
    if not isinstance(row, dict) or "file_hash" not in row or "final_path" not in row:
        raise ValueError("not a row of media_assets")
    return typed(row)


def typed(row: Row) -> Row:
    """A row read from JSON with its times and identities restored."""
    for name in _TIMES:
        if row.get(name):
            row[name] = datetime.fromisoformat(row[name])
    for name in _IDENTITIES:
        if row.get(name):
            row[name] = uuid.UUID(row[name])
    return row
