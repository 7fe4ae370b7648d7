"""The table of the page of services: a row a service, then a row a probe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.context import context
from photo_factory.dashboard.house import DAY, House, Sight, house, is_alone
from photo_factory.dashboard.queries.services import HOUR, first_beats, uptimes
from photo_factory.dashboard.units import Unit, Usage
from photo_factory.dashboard.verdict import Verdict
from photo_factory.dashboard.widgets import COLOURS, age, badge, bytes_text
from photo_factory.shared.errors import PhotoFactoryError

WEEK = timedelta(days=7)

_INKS = {"green": "#2f8f63", "orange": "#c77d1e", "red": "#d0544a", "blue": "#3f83c4"}
"""The colours of the words in the table, which are read on light and on dark."""
_UP_TOLD = "Its share of this time, from the first beat on; empty where that is younger."
_ALWAYS = 0.9999  # the history's seconds are rounded


def draw() -> None:
    """A row a service, then a row a probe."""
    this = context()
    seen = house(this)
    sight = seen.sight()
    if sight.units_away:
        tell_away(sight, is_alone(this))
    if sight.ledger_away:
        st.warning(sight.ledger_away, icon=":material/cloud_off:")
    if not sight.verdicts:
        st.info("No service has run yet. Start all of them with `photo-factory up`.")
        return
    draw_reasons(sight.verdicts)
    shown = rows(sight, usages_of(seen), uptimes_of(seen))
    share = {name: _percent for name in shown.columns if name.startswith("up ")}
    styled = shown.style.map(_ink, subset=["state"]).format(share, na_rep="")
    told = {name: st.column_config.Column(help=_UP_TOLD) for name in share}
    st.dataframe(styled, hide_index=True, height="content", column_config=told, key="table")


def _percent(share: float) -> str:
    """Never 100 where it was not."""
    return "100%" if share > _ALWAYS else f"{min(share, 0.999):.1%}"


def _ink(word: str) -> str:
    ink = _INKS.get(COLOURS.get(word, ""), "#8a9396")
    return f"color: {ink}; font-weight: 600"


def tell_away(sight: Sight, is_by_hand: bool) -> None:
    """Neither Docker nor a supervisor answers."""
    if is_by_hand:
        st.caption("Services run by hand here: only what their beats tell can be shown.")
    else:
        st.warning(
            f"{sight.units_away}. Below is what the beats tell.", icon=":material/cloud_off:"
        )


def draw_reasons(found: Iterable[Verdict]) -> None:
    """What is not well, and why, in full: a table cuts long reasons off."""
    for one in found:
        if one.word not in ("OK", "STOPPED"):
            st.markdown(f"{badge(one.word)} **{plain(one.name)}**: {plain(one.reason)}")


def usages_of(seen: House) -> dict[str, Usage]:
    """What the units use, as far as that can be had."""
    try:
        return seen.usages()
    except (PhotoFactoryError, OSError):  # that Docker is away is told above
        return {}


@dataclass(frozen=True)
class Up:
    """How long a service was up: the first beat known of, and the share of each time."""

    first_beat: str = ""
    shares: tuple[float | None, ...] = (None, None, None)


def uptimes_of(seen: House) -> dict[str, Up]:
    """The share of a day, a week and of all that is kept, as far as that can be had."""
    try:
        history = seen.months.get()
    except PhotoFactoryError:  # that the ledger is away is told above
        return {}
    windows = (DAY, WEEK, seen.longest)
    firsts = first_beats(history.slots)
    return {
        name: up_since(firsts[name], shares, windows, history.at)
        for name, shares in uptimes(history.slots, history.at, windows).items()
    }


def up_since(
    first: datetime, shares: Sequence[float], windows: Sequence[timedelta], at: datetime
) -> Up:
    """Who first beat yesterday was not up for 60 days: of longer times nothing is said."""
    known = at - first
    is_older = known > windows[-1] - HOUR
    told = f"over {windows[-1].days - 1} d ago" if is_older else age(first)
    before = (timedelta(0), *windows)
    said = zip(shares, before, strict=False)
    return Up(told, tuple(share if known > shorter else None for share, shorter in said))


def rows(sight: Sight, used: dict[str, Usage], up: dict[str, Up]) -> pd.DataFrame:
    """The table: what is known of each service and probe."""
    days = house(context()).longest.days
    told = []
    for one in sight.verdicts:
        its = up.get(one.name, Up())
        told.append(
            {
                "service": one.name,
                "state": one.word,
                "last beat": age(one.last_heartbeat) if one.last_heartbeat else "never",
                "task": one.task,
                "runs in": runs_in(one.units),
                "restarts": str(sum(unit.restarts for unit in one.units)) if one.units else "",
                "CPU": cpu_text(one.units, used),
                "memory": memory_text(one.units, used),
                "first beat": its.first_beat,
                **dict(zip(("up 24 h", "up 7 d", f"up {days} d"), its.shares, strict=True)),
            }
        )
    table = pd.DataFrame(told)
    ups = [name for name in table.columns if name.startswith("up ")]
    return table.astype(dict.fromkeys(ups, float))  # empty ones are no objects


def runs_in(units: Sequence[Unit]) -> str:
    """Such as `2 processes` or `container`."""
    if not units:
        return ""
    running = [unit for unit in units if unit.condition == "running"]
    kind = units[0].kind if len(units) == 1 else f"{units[0].kind}s".replace("sss", "sses")
    if not running:
        return f"{units[0].kind}: {units[0].condition}"
    if len(units) > 1:
        return f"{len(running)} of {len(units)} {kind}"
    return f"{kind} {units[0].ident}"


def cpu_text(units: Iterable[Unit], used: dict[str, Usage]) -> str:
    """The share of a core that all its units use together."""
    known = [used[unit.ident].cpu for unit in units if unit.ident in used]
    numbers = [one for one in known if one is not None]
    return f"{sum(numbers):.0f} %" if numbers else ""


def memory_text(units: Iterable[Unit], used: dict[str, Usage]) -> str:
    """The memory that all its units use together."""
    known = [used[unit.ident].memory for unit in units if unit.ident in used]
    numbers = [one for one in known if one is not None]
    return bytes_text(sum(numbers)) if numbers else ""
