"""Parts of the page of the backup: numbers, targets, what is missing, drills and dumps."""

from __future__ import annotations

import streamlit as st

from photo_factory.dashboard.app_pages import acts
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.queries.backup import Coverage, Drill, Target
from photo_factory.dashboard.widgets import badge, bytes_text, when


def draw_no_targets() -> None:
    """What is said where no target was ever named."""
    st.warning(
        "No backup is set up: every photo exists once. Set BACKUP_TARGETS to a folder on another "
        "disk or a server (docs/BACKUP.md), then run `photo-factory backup init`.",
        icon=":material/backup:",
    )


def draw_numbers(found: Coverage) -> None:
    """How many files have how many copies."""
    columns = st.columns(4)
    columns[0].metric("Files", f"{found.assets:,}")
    columns[1].metric("Twice or more", f"{found.with_copies(2):,}")
    columns[2].metric("Once", f"{found.by_copies.get(1, 0):,}")
    columns[3].metric("No proven copy", f"{found.by_copies.get(0, 0):,}")


def draw_targets(found: Coverage) -> None:
    """Each target with its state, its share of the archive, its last proofs."""
    st.subheader("Targets")
    if found.probed_at is None:
        st.caption("The service-monitor has not looked at the targets yet.")
    else:
        st.caption(f"The service-monitor looked at them {when(found.probed_at)}.")
    for target in found.targets:
        with st.container(border=True, gap="xsmall"):
            _draw_target(target, found.assets)


def _draw_target(target: Target, assets: int) -> None:
    st.markdown(f"{badge(target.state)} **{plain(target.name)}**")
    if target.message:
        st.markdown(plain(target.message))
    share = min(target.verified / assets, 1.0) if assets else 0.0
    st.progress(share, f"{target.verified:,} of {assets:,} files, proven")
    told = [f"verified last {when(target.last_verified_at)}"]
    if target.oldest_verified_at:
        told.append(f"longest ago {when(target.oldest_verified_at)}")
    told.append(_drilled(target.drill))
    if target.problems:
        told.append(f"{acts.count(target.problems, 'copy', 'copies')} with a problem")
    st.caption(" · ".join(told))


def _drilled(drill: Drill | None) -> str:
    if drill is None:
        return "no restore was tried yet"
    how = "went well" if drill.went_well else f"failed for {drill.failed} of {drill.files}"
    return f"last restore drill {how}, {when(drill.at)}"


def draw_missing(found: Coverage) -> None:
    """What has not as many copies as there are targets, and why."""
    st.subheader("Not backed up, and why")
    parked = sum(found.parked.values())
    if not found.waiting and not found.problems:
        st.caption("Nothing is missing.")
        return
    if found.waiting > parked:
        queued = acts.count(found.waiting - parked, "file")
        st.markdown(f"- {queued} not at every target yet: the backup is at it, or rests; "
                    "Services tells which")  # fmt: skip
    for reason, number in found.parked.items():
        st.markdown(f"- {acts.count(number, 'file')} given up: {plain(reason)}")
    for one in found.problems:
        st.markdown(f"- {plain(one.path)} at {plain(one.target)}: {plain(one.problem)}")
    if parked:
        st.page_link(
            "app_pages/attention.py", label="Let what was given up be tried again",
            icon=":material/priority_high:", query_params={"kind": "parked"},
        )  # fmt: skip


def draw_proofs(found: Coverage) -> None:
    """The last drills and dumps, for whoever wants to know exactly."""
    if not found.drills and not found.dumps:
        return
    st.subheader("Drills and dumps")
    drills = [
        {
            "at": one.at, "target": one.target, "files": one.files, "failed": one.failed,
            "result": "OK" if one.went_well else "ERROR", "message": one.message,
        }
        for one in found.drills
    ]  # fmt: skip
    dumps = [
        {
            "made": one.made_at, "target": one.target, "file": one.path,
            "size": bytes_text(one.size_bytes), "proven": one.proved_at, "message": one.message,
        }
        for one in found.dumps
    ]  # fmt: skip
    with st.expander(f"Restore drills: the last {len(drills)}"):
        st.dataframe(drills, hide_index=True)
    with st.expander(f"Dumps of the ledger: the last {len(dumps)}"):
        st.dataframe(dumps, hide_index=True)
