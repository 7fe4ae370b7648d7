"""How an asset looks as a tile."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from photo_factory.dashboard.app_pages.acts import count
from photo_factory.dashboard.pictures import picture_url
from photo_factory.dashboard.queries.library import Tile
from photo_factory.dashboard.queries.timeline import Year

_SIZE = 480
_NARROWEST, _WIDEST = 0.6, 2.6


def drawn(tile: Tile) -> dict[str, Any]:
    """A tile as the gallery's component takes it."""
    return {
        "id": str(tile.id),
        "name": tile.original_name,
        "label": f"{tile.original_name}, {tile.captured_at:%d %B %Y %H:%M}",
        "src": picture_url(tile.file_hash, _SIZE) if tile.is_thumbnailed else None,
        "why": "gave up, see inside" if tile.has_errors else "no thumbnail yet",
        "shape": _shape(tile),
        "badges": list(_badges(tile)),
    }


def by_day(tiles: Sequence[Tile]) -> list[dict[str, Any]]:
    """Sections with a heading a day."""
    return [
        {
            "title": f"{day:%A, %-d %B %Y}",
            "key": day.isoformat(),
            "tiles": [drawn(tile) for tile in some],
        }
        for day, some in groupby(tiles, lambda tile: tile.captured_at.date())
    ]


def _shape(tile: Tile) -> float:
    if not tile.width or not tile.height:
        return 1.0
    return round(min(max(tile.width / tile.height, _NARROWEST), _WIDEST), 3)


def _badges(tile: Tile) -> list[tuple[str, str]]:
    found = []
    if tile.has_errors:
        found.append(("PARKED", "trouble"))
    if tile.badge:
        found.append((tile.badge, ""))
    if tile.media_type == "video":
        found.append((lasting(tile.duration_s), ""))
    return found


def lasting(seconds: float | None) -> str:
    """A duration as players write it."""
    if seconds is None:
        return "VIDEO"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def told(year: Year) -> str:
    """What a year holds, in words."""
    parts = [count(year.images, "photo")] if year.images else []
    parts += [count(year.videos, "video")] if year.videos else []
    return ", ".join(parts) or "nothing"
