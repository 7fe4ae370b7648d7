"""Correct a date or a place: of one photo, or the clock of several."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.actions import library as acts_library
from photo_factory.dashboard.actions.library import Said
from photo_factory.dashboard.app_pages import acts
from photo_factory.dashboard.app_pages.acts import count
from photo_factory.dashboard.context import context
from photo_factory.dashboard.widgets import inside

_POSITION = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)\s*")
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")

ASKED = "Asked; the Librarian re-files it."


def draw_buttons(asset: Mapping[str, Any]) -> None:
    """The ways to correct one photo."""
    if st.button("Correct date", icon=":material/edit_calendar:", key="correct_date"):
        _ask_date(asset)
    if st.button("Correct place", icon=":material/edit_location_alt:", key="correct_place"):
        _ask_place(asset)


@st.dialog("Correct the date", icon=":material/edit_calendar:")
@inside
def _ask_date(asset: Mapping[str, Any]) -> None:
    now: datetime = asset["captured_at"]
    st.caption("The wall clock where it was taken. The file is moved to that day, and not changed.")
    left, right = st.columns(2)
    day = left.date_input(
        "Day", now.date(), min_value=datetime(1826, 1, 1), max_value=datetime(2200, 1, 1),
        format="YYYY-MM-DD",
    )  # fmt: skip
    clock = right.text_input("Time", f"{now:%H:%M:%S}", help="hours:minutes:seconds")
    offset = st.text_input(
        "Distance from UTC", asset["captured_utc_offset"] or "", placeholder="+02:00",
        help="Where it is known; leave it empty otherwise",
    ).strip()  # fmt: skip
    moment = _moment(day, clock)
    if moment is None:
        st.error("A time is written 17:05 or 17:05:30.")
    if offset and not _OFFSET.fullmatch(offset):
        st.error("A distance from UTC is written +02:00.")
        moment = None
    if st.button("Correct", type="primary", disabled=moment is None, key="correct_date_go"):
        told: Said = {"captured_at": moment, "captured_utc_offset": offset or None}
        acts.do(partial(_correct, asset["id"], told))
        st.rerun()


def _moment(day: Any, clock: str) -> datetime | None:
    for shape in ("%H:%M:%S", "%H:%M"):
        try:
            return datetime.combine(day, datetime.strptime(clock.strip(), shape).time())
        except (ValueError, TypeError):
            continue
    return None


@st.dialog("Correct the place", icon=":material/edit_location_alt:")
@inside
def _ask_place(asset: Mapping[str, Any]) -> None:
    now = asset["location"]
    given = st.text_input(
        "Latitude, longitude", f"{now['lat']}, {now['lon']}" if now else "",
        placeholder="50.1109, 8.6821", help="Degrees; south and west are negative",
    )  # fmt: skip
    location = _position(given)
    if given.strip() and location is None:
        st.error("Write a position as 50.1109, 8.6821: degrees north, then degrees east.")
    if st.button("Correct", type="primary", disabled=location is None, key="correct_place_go"):
        acts.do(partial(_correct, asset["id"], {"location": location, "changes_location": True}))
        st.rerun()
    if now and st.button("It has no place: remove it", key="correct_place_none"):
        acts.do(partial(_correct, asset["id"], {"location": None, "changes_location": True}))
        st.rerun()


def _position(given: str) -> dict[str, float] | None:
    found = _POSITION.fullmatch(given)
    if not found:
        return None
    latitude, longitude = float(found[1]), float(found[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return {"lat": latitude, "lon": longitude}


def _correct(asset_id: uuid.UUID, told: Said) -> str:
    acts_library.correct(context(), access.actor(), asset_id, **told)
    return ASKED


def undo(correction_id: int) -> None:
    """Called by a button: ask for what was there before."""

    def act() -> str:
        acts_library.undo(context(), access.actor(), correction_id)
        return "Asked to undo it; the Librarian re-files it."

    acts.do(act)


def retry(ids: Sequence[uuid.UUID]) -> None:
    """Called by a button: let what was given up be tried again."""

    def act() -> str:
        number = acts_library.retry(context(), access.actor(), ids)
        return f"{count(number, 'run')} will be tried again." if number else "Nothing has failed."

    acts.do(act)


def redo_thumbnails(ids: Sequence[uuid.UUID]) -> None:
    """Called by a button: have the small pictures made once more."""

    def act() -> str:
        number = acts_library.redo_thumbnails(context(), access.actor(), ids)
        return f"{count(number, 'thumbnail')} will be made again."

    acts.do(act)


def draw_several(ids: Sequence[uuid.UUID]) -> None:
    """What can be done to those that are selected."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{count(len(ids), 'photo')}** selected", width="stretch")
        none = not ids
        if st.button("Shift date", icon=":material/more_time:", disabled=none, key="several_shift"):
            _ask_shift(ids)
        st.button(
            "Retry", icon=":material/refresh:", disabled=none, key="several_retry",
            help="Try again what services gave up on", on_click=retry, args=(ids,),
        )  # fmt: skip
        st.button(
            "Redo thumbnails", icon=":material/image:", disabled=none, key="several_redo",
            on_click=redo_thumbnails, args=(ids,),
        )  # fmt: skip


@st.dialog("Shift the date", icon=":material/more_time:")
@inside
def _ask_shift(ids: Sequence[uuid.UUID]) -> None:
    st.caption("For a camera whose clock was wrong: later is positive, earlier negative.")
    days, hours, minutes = st.columns(3)
    by = timedelta(
        days=days.number_input("Days", -36500, 36500, 0, key="shift_days"),
        hours=hours.number_input("Hours", -23, 23, 0, key="shift_hours"),
        minutes=minutes.number_input("Minutes", -59, 59, 0, key="shift_minutes"),
    )
    label = f"Shift {count(len(ids), 'date')}"
    if st.button(label, type="primary", disabled=not by, key="shift_go"):
        acts.do(partial(_shift, ids, by))
        st.rerun()


def _shift(ids: Sequence[uuid.UUID], by: timedelta) -> str:
    number = acts_library.shift(context(), access.actor(), ids, by)
    return f"Asked for {count(number, 'correction')}; the Librarian re-files them."
