"""The page `overview`: how everything is, in one sentence and at one glance."""

from __future__ import annotations

from datetime import datetime

import plotly.graph_objects as go
import streamlit as st

from photo_factory.dashboard.app_pages.acts import count
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.context import Context, context
from photo_factory.dashboard.fresh import NotYet
from photo_factory.dashboard.house import Disk, House, Sight, house, is_alone
from photo_factory.dashboard.queries.overview import Flag, Totals
from photo_factory.dashboard.truth import Truth, truth
from photo_factory.dashboard.verdict import Verdict
from photo_factory.dashboard.widgets import (
    age,
    badge,
    bytes_text,
    duration_text,
    live,
    midnight,
    what_can_be_had,
)
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.heartbeat_service import STOPPED

_ICONS = {"OK": "check_circle", "WARNING": "info", "ERROR": "error", "SILENT": "error"}
_MOST_NEEDS = 8
_FLAG_NAMES = {
    "is_geocoded": "Places",
    "is_thumbnailed": "Thumbnails",
    "is_face_scanned": "Faces",
    "is_backed_up": "Backup",
}


def main() -> None:
    """Draw the page."""
    st.title("Overview")
    live(draw)


def draw() -> None:
    """Everything that changes."""
    this = context()
    seen = house(this)
    sight = seen.sight()
    draw_truth(told_truth(this, seen, sight))
    draw_first_step(this, seen)
    draw_numbers(this, seen, sight)
    st.subheader("Services")
    draw_lights(this, sight)
    st.subheader("Pipeline")
    with what_can_be_had("The pipeline"):
        draw_pipeline(seen.flags.get())


def told_truth(this: Context, seen: House, sight: Sight) -> Truth:
    """The sentence, from what can be had of it."""
    found, copies = sight.verdicts, targets(this, sight)
    try:
        lie_there = seen.inbox.get().files if this.settings.inbox_mode == "move" else None
    except (PhotoFactoryError, OSError):  # said below, where the number would stand
        lie_there = None
    try:
        undecided = seen.undecided.get()
    except PhotoFactoryError:  # that the ledger is away is told anyway
        undecided = {}
    try:
        known, now = seen.totals.get(), seen.now(midnight())
        return truth(known, now, found, copies, lie_there, undecided)
    except NotYet:  # nothing is away: a cold disk counts for long
        return Truth("WARNING", "The photos are being counted; the numbers come in a moment.", ())
    except PhotoFactoryError:
        return truth(None, None, found, copies, lie_there)


def targets(this: Context, sight: Sight) -> int:
    """How many places every photo is copied to."""
    probe = sight.lights.get("backup-targets")
    if probe and probe.details.get("targets"):
        return len(probe.details["targets"])
    given = this.settings.backup_targets
    named = given.get_secret_value().split(",") if given else []
    return len([one for one in named if one.strip()])


def draw_truth(told: Truth) -> None:
    """The sentence on top, and below it what needs somebody."""
    say = {"OK": st.success, "ERROR": st.error, "SILENT": st.error}.get(told.word, st.warning)
    say(f"**{told.sentence}**", icon=f":material/{_ICONS.get(told.word, 'info')}:")
    for need in told.needs[:_MOST_NEEDS]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{badge(need.word)} {plain(need.text)}")
            if need.page:
                st.page_link(
                    f"app_pages/{need.page}.py", label="Show", icon=":material/arrow_forward:"
                )
    if len(told.needs) > _MOST_NEEDS:
        st.caption(f"and {len(told.needs) - _MOST_NEEDS} more")


def draw_first_step(this: Context, seen: House) -> None:
    """What to do first, as long as nothing was ever filed."""
    try:
        if seen.totals.get().assets:
            return
    except PhotoFactoryError:  # that the ledger is away is told above
        return
    st.info(
        "Begin with a photo: copy one into a folder named for its phone or camera below "
        f"`{this.paths.inbox}`, such as `{this.paths.inbox.name}/Marie/`. It is filed seconds "
        "later. Phones can do that by themselves: docs/SYNCTHING.md tells how.",
        icon=":material/add_photo_alternate:",
    )


def draw_numbers(this: Context, seen: House, sight: Sight) -> None:
    """Filed today, in the inbox now, archived, free."""
    with st.grid(4, min_column_width=150, gap="small"):
        with what_can_be_had("What was filed today"):
            now = seen.now(midnight())
            last = f"last {age(now.last_filed_at)}" if now.last_filed_at else None
            st.metric("Filed today", f"{now.filed_today:,}", border=True, delta=last,
                      delta_color="off", delta_arrow="off")  # fmt: skip
        with what_can_be_had("The inbox"):
            inbox = seen.inbox.get()
            shown = f"{inbox.files:,}{'+' if inbox.is_more else ''}"
            st.metric("In the inbox now", shown, border=True, delta=str(this.paths.inbox.name),
                      delta_color="off", delta_arrow="off")  # fmt: skip
        with what_can_be_had("The archive"):
            known = seen.totals.get()
            st.metric("In the archive", f"{known.photos:,}", border=True,
                      delta=archive_text(known), delta_color="off",
                      delta_arrow="off")  # fmt: skip
        with what_can_be_had("Free space"):
            # In whole percents: they were not looked at in the same moment.
            tightest = min(seen.disks(sight.lights), key=lambda one: round(100 * _share_free(one)))
            st.metric("Free space", bytes_text(tightest.free), border=True,
                      delta=_disk_text(tightest), delta_color="off",
                      delta_arrow="off", help=tightest.path)  # fmt: skip


