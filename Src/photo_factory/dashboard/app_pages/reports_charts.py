"""Part of the page of reports: the charts, drawn by Plotly in the colours of the theme."""

from __future__ import annotations

from typing import Any

import streamlit as st

from photo_factory.dashboard.queries.reports import CHARTS, Report

MOST_BARS = 20
QUIET = {"displayModeBar": False, "scrollZoom": False}
COLOURS = {
    "images": "#4c9385",
    "videos": "#d0a35c",
    "done": "#4c9385",
    "waiting": "#d0a35c",
    "parked": "#c5655c",
    "not_applicable": "#9aa3a6",
}
"""Quiet ones, that can be told apart on a light page and on a dark one."""


def draw(report: Report, span: str, table: Any) -> None:
    """The chart of a report, where it has one."""
    if span:
        _draw_time(span.lower(), table)
    elif report.view in CHARTS:
        _draw_bars(CHARTS[report.view], table)
    elif report.view == "v_pipeline":
        _draw_pipeline(table)


def _draw_time(span: str, table: Any) -> None:
    # As text: Plotly would take 2024 for a number.
    when = table[span].astype(str).tolist()
    # Each bar is as wide as its span, and what is between two of them is time without a photo.
    bars = [
        _bars(name, x=when, y=table[name].tolist(), xperiod=_PERIODS[span],
              xperiodalignment="middle")
        for name in ("images", "videos")
    ]  # fmt: skip
    _show(bars, barmode="stack", xaxis={"type": "date", "nticks": 12}, yaxis=_WHOLE)


_PERIODS = {"year": "M12", "month": "M1", "day": 86_400_000}
"""How long a bar is, as Plotly has it: months, or milliseconds."""


def _draw_bars(by: str, table: Any) -> None:
    some = table.head(MOST_BARS)[::-1]
    names = [_short(name) if isinstance(name, str) and name else "unknown" for name in some[by]]
    # Two of the same name are two bars all the same.
    places = list(range(len(names)))
    _show(
        [_bars("images", x=some["assets"].tolist(), y=places, orientation="h")],
        xaxis=_WHOLE,
        yaxis={"tickvals": places, "ticktext": names},
        height=max(180, 26 * len(names) + 60),
    )
    if len(table) > MOST_BARS:
        st.caption(f"The first {MOST_BARS}; the table has all.")


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"


def _draw_pipeline(table: Any) -> None:
    flags = table[::-1]
    bars = [
        _bars(name, x=flags[name].tolist(), y=flags["flag"].tolist(), orientation="h")
        for name in ("done", "waiting", "parked", "not_applicable")
    ]
    _show(bars, barmode="stack", xaxis=_WHOLE, height=40 * len(flags) + 80)


_WHOLE = {"rangemode": "tozero", "tickformat": ",d"}
"""An axis of things that are counted."""


def _bars(name: str, **given: Any) -> dict[str, Any]:
    told = name.replace("_", " ")
    return {"type": "bar", "name": told, "marker": {"color": COLOURS[name]}, **given}


def _show(bars: list[dict[str, Any]], **layout: Any) -> None:
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"}
    layout = {
        "height": 320, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "legend": legend,
        "showlegend": len(bars) > 1, "bargap": 0.25, **layout,
    }  # fmt: skip
    st.plotly_chart({"data": bars, "layout": layout}, config=QUIET)
