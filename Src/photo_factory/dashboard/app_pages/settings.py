"""How this factory is set up, what the doctor says of it, and what people did."""

from __future__ import annotations

import json
from collections.abc import Mapping

import streamlit as st

from photo_factory.dashboard.app_pages import acts, attention_kinds
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import attention
from photo_factory.dashboard.queries import settings as queries
from photo_factory.dashboard.widgets import badge, what_can_be_had, when, zone
from photo_factory.shared import settings as chosen_settings


def main() -> None:
    """Tabs, of which each is drawn though the ledger may be away."""
    acts.tell()
    st.title("Settings")
    effective, doctor, about, log = st.tabs(
        ["Configuration", "Doctor and breakers", "About", "What people did"]
    )
    with effective:
        draw_configuration()
    with doctor:
        with what_can_be_had("The doctor's findings"):
            draw_doctor()
        with what_can_be_had("The breakers"):
            draw_breakers()
    with about:
        draw_about()
    with log, what_can_be_had("The log of actions"):
        draw_log()


def draw_configuration() -> None:
    """Every setting with its value and where that came from; secrets are hidden."""
    rows = chosen_settings.explained(context().settings)
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    wanted = left.text_input("Find", placeholder="A part of the name or of what it does")
    only_set = right.toggle("Only what differs from the default")
    words = wanted.casefold()
    shown = [
        {"setting": row.name, "value": row.value, "from": row.source, "does": row.description}
        for row in rows
        if words in f"{row.name} {row.description}".casefold()
        and (row.source != "default" or not only_set)
    ]  # fmt: skip
    st.caption(
        f"{acts.count(len(shown), 'setting')}. They are read at the start, from the environment or "
        "`.env`; change them there and restart. Secrets are never shown."
    )
    if shown:
        wide = {"value": st.column_config.TextColumn(width="medium")}
        height = min(38 * (len(shown) + 1), 640)
        st.dataframe(shown, hide_index=True, height=height, column_config=wide)
    else:
        st.info("No setting is like that.")


def draw_doctor() -> None:
    """Whether emptying the inbox would delete photos on a phone."""
    st.subheader("Syncthing's doctor")
    found = queries.doctor(context().engine)
    if found is None:
        st.info(
            "The doctor has not looked yet. It asks Syncthing whether emptying the inbox would "
            "delete photos on a phone: set SYNCTHING_URL and SYNCTHING_API_KEY "
            "(docs/SYNCTHING.md).",
            icon=":material/stethoscope:",
        )
        return
    told = f": {plain(found.message)}" if found.message else ""
    st.markdown(f"{badge(found.state)} looked {when(found.at)}{told}")
    for one in found.folders:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"{badge(one.verdict)} **{plain(one.folder)}**")
            st.markdown(plain(one.reason))
            if one.advice:
                st.markdown(f"**What to do**: {plain(one.advice)}")


def draw_breakers() -> None:
    """What stands still until somebody says so."""
    st.subheader("Breakers")
    if attention.halted(context().engine):
        attention_kinds.draw_halted()
    else:
        st.caption("Nothing stands still.")


def draw_about() -> None:
    """Where things are, and what runs."""
    this = context()
    st.subheader("Where things are")
    _draw_pairs(queries.places(this.paths, this.engine))
    st.subheader("Versions")
    with what_can_be_had("The versions"):
        _draw_pairs(queries.versions(this.engine))


def _draw_pairs(pairs: Mapping[str, str]) -> None:
    rows = "\n".join(f"| {plain(name)} | `{value}` |" for name, value in pairs.items())
    st.markdown(f"| | |\n|---|---|\n{rows}")


def draw_log() -> None:
    """The last things people did on the dashboard, or by commands that others notice."""
    done = queries.last_actions(context().engine)
    if not done:
        st.info("Nobody has done anything yet.", icon=":material/history:")
        return
    st.caption(f"The last {queries.LAST}, the latest first.")
    st.dataframe(
        [
            {
                "when": one.at.astimezone(zone()),
                "who": one.who,
                "role": one.role,
                "what": one.action,
                "to what": one.subject,
                "result": one.problem or "done",
                "details": json.dumps(one.details, ensure_ascii=False) if one.details else "",
            }
            for one in done
        ],
        hide_index=True,
        column_config={"when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
    )


main()
