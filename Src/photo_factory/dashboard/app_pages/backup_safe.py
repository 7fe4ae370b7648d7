"""Part of the page of the backup: what may be deleted from a phone, and the list of it."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from photo_factory.dashboard.app_pages import acts
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import backup
from photo_factory.dashboard.widgets import bytes_text, what_can_be_had, when
from photo_factory.shared import safety
from photo_factory.shared.safety import Answer, Demands

_REASONS = 8


@st.cache_data(ttl=300, show_spinner="Counting what is safe …")
def answers(days: int, copies: int) -> tuple[dict[str, Answer], datetime | None]:
    """The verdicts of every device, and the last drill that went well."""
    engine = context().engine
    return safety.by_device(engine, Demands(days, copies)), safety.last_drill(engine)


def draw() -> None:
    """Each device with its counts and reasons, and the list to download."""
    st.subheader("Safe to delete from the phone")
    settings = context().settings
    demands = Demands(settings.safe_days, settings.safe_copies)
    st.caption(
        f"Safe means: filed, the original hashed within {demands.days} days, and "
        f"{acts.count(demands.copies, 'copy', 'copies')} verified within them. Nothing is ever "
        "deleted from here."
    )
    with what_can_be_had("What is safe to delete"):
        found, drill = answers(demands.days, demands.copies)
        st.markdown(f"Last restore drill that went well: **{when(drill)}**")
        if not found:
            st.info("Nothing has come from a device yet: the first folder of the inbox names it.")
        for device, answer in found.items():
            _draw_device(device, answer, demands)


def _draw_device(device: str, answer: Answer, demands: Demands) -> None:
    with st.container(border=True, gap="xsmall"):
        total = answer.safe + answer.not_safe
        st.markdown(
            f"**{plain(device)}**: {answer.safe:,} of {acts.count(total, 'file')} are safe to "
            f"delete ({bytes_text(answer.safe_bytes)})"
        )
        for reason, number in answer.reasons.most_common(_REASONS):
            st.markdown(f"- {number:,}: {plain(reason)}")
        if len(answer.reasons) > _REASONS:
            st.markdown("- and more; the list has every reason")
        with st.container(horizontal=True):
            if answer.safe:
                _download(device, demands, "Safe files", only_safe=True)
            _download(device, demands, "All files, with reasons", only_safe=False)


def _download(device: str, demands: Demands, label: str, *, only_safe: bool) -> None:
    # The list is made when it is asked for: of a phone it may have a hundred thousand lines.
    st.download_button(
        label,
        lambda: backup.safe_list(context().engine, demands, device, only_safe=only_safe),
        f"{'safe' if only_safe else 'all'}-{device}.csv",
        "text/csv",
        key=f"list_{device}_{only_safe}",
        icon=":material/download:",
        on_click="ignore",
    )
