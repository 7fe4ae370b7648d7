"""Part of the page of what needs attention: a list to tick, a page of it at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.app_pages import acts
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.queries.attention import Item, Items, Key
from photo_factory.dashboard.widgets import when

SIZE = 25

_PICK = "pick_attention_"
_AT = "attention_at"


def paged(kind: str, ask: Callable[[Key | None], Items]) -> Items:
    """The page that was turned to; the first one where that is empty by now."""
    at = _trail(kind)
    found = ask(at[-1] if at else None)
    while not found.items and at:
        at.pop()
        found = ask(at[-1] if at else None)
    return found


def _trail(kind: str) -> list[Key]:
    """The keys at which the pages began that were turned so far."""
    trails: dict[str, list[Key]] = st.session_state.setdefault(_AT, {})
    return trails.setdefault(kind, [])


def ticked(kind: str, items: Sequence[Item]) -> list[Item]:
    """Those of these items that are ticked."""
    return [item for item in items if st.session_state.get(_key(kind, item))]


def _key(kind: str, item: Item) -> str:
    return f"{_PICK}{kind}_{'|'.join(map(str, item.key))}"


def draw(kind: str, found: Items) -> None:
    """The items, each with a box to tick where that is allowed, and the way to the next page."""
    if access.may_act() and len(found.items) > 1:
        everything = f"{_PICK}all_{kind}"
        st.checkbox(
            f"Tick all {len(found.items)} on this page", key=everything,
            on_change=_tick_all, args=(kind, everything, found.items),
        )  # fmt: skip
    with st.container(key="attention_list", gap="small"):
        for item in found.items:
            _draw_item(kind, item)
    _draw_turning(kind, found)


def _tick_all(kind: str, everything: str, items: Sequence[Item]) -> None:
    for item in items:
        st.session_state[_key(kind, item)] = bool(st.session_state[everything])


def _draw_item(kind: str, item: Item) -> None:
    with st.container(border=True, gap="xsmall"):
        if access.may_act():
            st.checkbox(plain(item.title), key=_key(kind, item))
        else:
            st.markdown(plain(item.title))
        since = f" · since {when(item.at)}" if item.at else ""
        service = f"**{item.service}**: " if item.service else ""
        st.markdown(f"{service}{plain(item.about)}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            told = f"{plain(item.asked)}" if item.asked else ""
            if told or since:
                st.caption(f"{told}{since}".removeprefix(" · "), width="content")
            if item.asset_id:
                st.page_link(
                    "app_pages/library.py", label="Look at it", icon=":material/image:",
                    query_params={"asset": str(item.asset_id)},
                )  # fmt: skip


def _draw_turning(kind: str, found: Items) -> None:
    trail = _trail(kind)
    if not trail and found.after is None:
        return
    with st.container(horizontal=True):
        st.button(
            "First page", disabled=not trail, on_click=_turn, args=(kind, None), key=f"first_{kind}"
        )
        st.button(
            "Next page", disabled=found.after is None, on_click=_turn, args=(kind, found.after),
            key=f"next_{kind}", icon=":material/arrow_forward:",
        )  # fmt: skip


def _turn(kind: str, to: Key | None) -> None:
    trail = _trail(kind)
    if to is None:
        trail.clear()
    else:
        trail.append(to)
    tick_none()


def tick_none() -> None:
    """Take all ticks away, for example after something was done to what was ticked."""
    for key in [key for key in st.session_state if str(key).startswith(_PICK)]:
        del st.session_state[key]


def button(label: str, act: Callable[[], str], *, is_main: bool = False, off: bool = False) -> None:
    """A button that does something to what is ticked, and unticks it."""

    def clicked() -> None:
        acts.do(act)
        tick_none()

    st.button(
        label, on_click=clicked, type="primary" if is_main else "secondary", disabled=off,
        key=f"do_{label}",
    )  # fmt: skip
