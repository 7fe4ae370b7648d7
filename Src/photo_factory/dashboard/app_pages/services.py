"""The page `services`: what each runs in, how it beats, what it says; and its switches."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.actions.services import MOST, NEVER_STOPPED, Verb, control
from photo_factory.dashboard.app_pages import services_table
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.beats_chart import beats_chart
from photo_factory.dashboard.context import context
from photo_factory.dashboard.fresh import NotYet
from photo_factory.dashboard.house import DAY, House, house
from photo_factory.dashboard.log_lines import LEVELS, wanted
from photo_factory.dashboard.units import Unit
from photo_factory.dashboard.verdict import Verdict, worst
from photo_factory.dashboard.widgets import (
    badge,
    inside,
    live,
    what_can_be_had,
    when,
)
from photo_factory.shared.errors import PhotoFactoryError

_LINES = 500


def main() -> None:
    """Draw the page."""
    st.title("Services")
    live(services_table.draw)
    st.subheader("Heartbeats")
    span = st.segmented_control(
        "Span", ["24 h", "7 days", f"{house(context()).longest.days} days"], default="24 h",
        label_visibility="collapsed", key="span", required=True,
    )  # fmt: skip
    live(lambda: draw_timeline(span or "24 h"))
    draw_one()


# Their beats


def draw_timeline(span: str) -> None:
    """A line a service, a colour a slice of time."""
    seen = house(context())
    window, slice_ = _span(span, seen)
    with what_can_be_had("The history of the beats"):
        try:
            found = (seen.day if window == DAY else seen.months).get().slots
        except NotYet:
            st.caption("The beats of many days are being added up; they are here in a moment.")
            return
        if not found:
            st.info("No beat has been written yet; the services write one a minute.")
            return
        st.plotly_chart(
            beats_chart(found, window, slice_, [one.name for one in seen.sight().verdicts]),
            config={"displayModeBar": False}, key=f"beats {span}",
            alt="For each service and each slice of time: whether it beat, and what it said.",
        )  # fmt: skip


def _span(span: str, seen: House) -> tuple[timedelta, timedelta]:
    if span == "24 h":
        return DAY, timedelta(minutes=10)
    if span == "7 days":
        return services_table.WEEK, timedelta(hours=1)
    return seen.longest, timedelta(hours=6)


# One of them


def draw_one() -> None:
    """The one that is chosen: what it runs in, its switches, and what it says."""
    found = known()
    if not found:
        live(wait_for_one)
        return
    st.subheader("One service")
    first = worst(found.values())[0]
    most_urgent = 0 if first.word == "OK" else list(found).index(first.name)
    name = st.selectbox(
        "Service", list(found), most_urgent, key="service", label_visibility="collapsed"
    )
    draw_switches(found[name])
    live(lambda: draw_facts(name))
    if any(unit.service == name for unit in found[name].units):
        draw_log(name)


def known() -> dict[str, Verdict]:
    """Whatever runs or ever beat."""
    return {one.name: one for one in house(context()).sight().verdicts if one.units or one.light}


def wait_for_one() -> None:
    """Nothing could be seen when the page was drawn: once something can, there is one to choose."""
    if known():
        st.rerun()


def draw_facts(name: str) -> None:
    """What is known of the units it runs in, and of its last beat."""
    sight = house(context()).sight()
    one = next((verdict for verdict in sight.verdicts if verdict.name == name), None)
    if one is None:
        return
    st.markdown(f"{badge(one.word)} {plain(one.reason or one.task)}")
    told = [f"last beat {when(one.last_heartbeat)}"]
    if one.light and one.light.message:
        told.append(plain(one.light.message))
    for unit in one.units:
        started = f", up since {when(unit.started_at)}" if unit.started_at else ""
        image = f", image {unit.image}" if unit.image else ""
        note = f" ({unit.note})" if unit.note else ""
        told.append(
            f"{unit.kind} {unit.ident} {unit.condition}{note}{started}, "
            f"{unit.restarts} restarts{image}"
        )
    st.caption("  \n".join(told))


def needs_start(unit: Unit) -> bool:
    """Whether it stays down until somebody starts it; a supervisor starts what dies."""
    return unit.condition == "stopped" or (unit.kind == "container" and unit.condition == "dead")


def draw_switches(one: Verdict) -> None:
    """Start, stop, restart, scale; not there for who may not."""
    if not context().settings.dashboard_control or not access.may_act() or not one.units:
        return
    is_on = any(not needs_start(unit) for unit in one.units)
    with st.container(horizontal=True):
        if not is_on and st.button("Start", icon=":material/play_arrow:"):
            confirm("start", one.name)
        if is_on and st.button("Restart", icon=":material/restart_alt:"):
            confirm("restart", one.name)
        if is_on and one.name not in NEVER_STOPPED and st.button("Stop", icon=":material/stop:"):
            confirm("stop", one.name)
        is_addon = one.light is not None and "flag" in one.light.details
        if is_on and is_addon and st.button("Scale", icon=":material/stacks:"):
            confirm("scale", one.name, len(one.units))


_WHAT = {
    "start": "It runs again, now and after every start of the machine.",
    "stop": "It finishes the file in hand and rests until somebody starts it here.",
    "restart": "It finishes the file in hand, ends, and is started again.",
    "scale": "So many of it work side by side; none takes what another has in hand.",
}


@st.dialog("Are you sure?")
@inside
def confirm(verb: Verb, service: str, processes: int = 1) -> None:
    """Ask once more, then do it."""
    st.markdown(f"**{verb.capitalize()} {service}.** {_WHAT[verb]}")
    if verb == "scale":
        processes = st.number_input("Processes", 1, MOST, processes)
    if st.button(f"Yes, {verb} it", type="primary"):
        seen = house(context())
        try:
            control(context(), access.actor(), seen.host, verb, service, processes)
        except PhotoFactoryError as error:
            st.error(str(error))
            return
        seen.changed()
        st.rerun()


def draw_log(name: str) -> None:
    """What it says, with a search and a level."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Search its log", key="search", placeholder="words in a line")
        least = st.segmented_control(
            "Level at least", LEVELS, default="INFO", key="level", required=True
        )
    live(lambda: draw_lines(name, search, least or "DEBUG"))


def draw_lines(name: str, search: str, least: str) -> None:
    """The last lines, the newest last, of all its units."""
    seen = house(context())
    with what_can_be_had(f"The log of {name}"):
        units = [one for verdict in seen.sight().verdicts for one in verdict.units]
        its = [unit for unit in units if unit.service == name]
        # Processes of one service share a file; containers have one each.
        asked = its[:1] if its and its[0].kind == "process" else its
        lines = [line for unit in asked for line in seen.host.logs(unit, _LINES)]
        found = wanted(lines, search, least)
        if not found:
            st.caption(
                "Nothing like that was said lately." if lines else "It has said nothing yet."
            )
            return
        st.code("\n".join(found[-_LINES:]), language=None, height=320, wrap_lines=True)


if __name__ == "__main__":
    main()
