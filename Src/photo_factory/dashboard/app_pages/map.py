"""Where photos were taken: clusters on outlines that are shipped, or on tiles by setting."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from photo_factory.dashboard.app_pages import library_address
from photo_factory.dashboard.app_pages.acts import count
from photo_factory.dashboard.components import globe
from photo_factory.dashboard.context import context
from photo_factory.dashboard.pictures import picture_url
from photo_factory.dashboard.queries import map as map_queries
from photo_factory.dashboard.queries.filters import Box, Filters
from photo_factory.dashboard.queries.map import Cluster
from photo_factory.dashboard.widgets import inside, what_can_be_had

_KEY = "map_globe"
_HEIGHT = 620
_WORLD: Box = (-90.0, -180.0, 90.0, 180.0)
_FIRST_ZOOM = 2.0
_PICTURES = 40
"""So many clusters bear a picture, the largest ones."""


@st.cache_data(ttl=120, show_spinner=False, refresh_mode="background")
def positions() -> pd.DataFrame:
    """Every place with its files; kept for two minutes, then looked up behind the scenes."""
    return map_queries.positions(context().engine)


@st.cache_data(ttl=600, show_spinner=False, max_entries=500)
def _sample(place_id: Any) -> str | None:
    return map_queries.samples(context().engine, [place_id]).get(place_id)


def main() -> None:
    """The map, or what to do that there is one."""
    st.title("Map")
    with what_can_be_had("The map"):
        found = positions()
        _draw_notes(found)
        if not found.empty:
            _go()
            st.fragment(inside(_draw))()


def _draw_notes(found: pd.DataFrame) -> None:
    waiting = map_queries.without_a_place_yet(context().engine)
    if found.empty and not waiting:
        st.info(
            "No photo with a position yet. Phones write one where that is allowed in the settings "
            "of their camera; a photo's page has a button to say where it was taken.",
            icon=":material/location_on:",
        )
        return
    files = count(int(found.files.sum()), "photo or video", "photos and videos")
    told = f"{files} in {count(len(found), 'place')}"
    if waiting:
        told += f"; {waiting:,} more have a position that `geocode` has not looked up yet"
    st.caption(told)


def _go() -> None:
    if box := st.session_state.pop("map_box", None):
        wanted = Filters(box=tuple(box)).as_query()
        st.switch_page(library_address.PAGE, query_params=wanted)


def _draw() -> None:
    """What is looked at; drawn anew by itself when the map is moved."""
    if st.session_state.get("map_box"):
        st.rerun()
    found = positions()
    view = getattr(st.session_state.get(_KEY), "view", None) or {}
    box = tuple(view.get("box") or _WORLD)
    shown = map_queries.clusters(found, box, float(view.get("zoom", _FIRST_ZOOM)))
    settings = context().settings
    globe(
        key=_KEY,
        height=_HEIGHT,
        data={
            "height": _HEIGHT - 4,
            "fit": list(map_queries.extent(found)),
            "clusters": [_drawn(one, number) for number, one in enumerate(shown)],
            "tiles": settings.dashboard_tiles,
            "tiles_by": settings.dashboard_tiles.split("/")[2] if settings.dashboard_tiles else "",
        },
        on_view_change=lambda: None,
        on_open_change=_opened,
    )


def _drawn(one: Cluster, number: int) -> dict[str, Any]:
    sample = _sample(one.place_id) if number < _PICTURES else None
    return {
        "lat": one.latitude,
        "lon": one.longitude,
        "files": one.files,
        "label": one.label,
        "box": one.box,
        "src": picture_url(sample, 240) if sample else None,
    }


def _opened() -> None:
    if box := getattr(st.session_state.get(_KEY), "open", None):
        st.session_state["map_box"] = box


if __name__ == "__main__":
    main()
