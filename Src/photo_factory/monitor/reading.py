"""What a probe is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from photo_factory.shared.heartbeat_service import Status
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

Samples = Callable[[str, float, datetime], list[tuple[datetime, float]]]
"""Notes a figure under a name; all that is kept of it, oldest first."""


@dataclass(frozen=True)
class Watch:
    """What is looked after."""

    settings: Settings
    paths: Paths
    engine: Engine
    samples: Samples = lambda _name, value, at: [(at, value)]


@dataclass(frozen=True)
class Reading:
    """What a probe found: a state, what it looked at, what a person should know, the figures."""

    status: Status
    task: str
    message: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
