"""Rows as the Librarian would write them, for tests that only care about some columns."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime
from typing import Any

_numbers = itertools.count(1)


def an_asset(**given: Any) -> dict[str, Any]:
    """A photo of its own."""
    number = next(_numbers)
    return {
        "id": uuid.uuid4(),
        "file_hash": f"{number:064x}",
        "original_name": f"IMG_{number}.jpg",
        "original_path": f"pixel-7/IMG_{number}.jpg",
        "final_path": f"Storage/Originals/2024/2024-05-01/IMG_{number}.jpg",
        "size_bytes": 1000,
        "media_type": "image",
        "captured_at": datetime(2024, 5, 1, 10, 30),
        "captured_at_source": "exif",
        "captured_at_confidence": 0.95,
        "source_device": "pixel-7",
        "ingested_at": datetime(2026, 11, 21, 12, tzinfo=UTC),
        **given,
    }


def an_arrival(**given: Any) -> dict[str, Any]:
    """A file of its own, held in the inbox."""
    number = next(_numbers)
    return {
        "fingerprint": number,
        "path": f"pixel-7/IMG_{number}.jpg",
        "name": f"IMG_{number}.jpg",
        "size_bytes": 1000,
        "mtime_ns": 1_700_000_000_000_000_000,
        "inode": number,
        "state": "held",
        "first_seen_at": datetime(2026, 11, 21, 12, tzinfo=UTC),
        **given,
    }
