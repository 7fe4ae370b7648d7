"""The smaller parts of a photo's page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.app_pages import library_address as address
from photo_factory.dashboard.app_pages import library_correct
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.components import gallery, globe
from photo_factory.dashboard.context import context
from photo_factory.dashboard.pictures import picture_url
from photo_factory.dashboard.queries.detail import Detail, detail
from photo_factory.dashboard.widgets import bytes_text, inside, when

_LOOK_S = 2
_AROUND = 6.0
_HIDDEN = ("evidence", "content_identifier", "group_key", "location")


def draw_neighbours(found: Detail) -> None:
    """The other files of its group: a Live photo's film, the RAW of a JPEG, a sidecar."""
    if not found.neighbours:
        return
    st.caption("Belongs together")
    tiles = [_neighbour(row) for row in found.neighbours]
    gallery(
        key="detail_neighbours",
        data={"sections": [{"tiles": tiles}], "months": True},
        on_open_change=_open_neighbour,
    )


def _neighbour(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "name": row["original_name"],
        "label": row["original_name"],
        "src": picture_url(row["file_hash"], 480) if row["is_thumbnailed"] else None,
        "why": row["mime_type"] or row["media_type"],
        "caption": row["mime_type"] or row["media_type"] if row["is_thumbnailed"] else None,
        "note": bytes_text(row["size_bytes"]),
        "badges": [],
    }


def _open_neighbour() -> None:
    if asked := getattr(st.session_state.get("detail_neighbours"), "open", None):
        address.open_asset(asked)


def draw_parked(found: Detail) -> None:
    """What services gave up on, and the button to try again."""
    for run in found.parked:
        st.warning(
            f"**{plain(run['stage'])}** gave up: {plain(run['last_error'] or 'no reason told')}",
            icon=":material/warning:",
        )
    if found.parked and access.may_act():
        st.button(
            "Try again", icon=":material/refresh:", key="detail_retry",
            on_click=library_correct.retry, args=([found.asset["id"]],),
        )  # fmt: skip


def draw_corrections(found: Detail) -> None:
    """What people said of it, how far that is, and the way back."""
    if not found.corrections:
        return
    waits = any(one["applied_at"] is None for one in found.corrections)
    undone = {one["undoes"] for one in found.corrections if not one["problem"]}
    for one in found.corrections:
        _draw_correction(one, undone)
    if waits:
        _watch(found.asset["id"])


def _draw_correction(one: Mapping[str, Any], undone: set[Any]) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"{_said(one)}  \n{_state(one)}", width="stretch")
        applied = one["applied_at"] and not one["problem"]
        may_undo = applied and one["id"] not in undone and not one["undoes"]
        if may_undo and access.may_act():
            st.button(
                "Undo", icon=":material/undo:", key=f"undo_{one['id']}",
                on_click=library_correct.undo, args=(one["id"],),
            )  # fmt: skip


def _said(one: Mapping[str, Any]) -> str:
    if one["undoes"]:
        return "Undo the correction"
    if one["captured_at"]:
        return f"Date corrected to **{plain(one['captured_at'].strftime('%Y-%m-%d %H:%M:%S'))}**"
    if one["location"]:
        return f"Place corrected to **{one['location']['lat']}, {one['location']['lon']}**"
    return "Place removed"


def _state(one: Mapping[str, Any]) -> str:
    who = f"by {plain(one['asked_by'])}, {when(one['asked_at'])}"
    if one["applied_at"] is None:
        return f":orange-badge[WAITS] {library_correct.ASKED} {who}"
    if one["problem"]:
        return f":red-badge[NOT DONE] {plain(one['problem'])} · {who}"
    return f":green-badge[RE-FILED] {when(one['applied_at'])} · {who}"


def _watch(asset_id: uuid.UUID) -> None:
    """Look again now and then, and draw the page anew when the Librarian has done it."""

    def look() -> None:
        now = detail(context().engine, asset_id)
        if now and all(one["applied_at"] for one in now.corrections):
            st.rerun()

    st.fragment(inside(look), run_every=_LOOK_S)()


def draw_map(found: Detail) -> None:
    """Where it was taken, on a small map."""
    at = found.asset["location"]
    if not at:
        return
    latitude, longitude = float(at["lat"]), float(at["lon"])
    south, west = latitude - _AROUND, longitude - _AROUND
    globe(
        key="detail_map",
        height=220,
        data={
            "height": 216,
            "still": True,
            "fit": [south, west, south + 2 * _AROUND, west + 2 * _AROUND],
            "pin": [latitude, longitude],
            "clusters": [],
            "tiles": context().settings.dashboard_tiles,
            "tiles_by": "",
        },
    )
    st.caption(f"{latitude:.5f}, {longitude:.5f}")


def draw_history(found: Detail) -> None:
    """From its arrival to its backup."""
    lines = []
    for event in found.history:
        mark = ":red[:material/error:]" if event.trouble else ":green[:material/check_circle:]"
        lines.append(f"{mark} {plain(event.what)} :gray[· {when(event.at)}]")
    if not found.asset["is_backed_up"]:
        lines.append(":orange[:material/schedule:] not backed up yet")
    st.markdown("  \n".join(lines))


def draw_everything(found: Detail) -> None:
    """Every column of its row."""
    rows = [
        {"column": name, "value": str(value)}
        for name, value in found.asset.items()
        if value is not None and name not in _HIDDEN
    ]
    if found.asset["location"]:
        rows.append({"column": "location", "value": str(found.asset["location"])})
    if found.place:
        rows.append({"column": "place", "value": found.place["display"]})
    st.dataframe(rows, hide_index=True, height="content")
