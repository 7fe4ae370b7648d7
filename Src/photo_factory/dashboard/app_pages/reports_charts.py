"""Part of the page of reports: the charts, drawn by Plotly in the colours of the theme."""

from __future__ import annotations

from typing import Any

import streamlit as st

from photo_factory.dashboard.queries.reports import CHARTS, Report

MOST_BARS = 20
QUIET = {"displayModeBar": False, "scrollZoom": False}


def draw(report: Report, span: str, table: Any) -> None:
    """The chart of a report, where it has one."""
    if span:
        _draw_time(span.lower(), table)
    elif report.view in CHARTS:
        _draw_bars(CHARTS[report.view], table)
    elif report.view == "v_pipeline":
        _draw_pipeline(table)


def _draw_time(span: str, table: Any) -> None:
    # As text: Plotly would take 2024 for a number, and 2024-05 for a moment.
    when = table[span].astype(str)
    _show(
        [
            {"type": "bar", "name": name, "x": when.tolist(), "y": table[name].tolist()}
            for name in ("images", "videos")
        ],
        barmode="stack",
        xaxis={"type": "date" if span == "day" else "category", "nticks": 12},
    )


def _draw_bars(by: str, table: Any) -> None:
    some = table.head(MOST_BARS)[::-1]
    names = [str(name) if name else "unknown" for name in some[by]]
    # Two of the same name are two bars all the same.
    places = list(range(len(names)))
    _show(
        [{"type": "bar", "orientation": "h", "x": some["assets"].tolist(), "y": places}],
        yaxis={"tickvals": places, "ticktext": [_short(name) for name in names], "title": None},
        height=max(180, 26 * len(names) + 60),
    )
    if len(table) > MOST_BARS:
        st.caption(f"The first {MOST_BARS}; the table has all.")


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"


def _draw_pipeline(table: Any) -> None:
    order = table[::-1]
    _show(
        [
            {"type": "bar", "orientation": "h", "name": name.replace("_", " "),
             "x": order[name].tolist(), "y": order["flag"].tolist()}
            for name in ("done", "waiting", "parked", "not_applicable")
        ],
        barmode="stack",
        height=40 * len(order) + 80,
    )  # fmt: skip


def _show(bars: list[dict[str, Any]], **layout: Any) -> None:
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    layout = {
        "height": 320, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "legend": legend,
        "showlegend": len(bars) > 1, "bargap": 0.25, **layout,
    }  # fmt: skip
    st.plotly_chart({"data": bars, "layout": layout}, config=QUIET)
