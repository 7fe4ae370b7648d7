"""What is backed up and proven, what is not and why, and what may go from the phones."""

from __future__ import annotations

import streamlit as st

from photo_factory.dashboard.app_pages import acts, backup_parts, backup_safe
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import backup
from photo_factory.dashboard.widgets import what_can_be_had


@st.cache_data(ttl=60, show_spinner="Counting copies …")
def coverage() -> backup.Coverage:
    """Looks through all copies, once a minute for all who look."""
    chosen = context()
    return backup.coverage(chosen.engine, chosen.settings)


def main() -> None:
    """The sentence of truth first, then each target, then what is missing."""
    st.title("Backup")
    with what_can_be_had("The backup"):
        found = coverage()
        if not found.targets and not found.has_targets:
            backup_parts.draw_no_targets()
        else:
            st.markdown(f"##### {sentence(found)}")
            backup_parts.draw_numbers(found)
            backup_parts.draw_targets(found)
            backup_parts.draw_missing(found)
        backup_parts.draw_proofs(found)
        backup_safe.draw()  # last, for it counts longest


_AT = {1: "the target", 2: "both targets"}


def sentence(found: backup.Coverage) -> str:
    """What is true of the whole archive."""
    wanted = max(len(found.targets), 1)
    everywhere = found.with_copies(wanted)
    if not found.assets:
        return "Nothing is filed yet, so there is nothing to back up."
    if everywhere == found.assets:
        times = {1: "once", 2: "twice"}.get(wanted, f"{wanted} times")
        return f"All {acts.count(found.assets, 'file')} are backed up {times}, and proven."
    return (
        f"{everywhere:,} of {acts.count(found.assets, 'file')} are backed up at "
        f"{_AT.get(wanted, f'all {wanted} targets')}, and proven."
    )


main()
