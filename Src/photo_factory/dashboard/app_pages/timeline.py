"""How much was taken when: a square a day, a row a year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import plotly.graph_objects as go
import streamlit as st

from photo_factory.dashboard.app_pages import library_address, library_photos, library_tiles
from photo_factory.dashboard.app_pages.acts import count
from photo_factory.dashboard.components import calendar
from photo_factory.dashboard.queries.filters import Filters
from photo_factory.dashboard.queries.timeline import Year, bounds, gaps
from photo_factory.dashboard.widgets import what_can_be_had, zone
from photo_factory.shared import clock

_KEY = "timeline_days"
_PARTS = (("Photos", "images", "#4f9a89"), ("Videos", "videos", "#d9a441"))
_AT_ONCE = 12
"""Years that are drawn at first."""


def main() -> None:
    """Years, the newest first."""
    st.title("Timeline")
    with what_can_be_had("The timeline"):
        found = library_photos.years()
        if not found:
            st.info(
                "No photos yet. As soon as some are filed, each day they were taken on is a "
                "square here.",
                icon=":material/calendar_month:",
            )
            return
        _go()
        _draw_totals(found)
        _draw_days(found)


def _go() -> None:
    """Follow what was chosen on the last draw."""
    if day := st.session_state.pop("timeline_day", None):
        wanted = library_address.of_day(date.fromisoformat(day))
        st.switch_page(library_address.PAGE, query_params=wanted)
    if year := st.session_state.pop("timeline_year", None):
        first, last = date(int(year), 1, 1), date(int(year), 12, 31)
        wanted = Filters(first=first, last=last).as_query()
        st.switch_page(library_address.PAGE, query_params=wanted)


def _draw_totals(found: Sequence[Year]) -> None:
    total = sum(year.total for year in found)
    days = sum(len(year.days) for year in found)
    st.caption(f"{count(total, 'photo or video', 'photos and videos')} on {count(days, 'day')}")
    if len(found) < 2:
        return
    years = [str(year.year) for year in reversed(found)]
    figure = go.Figure(
        [
            go.Bar(
                name=name,
                x=years,
                y=[getattr(year, part) for year in reversed(found)],
                marker_color=colour,
            )
            for name, part, colour in _PARTS
        ]
    )
    figure.update_layout(
        barmode="stack", height=190, margin={"l": 0, "r": 0, "t": 10, "b": 0}, bargap=0.25,
        legend={"orientation": "h", "y": 1.15}, xaxis={"type": "category"}, dragmode=False,
    )  # fmt: skip
    st.plotly_chart(figure, config={"displayModeBar": False}, key="timeline_totals")


def _draw_days(found: Sequence[Year]) -> None:
    shown = found if st.session_state.get("timeline_all") else found[:_AT_ONCE]
    today = clock.now().astimezone(zone()).date()
    calendar(
        key=_KEY,
        data={
            "bounds": bounds(found),
            "years": [
                {
                    "year": year.year,
                    "note": _note(year, today),
                    "days": {f"{day:%m-%d}": number for day, number in year.days.items()},
                }
                for year in shown
            ],
        },
        on_day_change=lambda: _keep("day"),
        on_year_change=lambda: _keep("year"),
    )
    if len(shown) < len(found):
        st.button(
            f"Show {count(len(found) - len(shown), 'earlier year')}",
            on_click=lambda: st.session_state.update(timeline_all=True),
        )
    _draw_gaps(shown, today)


def _keep(name: str) -> None:
    if value := getattr(st.session_state.get(_KEY), name, None):
        st.session_state[f"timeline_{name}"] = value


def _note(year: Year, today: date) -> str:
    if not year.total:
        return "nothing"
    missing = len(gaps(year, today))
    told = library_tiles.told(year)
    return f"{told}\n{count(missing, 'gap')}" if missing else told


def _draw_gaps(found: Sequence[Year], today: date) -> None:
    listed = [
        {"from": one, "to": two, "days": (two - one).days + 1}
        for year in found
        for one, two in gaps(year, today)
    ]
    if not listed:
        return
    with st.expander("Gaps: two weeks or more without a photo"):
        listed.sort(key=lambda one: -int(str(one["days"])))
        st.dataframe(listed, hide_index=True)


if __name__ == "__main__":
    main()
