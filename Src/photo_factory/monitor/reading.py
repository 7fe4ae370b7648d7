"""What a probe is given, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from photo_factory.shared.heartbeat_service import Status
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings


@dataclass(frozen=True)
class Watch:
    """What is looked after."""

    settings: Settings
    paths: Paths
    engine: Engine


@dataclass(frozen=True)
class Reading:
    """What a probe found: a state, what it looked at, what a person should know, the figures."""

    status: Status
    task: str
    message: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
