"""Times of day as settings give them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_TIME = r"([01]\d|2[0-3]):[0-5]\d"


def _time_of_day(text: str) -> str:
    if text == "never":
        return ""
    if not re.fullmatch(_TIME, text):
        raise ValueError(f"{text!r} is no time of day such as 03:30, nor never")
    return text


def _span(text: str) -> str:
    if text and not re.fullmatch(f"{_TIME}-{_TIME}", text):
        raise ValueError(f"{text!r} is no span of hours such as 22:00-07:00")
    return text


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
"""HH:MM, or empty for never."""

Span = Annotated[str, AfterValidator(_span)]
"""HH:MM-HH:MM, over midnight where the second is earlier; or empty."""
