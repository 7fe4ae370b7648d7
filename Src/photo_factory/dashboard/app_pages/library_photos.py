"""The gallery: photos by day, months by year, and what can be done to several at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.app_pages import library_address as address
from photo_factory.dashboard.app_pages import library_bar, library_correct, library_tiles
from photo_factory.dashboard.app_pages.acts import count
from photo_factory.dashboard.app_pages.library_tiles import by_day, drawn
from photo_factory.dashboard.components import gallery
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import library, timeline
from photo_factory.dashboard.queries.filters import Filters
from photo_factory.dashboard.queries.library import Page

SIZE = 60
"""Tiles on a page."""

_KEY = "library_gallery"
_COUNT_S = 60
_YEARS_S = 60


@st.cache_data(ttl=_COUNT_S, show_spinner=False, max_entries=500)
def counted(chosen: Filters) -> int:
    """How many match, kept for a minute."""
    return library.count(context().engine, chosen)


@st.cache_data(ttl=_YEARS_S, show_spinner=False, refresh_mode="background")
def years() -> tuple[timeline.Year, ...]:
    """How much was taken on each day; kept for a minute, and then looked up behind the scenes."""
    return timeline.years(context().engine)


def draw() -> None:
    """The page without an open photo."""
    chosen = address.filters()
    with st.container(horizontal=True, vertical_alignment="bottom", key="library_top"):
        st.title("Library")
        _draw_views()
    if address.view() == "years":
        _draw_years()
        return
    library_bar.draw(chosen)
    _draw_day_bar(chosen)
    at, towards = address.place()
    page = library.page(context().engine, chosen, at, towards, SIZE)
    if not page.tiles:
        _draw_nothing(chosen)
        return
    _draw_page(page, chosen)


def _draw_views() -> None:
    st.session_state["library_view"] = address.view()
    st.segmented_control(
        "View", ["photos", "years"], key="library_view", label_visibility="collapsed",
        format_func={"photos": "Photos", "years": "Years"}.__getitem__,
        on_change=lambda: address.show_view(st.session_state["library_view"] or "photos"),
    )  # fmt: skip


def _draw_nothing(chosen: Filters) -> None:
    if chosen.active:
        st.info("Nothing matches all of this. Drop a filter above.", icon=":material/filter_alt:")
        return
    st.info(
        f"No photos yet. Copy some into `{context().paths.inbox}`, into a folder named for their "
        "phone or camera, or let a phone send them (docs/SYNCTHING.md). As soon as the Librarian "
        "has filed them they are shown here.",
        icon=":material/photo_camera:",
    )


def _draw_day_bar(chosen: Filters) -> None:
    """On a day's page: the days beside it."""
    if chosen.first is None or chosen.first != chosen.last:
        return
    before, after = library.day_beside(context().engine, chosen.first)
    with st.container(horizontal=True, vertical_alignment="center"):
        _day_button(before, "library_day_before", ":material/arrow_back:", chosen)
        st.subheader(f"{chosen.first:%A, %-d %B %Y}", anchor=False, width="content")
        _day_button(after, "library_day_after", ":material/arrow_forward:", chosen)


def _day_button(day: date | None, key: str, icon: str, chosen: Filters) -> None:
    label = f"{day:%-d %b %Y}" if day else "none"
    wanted = replace(chosen, first=day, last=day)
    st.button(
        label, key=key, icon=icon, disabled=day is None, on_click=address.show, args=(wanted,),
        icon_position="right" if key.endswith("after") else "left",
    )  # fmt: skip


def _draw_page(page: Page, chosen: Filters) -> None:
    selecting = _draw_top(chosen)
    selected: list[str] = list(_state("selected") or []) if selecting else []
    if selecting:
        shown = {str(tile.id) for tile in page.tiles}
        library_correct.draw_several([uuid.UUID(one) for one in selected if one in shown])
    gallery(
        key=_KEY,
        data={"sections": by_day(page.tiles), "selecting": selecting, "selected": selected},
        on_open_change=_when("open", address.open_asset),
        on_heading_change=_when("heading", _show_day),
        on_selected_change=lambda: None,
    )
    _draw_turning(page)


def _draw_top(chosen: Filters) -> bool:
    """How many there are, and whether several are being chosen."""
    number = counted(chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        more = number > library.COUNTED
        st.caption(
            f"more than {library.COUNTED:,} photos and videos"
            if more
            else count(number, "photo or video", "photos and videos"),
            width="stretch",
        )
        if not access.may_act():
            return False
        return st.toggle("Select several", key="library_selecting")


def _draw_turning(page: Page) -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        for key, label, icon, towards in (
            (page.newer, "Newer", ":material/chevron_left:", "newer"),
            (page.older, "Older", ":material/chevron_right:", "older"),
        ):
            st.button(
                label, key=f"library_{towards}", icon=icon, disabled=key is None,
                on_click=address.turn, args=(key, towards),
                icon_position="right" if towards == "older" else "left",
            )  # fmt: skip


def _state(name: str) -> Any:
    return getattr(st.session_state.get(_KEY), name, None)


def _when(name: str, then: Callable[[str], None]) -> Callable[[], None]:
    def happened() -> None:
        if value := _state(name):
            then(value)

    return happened


def _show_day(day: str) -> None:
    asked = date.fromisoformat(day)
    address.show(replace(address.filters(), first=asked, last=asked, box=None))


def _draw_years() -> None:
    found = [year for year in years() if year.total]
    if not found:
        _draw_nothing(Filters())
        return
    gallery(
        key="library_years",
        data={"sections": [_year(year) for year in found], "months": True},
        on_open_change=_open_month,
    )


@st.cache_data(ttl=600, show_spinner=False, max_entries=200)
def _samples(year: int) -> dict[int, library.Tile]:
    return library.month_samples(context().engine, year)


def _year(year: timeline.Year) -> dict[str, Any]:
    samples = _samples(year.year)
    numbers = year.months()
    tiles = [
        {
            **drawn(samples[month]),
            "id": f"{year.year}-{month:02d}",
            "label": f"{date(year.year, month, 1):%B %Y}, {numbers.get(month, 0):,}",
            "caption": f"{date(year.year, month, 1):%B}",
            "note": f"{numbers.get(month, 0):,}",
        }
        for month in sorted(samples, reverse=True)
    ]
    return {"title": str(year.year), "note": library_tiles.told(year), "tiles": tiles}


def _open_month() -> None:
    asked = getattr(st.session_state.get("library_years"), "open", None)
    if asked:
        year, month = map(int, asked.split("-"))
        address.show(address.of_month(year, month))
