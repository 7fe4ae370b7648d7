"""The household's rules for reading clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DatePolicy:
    """How dates are to be judged.

    `timezone` is the household's IANA zone. `camera_clocks` maps a model, or make and model, to how
    that camera's video clock is to be read: "utc", "local", an IANA zone or "+02:00". A date later
    than `now` (aware UTC) by more than 36 hours is "in the future".
    """

    timezone: str
    camera_clocks: Mapping[str, str]
    now: datetime
