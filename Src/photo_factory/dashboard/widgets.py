"""What several pages draw alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError

COLOURS = {"OK": "green", "WARNING": "orange", "ERROR": "red", "SILENT": "red", "UNKNOWN": "gray"}
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
    seconds = (clock.now() - moment.astimezone(UTC)).total_seconds()
    for name, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name} ago"
    return f"{max(seconds, 0):.0f} s ago"


def live(draw: Callable[[], None]) -> None:
    """Draw this part now, and again whenever the viewer's interval is over, without the rest."""

    def drawn() -> None:
        if access.visitor() is None:  # the session ended while the page stood open
            st.rerun()
        draw()

    st.fragment(drawn, run_every=st.session_state.get(INTERVAL))()


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
