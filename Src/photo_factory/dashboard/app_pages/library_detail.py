"""One photo: the picture, all that is known of it, where it came from and where it went."""

from __future__ import annotations

import html
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.app_pages import library_address as address
from photo_factory.dashboard.app_pages import library_correct, library_parts, library_why
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.context import context
from photo_factory.dashboard.pictures import original_url, picture_url
from photo_factory.dashboard.queries import library
from photo_factory.dashboard.queries.detail import Detail, detail
from photo_factory.dashboard.widgets import bytes_text

_STYLE = """<style>
.photo { text-align: center; }
.photo img { max-width: 100%; max-height: 78vh; border-radius: 8px; }
.photo .none { padding: 5rem 1rem; border: 1px dashed; border-radius: 8px; opacity: .6 }
@media (max-width: 640px) {
  .st-key-detail_top .stMarkdown { display: none; }
  .st-key-detail_top kbd { display: none; }
}
</style>"""


def draw(asset_id: uuid.UUID) -> None:
    """The page of one photo."""
    found = detail(context().engine, asset_id)
    if found is None:
        _draw_top(None)
        st.info("There is no such photo (any more).", icon=":material/no_photography:")
        return
    st.html(_STYLE)
    _draw_top(found)
    left, right = st.columns([5, 3], gap="medium")
    with left:
        _draw_picture(found)
        library_parts.draw_neighbours(found)
    with right:
        _draw_facts(found)
        _draw_actions(found)
        library_parts.draw_parked(found)
        library_parts.draw_corrections(found)
        library_parts.draw_map(found)
    history, why, everything = st.tabs(["History", "Why this date", "All metadata"])
    with history:
        library_parts.draw_history(found)
    with why:
        library_why.draw(found.asset)
    with everything:
        library_parts.draw_everything(found)


def _draw_top(found: Detail | None) -> None:
    """The way back, and to the photos beside it."""
    beside: tuple[uuid.UUID | None, uuid.UUID | None] = (None, None)
    if found:
        beside = library.beside(context().engine, address.filters(), found.key)
    with st.container(horizontal=True, vertical_alignment="center", key="detail_top"):
        st.button(
            "Library", icon=":material/arrow_back:", key="detail_back", type="tertiary",
            on_click=address.close_asset, shortcut="Escape",
        )  # fmt: skip
        name = found.asset["original_name"] if found else ""
        st.markdown(f"**{plain(name)}**", width="stretch")
        for which, label, icon, key in (
            (beside[0], "Newer", ":material/chevron_left:", "Left"),
            (beside[1], "Older", ":material/chevron_right:", "Right"),
        ):
            st.button(
                label, icon=icon, key=f"detail_{label.lower()}", disabled=which is None,
                on_click=partial(address.open_asset, which or ""), shortcut=key,
                icon_position="right" if key == "Right" else "left",
            )  # fmt: skip


def _draw_picture(found: Detail) -> None:
    asset = found.asset
    if not asset["is_thumbnailed"]:
        st.html("<div class='photo'><div class='none'>no picture yet</div></div>")
        return
    small, large = (html.escape(picture_url(asset["file_hash"], one)) for one in (960, 1920))
    name = html.escape(asset["original_name"], quote=True)
    st.html(
        f"<div class='photo'><a href='{large}' target='_blank'><img alt='{name}' "
        f"src='{small}' srcset='{small} 960w, {large} 1920w' sizes='(max-width: 640px) 96vw, 60vw'>"
        "</a></div>"
    )


def _draw_facts(found: Detail) -> None:
    asset = found.asset
    at = asset["captured_at"]
    st.subheader(f"{at:%-d %B %Y}, {at:%H:%M}", anchor=False)
    unsure = asset["captured_at_confidence"] < 0.5
    offset = f"UTC{asset['captured_utc_offset']} · " if asset["captured_utc_offset"] else ""
    source = plain(library_why.in_words(asset["captured_at_source"]))
    st.caption(f"{offset}{source}{' · :orange-badge[UNSURE DATE]' if unsure else ''}")
    st.markdown("  \n".join(f":material/{icon}: {told}" for icon, told in _lines(found)))


def _lines(found: Detail) -> list[tuple[str, str]]:
    asset = found.asset
    place = found.place["display"] if found.place else None
    camera = " ".join(filter(None, (asset["camera_make"], asset["camera_model"])))
    lines = [("photo_camera", plain(camera))] if camera else []
    lines.append(("straighten", _measures(asset)))
    if place or asset["location"]:
        lines.append(("location_on", plain(place or "a position whose place is not looked up yet")))
    if asset["source_device"]:
        lines.append(("smartphone", plain(asset["source_device"])))
    if found.people:
        lines.append(("group", ", ".join(map(_person, found.people))))
    lines.append(("description", plain(asset["original_name"])))
    lines.append(("folder", f"`{asset['final_path'].replace('`', chr(39))}`"))
    return lines


def _measures(asset: Mapping[str, Any]) -> str:
    parts = [f"{asset['width']:,} × {asset['height']:,}"] if asset["width"] else []
    if asset["duration_s"]:
        parts.append(f"{asset['duration_s']:.0f} s")
    return " · ".join([*parts, bytes_text(asset["size_bytes"]), plain(asset["mime_type"] or "?")])


def _person(row: Mapping[str, Any]) -> str:
    return f"[{plain(row['name'] or 'somebody without a name')}](/people?person={row['id']})"


def _draw_actions(found: Detail) -> None:
    with st.container(horizontal=True):
        if access.may_act():
            library_correct.draw_buttons(found.asset)
        st.link_button(
            "Download original", original_url(found.asset["id"]), icon=":material/download:"
        )
