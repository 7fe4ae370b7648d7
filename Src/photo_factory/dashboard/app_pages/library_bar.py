"""The filters above the gallery; the address has the truth, and the widgets follow it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from photo_factory.dashboard.app_pages import library_address as address
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import library
from photo_factory.dashboard.queries.filters import FLAGS, KINDS, Filters, Where
from photo_factory.dashboard.queries.library import Choice, Choices

_FIRST_ONES = 6
"""So many choices are one click away; all of them are in the box below."""

_CHOICES_S = 60

_STYLE = """<style>
.st-key-library_top { padding-top: 0.6rem; }
@media (max-width: 640px) {  /* a phone shows photos first, not what else could be chosen */
  .st-key-library_camera_pills button:nth-of-type(n+4),
  .st-key-library_where_pills button:nth-of-type(n+4) { display: none; }
}
</style>"""


@st.cache_data(ttl=_CHOICES_S, show_spinner=False, refresh_mode="background")
def choices() -> Choices:
    """What can be chosen, looked up at most once a minute for everybody."""
    return library.choices(context().engine)


def draw(chosen: Filters) -> None:
    """Cameras and places at once, the rest behind a button, and what is set now."""
    st.html(_STYLE)
    offered = choices()
    _pills("Camera", "camera", offered.cameras, offered.cameras, chosen)
    towns = [one for one in offered.places if one.value.city]
    _pills("Place", "where", towns or offered.places, offered.places, chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("More filters", icon=":material/tune:"):
            _draw_more(offered, chosen)
        _draw_active(offered, chosen)


def _pills(
    label: str, name: str, offered: Sequence[Choice], every: Sequence[Choice], chosen: Filters
) -> None:
    first = list(offered[:_FIRST_ONES])
    now = getattr(chosen, name)
    first += [one for one in every if one.value == now and one not in first]
    if not first:
        return
    labels = {one.value: f"{plain(one.label)} ({one.files:,})" for one in first}
    key = f"library_{name}_pills"
    st.session_state[key] = now if now in labels else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.pills(
            label,
            list(labels),
            format_func=labels.__getitem__,
            key=key,
            on_change=_choose(name, key),
            label_visibility="collapsed",
            wrap=True,
        )


def _choose(name: str, key: str) -> Callable[[], None]:
    def changed() -> None:
        address.show(replace(address.filters(), **{name: st.session_state[key] or None}))

    return changed


def _select(label: str, name: str, labels: dict[Any, str], chosen: Filters) -> None:
    key = f"library_{name}"
    now = getattr(chosen, name)
    if now is not None:
        labels.setdefault(now, str(now))
    st.session_state[key] = now
    st.selectbox(
        label,
        list(labels),
        index=None,
        format_func=labels.__getitem__,
        placeholder="Any",
        key=key,
        on_change=_choose(name, key),
        disabled=not labels,
    )


def _draw_more(offered: Choices, chosen: Filters) -> None:
    _draw_days(chosen)
    left, right = st.columns(2)
    with left:
        _select("Camera", "camera", _labels(offered.cameras), chosen)
        _select("Device", "device", _labels(offered.devices), chosen)
        _select("Kind", "kind", dict(KINDS), chosen)
    with right:
        _select("Place", "where", _places(offered.places), chosen)
        _select("Person", "person", {one.id: one.name for one in offered.persons}, chosen)
        _select("State", "flag", dict(FLAGS), chosen)
    st.session_state["library_name"] = chosen.name or ""
    st.text_input(
        "File name", key="library_name", placeholder="IMG_1234",
        on_change=_choose("name", "library_name"),
    )  # fmt: skip


def _draw_days(chosen: Filters) -> None:
    left, right = st.columns(2)
    for box, label, name in ((left, "From", "first"), (right, "To", "last")):
        key = f"library_{name}"
        st.session_state[key] = getattr(chosen, name)
        box.date_input(
            label, value=None, key=key, on_change=_choose(name, key), format="YYYY-MM-DD",
            min_value=date(1826, 1, 1), max_value=date(2200, 1, 1),
        )  # fmt: skip


def _labels(offered: Sequence[Choice]) -> dict[Any, str]:
    return {one.value: f"{one.label} ({one.files:,})" for one in offered}


def _places(offered: Sequence[Choice]) -> dict[Any, str]:
    """Countries with their states and cities below them."""
    ordered = sorted(
        offered, key=lambda one: (one.value.country_code, one.value.state or "", one.label)
    )
    return {one.value: f"{_indent(one.value)}{one.label} ({one.files:,})" for one in ordered}


def _indent(where: Where) -> str:
    return "   " * ((where.state is not None) + (where.city is not None))


def _draw_active(offered: Choices, chosen: Filters) -> None:
    """What is set, each with a way to drop it."""
    for name in chosen.active:
        label = plain(_told(name, getattr(chosen, name), offered))
        st.button(
            label, key=f"library_drop_{name}", icon=":material/close:", type="tertiary",
            on_click=address.show, args=(chosen.without(name),), help="Drop this filter",
        )  # fmt: skip
    if len(chosen.active) > 1:
        st.button(
            "Clear all", key="library_clear", type="tertiary",
            on_click=address.show, args=(Filters(),),
        )  # fmt: skip


def _told(name: str, value: Any, offered: Choices) -> str:
    if isinstance(value, date):
        return f"{'from' if name == 'first' else 'to'} {value}"
    if isinstance(value, uuid.UUID):
        return next((one.name for one in offered.persons if one.id == value), "a person")
    if name in ("camera", "where"):
        listed = offered.cameras if name == "camera" else offered.places
        found = next((one.label for one in listed if one.value == value), None)
        return found or getattr(value, "label", None) or value.city or value.country_code
    if name == "box":
        return "a part of the map"
    return {**KINDS, **FLAGS}.get(value, f"“{value}”" if name == "name" else str(value))
