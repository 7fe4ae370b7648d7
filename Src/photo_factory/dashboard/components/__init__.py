"""The parts that Streamlit has no widget for: a gallery, a map, a calendar. All is shipped here."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import streamlit as st

_HERE = resources.files(__name__)


def _text(name: str) -> str:
    return _HERE.joinpath(name).read_text("utf-8")


gallery = st.components.v2.component(
    "photo_factory_gallery",
    html='<div class="gallery"></div>',
    css=_text("gallery.css"),
    js=_text("gallery.js"),
)
"""Sections of tiles; triggers `open` and `heading`, state `selected`."""

calendar = st.components.v2.component(
    "photo_factory_calendar",
    html='<div class="calendar"></div>',
    css=_text("calendar.css"),
    js=_text("calendar.js"),
)
"""A year a row, a square a day; trigger `day`."""

_atlas = st.components.v2.component(
    "photo_factory_atlas",
    js=_text("leaflet.js") + "\n" + _text("atlas.js"),
)
_globe = st.components.v2.component(
    "photo_factory_map",
    html='<div class="map" role="application" aria-label="Map"></div>',
    css=_text("leaflet.css") + "\n" + _text("map.css"),
    js=_text("map.js"),
)


@cache
def _outlines() -> str:
    return (
        resources.files("photo_factory.dashboard.outlines").joinpath("countries.json").read_text()
    )


def globe(*, key: str, data: dict[str, Any], height: int, **events: Any) -> Any:
    """A map of clusters; trigger `open` (a box), state `view` (a box and the zoom).

    The outlines and what draws them are half a megabyte. They stand in an element of their own
    that never changes, so that a browser gets them once and not with every new view.
    """
    _atlas(key=f"{key}-atlas", data={"outlines": _outlines()}, height=1)
    return _globe(key=key, data=data, height=height, **events)
