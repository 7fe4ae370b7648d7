"""Who works on what: assets are claimed, leased, finished, given back or parked.

Every verb is one short transaction against the ledger, and raises LedgerAway when that is away.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    Table,
)

from photo_factory.shared.ledger.models import MediaAsset, StageRun

_assets = cast(Table, MediaAsset.__table__)
_runs = cast(Table, StageRun.__table__)

LONGEST_PAUSE = timedelta(hours=6)
"""The pause between two tries doubles up to this."""

TableRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asset:
    """What a service may know of an asset; a plain value that travels to other processes."""

    id: uuid.UUID
    path: Path
    """Where the original stands on this machine; never to be written to."""
    final_path: str
    """The same as the ledger keeps it, for messages."""
    file_hash: str
    original_name: str
    size_bytes: int
    media_type: str
    mime_type: str | None
    width: int | None
    height: int | None
    duration_s: float | None
    captured_at: datetime
    location: Mapping[str, float] | None


@dataclass(frozen=True)
class Facts:
    """What a service found out about one asset, written in one transaction with its flag.

    `columns` are of `media_assets`. `replaces` are rows of the service's own tables that stand
    in the place of those it wrote for this asset before (their `asset_id` is filled in).
    `adds` are rows that several assets may share; those that exist already are left alone.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    replaces: Mapping[str, Sequence[TableRow]] = field(default_factory=dict)
    adds: Mapping[str, Sequence[TableRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """One asset in the hands of one worker; `number` tells this claim from all others of it."""

    asset: Asset
    number: int
    tries_left: int
