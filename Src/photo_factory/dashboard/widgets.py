"""What several pages draw alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from functools import wraps
from typing import ParamSpec
from zoneinfo import ZoneInfo

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.sizes import bytes_text, duration_text

Asked = ParamSpec("Asked")

__all__ = [
    "COLOURS", "INTERVAL", "age", "badge", "bytes_text", "duration_text", "inside", "live",
    "midnight", "what_can_be_had", "when", "zone",
]  # fmt: skip

COLOURS = {
    "OK": "green", "WARNING": "orange", "ERROR": "red", "SILENT": "red", "UNKNOWN": "gray",
    "STARTING": "blue", "STOPPED": "gray",
}  # fmt: skip
"""Each state has its colour, and is always shown by its word as well."""

INTERVAL = "refresh_seconds"
"""The key in the session under which the viewer's choice stands; None: paused."""


def badge(state: str) -> str:
    """A state as Markdown: its word on its colour."""
    return f":{COLOURS.get(state, 'gray')}-badge[{state}]"


def zone() -> ZoneInfo:
    """The viewer's zone, as the browser tells it."""
    return ZoneInfo(st.context.timezone or "UTC")


def when(moment: datetime | None) -> str:
    """A moment in the viewer's zone, with its age beside it."""
    if moment is None:
        return "never"
    return f"{moment.astimezone(zone()):%Y-%m-%d %H:%M} ({age(moment)})"


def age(moment: datetime) -> str:
    """How long ago that was, such as `3 min ago`."""
    return f"{duration_text((clock.now() - moment.astimezone(UTC)).total_seconds())} ago"


def midnight() -> datetime:
    """When the viewer's day began, in UTC."""
    return datetime.combine(clock.now().astimezone(zone()).date(), time(), zone()).astimezone(UTC)


def inside(draw: Callable[Asked, None]) -> Callable[Asked, None]:
    """What is drawn by itself, as a fragment or a dialog, and for nobody whose session ended."""

    @wraps(draw)
    def drawn(*args: Asked.args, **kwargs: Asked.kwargs) -> None:
        if access.visitor() is None:  # the session ended while the page stood open
            st.rerun()
        draw(*args, **kwargs)

    return drawn


def live(draw: Callable[[], None]) -> None:
    """Draw this part now, and again whenever the viewer's interval is over, without the rest."""
    st.fragment(inside(draw), run_every=st.session_state.get(INTERVAL))()


@contextmanager
def what_can_be_had(what: str) -> Iterator[None]:
    """Draw what is there; where the ledger or a folder is away say so, and since when."""
    try:
        yield
        st.session_state.get("away", {}).pop(what, None)
    except (PhotoFactoryError, OSError) as error:
        since = st.session_state.setdefault("away", {}).setdefault(what, clock.now())
        st.warning(
            f"{what} cannot be shown since {when(since)}: {error}", icon=":material/cloud_off:"
        )
