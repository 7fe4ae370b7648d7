"""The chart of beats: a line a service, a colour a slice of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from photo_factory.dashboard.queries.services import Slot
from photo_factory.dashboard.widgets import zone
from photo_factory.shared import clock

STATES = ("no beat", "OK", "WARNING", "ERROR", "partly silent")
"""What a slice can be; its number is its place here."""

PARTLY = 4

_SHADES = ("#d7dbd8", "#4f9a83", "#e0a24a", "#c4473d", "#d98880")
_BADNESS = {"OK": 1, "WARNING": 2, "ERROR": 3}
_MOSTLY = 0.9


def beats_chart(
    found: Sequence[Slot], window: timedelta, slice_: timedelta, names: Sequence[str]
) -> go.Figure:
    """The chart, with the services in the order of `names`; those not named come last.

    What has no beat at all is grey; before a service's first beat it has no colour.
    """
    table = beats_table(found, window, slice_)
    order = [name for name in names if name in table.index]
    order += [name for name in table.index if name not in order]
    return _heat_map(table.loc[order[::-1]])  # drawn from below


def beats_table(found: Sequence[Slot], window: timedelta, slice_: timedelta) -> pd.DataFrame:
    """A row a service, a column a slice in the viewer's zone, and in it a number of STATES."""
    # Sliced in UTC: on two days a year the viewer's hours are not evenly long.
    end = pd.Timestamp(clock.now()).ceil(slice_)
    times = pd.date_range(end - window, end, freq=slice_, inclusive="left")
    frame = pd.DataFrame([vars(slot) for slot in found])
    frame["slice"] = pd.to_datetime(frame["start"], utc=True).dt.floor(slice_)
    frame["badness"] = frame["worst"].map(_BADNESS)
    by_slice = frame.groupby(["service", "slice"]).agg(
        covered=("covered_s", "sum"), badness=("badness", "max"), first=("first", "min")
    )
    whole = by_slice["covered"] >= _MOSTLY * _owed(by_slice, slice_)
    state = by_slice["badness"].where(whole | (by_slice["badness"] > 1), PARTLY)
    table = state.unstack("slice").reindex(columns=times)
    is_born = table.notna().cummax(axis=1)
    table = table.fillna(0).where(is_born)
    table.iloc[:, -1] = table.iloc[:, -1].replace(PARTLY, 1)  # the slice we are in is not over
    table.columns = table.columns.tz_convert(zone())
    return table


def _owed(by_slice: pd.DataFrame, slice_: timedelta) -> pd.Series[float]:
    """Seconds of each slice that a service has to answer for: all, but of its first slice."""
    begin = by_slice.index.get_level_values("slice")
    late = (pd.to_datetime(by_slice["first"], utc=True) - begin).dt.total_seconds()
    is_first = ~by_slice.index.get_level_values("service").duplicated()
    return slice_.total_seconds() - late.where(is_first, 0.0)


def _heat_map(table: pd.DataFrame) -> go.Figure:
    steps = len(_SHADES)
    scale = [
        (position, shade)
        for number, shade in enumerate(_SHADES)
        for position in (number / steps, (number + 1) / steps)
    ]
    words: Any = table.map(lambda value: "" if pd.isna(value) else STATES[int(value)])
    figure = go.Figure(
        go.Heatmap(
            z=table.to_numpy(), x=table.columns, y=table.index, text=words.to_numpy(),
            colorscale=scale, zmin=-0.5, zmax=steps - 0.5, showscale=False, ygap=6,
            hovertemplate="%{y}<br>%{x|%d %b %H:%M}<br>%{text}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=60 + 26 * len(table), margin={"l": 0, "r": 0, "t": 0, "b": 0},
        yaxis={"automargin": True, "showgrid": False}, xaxis={"showgrid": False},
        plot_bgcolor="rgba(0,0,0,0)", dragmode=False,
    )  # fmt: skip
    return figure