def archive_text(known: Totals) -> str:
    """How large all of it is, and what is there beside photos and videos."""
    size = bytes_text(known.size_bytes)
    return f"{size}, with {count(known.sidecars, 'sidecar')}" if known.sidecars else size


def _share_free(disk: Disk) -> float:
    return disk.free / disk.total if disk.total else 1.0


def _disk_text(disk: Disk) -> str:
    if disk.full_on:
        return f"{disk.name} full on {datetime.fromisoformat(disk.full_on):%d %b %Y}"
    return f"{_share_free(disk):.0%} of {disk.name}"


def draw_lights(this: Context, sight: Sight) -> None:
    """A card for each service, then what is probed in one line each."""
    if sight.units_away and not is_alone(this):
        st.warning(
            f"{sight.units_away}. Below is what the beats tell.", icon=":material/cloud_off:"
        )
    if sight.ledger_away:
        st.warning(sight.ledger_away, icon=":material/cloud_off:")
    services = [one for one in sight.verdicts if not one.is_probe]
    if not sight.verdicts:
        st.info("No service has run yet. Start all of them with `photo-factory up`.")
        return
    with st.grid("auto", min_column_width=250, gap="small"):
        for one in services:
            draw_card(one)
    probes = [one for one in sight.verdicts if one.is_probe]
    if probes:
        with st.container(horizontal=True, gap="small"):
            for one in probes:
                st.markdown(f"{badge(one.word)}\u00a0{one.name}", width="content")
        for one in probes:
            if one.reason:
                st.caption(f"{plain(one.name)}: {plain(one.reason)}")


def draw_card(one: Verdict) -> None:
    """One service: its name, its state, why, what it does, and how old that is."""
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(f"**{one.name}**  {badge(one.word)}")
        if one.reason:
            st.markdown(f":small[{plain(one.reason)}]")
        elif one.task and one.task != STOPPED:
            st.markdown(f":small[{plain(one.task)}]")
        if one.last_heartbeat:
            st.caption(f"last beat {age(one.last_heartbeat)}")


def draw_pipeline(flags: list[Flag]) -> None:
    """A bar a flag: done, waiting, parked; and beside it the rate and the time left."""
    if not flags:
        st.info("No add-on has run yet; each raises one flag on every photo it is done with.")
        return
    st.plotly_chart(
        bars(flags), config={"displayModeBar": False, "staticPlot": True}, key="pipeline",
        alt="How many assets have each flag, wait for it, or are parked.",
    )  # fmt: skip
    st.caption("  \n".join(f"**{flag_name(one)}** {flag_text(one)}" for one in flags))


def bars(flags: list[Flag]) -> go.Figure:
    """The chart; each bar is as long as the assets its flag applies to."""
    names = [flag_name(one) for one in reversed(flags)]
    parts = (
        ("done", "#4f9a83", [one.done if not one.idle else 0 for one in reversed(flags)]),
        ("waiting", "#b9c2bf", [one.waiting for one in reversed(flags)]),
        ("parked", "#c8752d", [one.parked for one in reversed(flags)]),
    )
    figure = go.Figure(
        [
            go.Bar(y=names, x=numbers, name=name, orientation="h", marker_color=colour)
            for name, colour, numbers in parts
        ]
    )
    figure.update_layout(
        barmode="stack", height=70 + 38 * len(flags), bargap=0.45, showlegend=True,
        margin={"l": 0, "r": 8, "t": 0, "b": 0}, legend={"orientation": "h", "y": 1.12, "x": 0,
        "yanchor": "bottom", "traceorder": "normal"},
        xaxis={"title": None, "rangemode": "tozero"}, yaxis={"title": None, "automargin": True},
    )  # fmt: skip
    return figure


def flag_name(flag: Flag) -> str:
    """What a flag is about."""
    return _FLAG_NAMES.get(flag.name, flag.name.removeprefix("is_").replace("_", " ").capitalize())


def flag_text(flag: Flag) -> str:
    """Its queue, its rate and the time left, in words."""
    if flag.idle:
        return f"rests: {flag.idle}"
    parked = f", {flag.parked:,} parked" if flag.parked else ""
    if not flag.waiting:
        return f"{flag.done:,} of {flag.total:,} done{parked}; nothing waits"
    left = flag.seconds_left
    until = (
        "nothing was done in the last hour" if left is None else f"about {duration_text(left)} left"
    )
    return (
        f"{flag.done:,} of {flag.total:,} done{parked}; {flag.waiting:,} wait, "
        f"{flag.last_hour:,} in the last hour, {until}"
    )


if __name__ == "__main__":
    main()
