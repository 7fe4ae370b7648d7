"""What needs a person, kind by kind, with what to do and the button that does it."""

from __future__ import annotations

import streamlit as st

from photo_factory.dashboard.app_pages import acts, attention_dates, attention_kinds
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import attention
from photo_factory.dashboard.widgets import what_can_be_had

KINDS = {
    "halted": ("Standing still", attention_kinds.draw_halted),
    "findings": ("Damaged originals", attention_kinds.draw_findings),
    "held": ("Held files", attention_kinds.draw_held),
    "parked": ("Parked", attention_kinds.draw_parked),
    "duplicates": ("Duplicates in doubt", attention_kinds.draw_duplicates),
    "dates": ("Unsure dates", attention_dates.draw_dates),
}
"""By urgency: what each is called, and what draws it."""


def main() -> None:
    """The kinds with their counts, and the one that was chosen."""
    acts.tell()
    st.title("Needs attention")
    with what_can_be_had("What needs attention"):
        counts = attention.counts(context().engine)
        if not any(counts.values()):
            st.success("Nothing needs you.", icon=":material/check_circle:")
            st.caption(
                "Held files, parked assets, duplicates in doubt, unsure dates and damaged "
                "originals would stand here."
            )
            return
        _draw_chosen(counts)


def _draw_chosen(counts: dict[str, int]) -> None:
    waiting = [kind for kind in KINDS if counts[kind]]
    if st.session_state.get("attention_kind") not in waiting:
        asked = st.query_params.get("kind")
        st.session_state["attention_kind"] = asked if asked in waiting else waiting[0]
    chosen = st.segmented_control(
        "Kind", waiting, key="attention_kind", label_visibility="collapsed", required=True,
        wrap=True,
        format_func=lambda kind: f"{KINDS[kind][0]} · {_number(counts[kind])}",
    )  # fmt: skip
    KINDS[chosen or waiting[0]][1]()


def _number(count: int) -> str:
    return f"more than {attention.MOST:,}" if count > attention.MOST else f"{count:,}"


main()
