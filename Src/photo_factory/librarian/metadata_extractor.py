"""What new files say of themselves, read in child processes, as rows of the ledger."""

from __future__ import annotations

import os
from collections.abc import Sequence
from uuid import uuid4

from photo_factory.librarian.arrivals import printable
from photo_factory.librarian.batch import Item, Reading, slices
from photo_factory.librarian.groups import group_key
from photo_factory.shared import clock
from photo_factory.shared.files import naming
from photo_factory.shared.media.child import MODULES, extract_beside
from photo_factory.shared.media.facts import DatePolicy, Facts, extract_without_parsing
from photo_factory.shared.media.groups import stem_key
from photo_factory.shared.media.sandbox import Sandbox
from photo_factory.shared.rows import Row
from photo_factory.shared.settings import Settings


class MetadataExtractor:
    """Reads batches; what a hostile file does to its child process stays in that process."""

    def __init__(self, settings: Settings) -> None:
        self._timezone = settings.timezone
        self._camera_clocks = dict(settings.camera_clocks)
        self._sandbox = Sandbox(
            workers=settings.workers,
            timeout_s=settings.parser_timeout,
            memory_mib=settings.parser_memory,
            preload=MODULES,
        )

    def close(self) -> None:
        """End the child processes."""
        self._sandbox.close()

    def start(self, items: Sequence[Item], earlier_sidecars: dict[str, list[str]]) -> list[Reading]:
        """Begin to read files; `earlier_sidecars` are archived ones by group key."""
        policy = DatePolicy(self._timezone, self._camera_clocks, clock.now())
        sidecars = _sidecars_by_group(items)
        readings = []
        for share in slices(items, files=16, size=64 << 20):
            jobs = [
                (item.arrival.path, _beside(item, sidecars, earlier_sidecars), policy)
                for item in share
            ]
            with naming("the child processes that read metadata (they need this Python)"):
                readings.append((share, self._sandbox.map(extract_beside, jobs)))
        return readings

    def finish(self, readings: Sequence[Reading]) -> None:
        """Put the facts into the items; OSError ends an item, damage is among its facts."""
        policy = DatePolicy(self._timezone, self._camera_clocks, clock.now())
        for share, future in readings:
            for item, outcome in zip(share, future.result(), strict=True):
                if isinstance(outcome, Facts):
                    item.facts = outcome
                elif isinstance(outcome, Exception):
                    _read_without_parsing(item, policy, outcome)


def _read_without_parsing(item: Item, policy: DatePolicy, why: Exception) -> None:
    reason = f"its metadata could not be read: {why or type(why).__name__}"
    try:
        item.facts = extract_without_parsing(
            item.arrival.path, name=item.arrival.name, policy=policy, error=reason
        )
    except OSError as error:
        item.end_for_refusal(error)


def key_of(item: Item) -> str:
    """The group key of an item."""
    return group_key(os.path.dirname(item.arrival.shown_path), item.arrival.name)


def _sidecars_by_group(items: Sequence[Item]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for item in items:
        if item.kind and item.kind.media_type == "sidecar":
            found.setdefault(_place_and_stem(item), []).append(item.arrival.path)
    return found


def _place_and_stem(item: Item) -> tuple[str, str]:
    return item.arrival.folder, stem_key(item.arrival.name)


def _beside(
    item: Item, sidecars: dict[tuple[str, str], list[str]], earlier: dict[str, list[str]]
) -> list[str]:
    if item.kind and item.kind.media_type == "sidecar":
        return []
    found = sidecars.get(_place_and_stem(item), []) if sidecars else []
    return found + (earlier.get(key_of(item), []) if earlier else [])


def asset_row(item: Item) -> Row:
    """The row of `media_assets` for a read item, still without a final path and a group."""
    facts = item.facts
    assert facts
    now = clock.now()
    notes = [note for note in (item.note,) if note]
    return {
        "id": uuid4(),
        "file_hash": item.file_hash,
        "original_name": printable(item.arrival.name),
        "original_path": item.arrival.shown_path,
        "final_path": "",
        "size_bytes": item.arrival.size,
        "media_type": facts.kind.media_type,
        "mime_type": facts.kind.mime_type,
        "width": facts.width,
        "height": facts.height,
        "duration_s": facts.duration_s,
        "camera_make": facts.camera_make,
        "camera_model": facts.camera_model,
        "captured_at": facts.captured_at,
        "captured_utc_offset": facts.captured_utc_offset,
        "captured_at_source": facts.captured_at_source,
        "captured_at_confidence": facts.captured_at_confidence,
        "location": facts.location,
        "evidence": {**facts.evidence, "notes": [*facts.evidence.get("notes", []), *notes]},
        "source_device": item.arrival.source_device,
        "content_identifier": facts.content_identifier,
        "group_id": None,
        "group_key": key_of(item),
        "is_ingested": True,
        "ingested_at": now,
        "verified_at": now,
        "has_errors": bool(facts.errors),
        "error_message": "; ".join(facts.errors) or None,
        "created_at": now,
    }
