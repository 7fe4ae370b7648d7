"""Parts of the page of people: the persons as cards, and the merge of several."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.actions import people as acts_on
from photo_factory.dashboard.app_pages import acts
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import people
from photo_factory.dashboard.queries.people import FaceTile, Somebody

CARD = 164
"""Pixels a card is wide."""
AT_ONCE = 36

_PICK = "pick_person_"
_SHOWN = "people_shown"


@st.cache_data(max_entries=1500, show_spinner=False)
def picture(file_hash: str, box: people.Box) -> bytes | None:
    """A face cut out of our own small picture; None where there is none yet."""
    chosen = context()
    return people.cropped(chosen.paths, chosen.settings.thumbnail_sizes, file_hash, box)


def card_picture(face: FaceTile | None, alt: str, width: int = CARD - 36) -> None:
    """The face, or a sign that its small picture is not there yet."""
    found = picture(face.file_hash, face.box) if face else None
    if found is None:
        st.markdown(":material/no_photography: :gray[no picture yet]")
    else:
        st.image(found, width=width, alt=alt)


def title_of(somebody: Somebody) -> str:
    """Their name, or what stands for one."""
    return somebody.name or f"Nameless {str(somebody.id)[:4]}"


def draw_persons(which: people.Which, name: str) -> None:
    """The cards, as many pages of them as were asked for, and the bar of what was ticked."""
    pages = st.session_state.get(_SHOWN, {}).get((which, name), 1)
    found: list[Somebody] = []
    after = None
    for _ in range(pages):
        page = people.persons_after(context().engine, which, after, AT_ONCE, name)
        found += page.persons
        after = page.after
    if not found:
        st.info("Nobody is called like that." if name else "Nobody is in this list.")
        return
    bar = st.container()
    with st.container(horizontal=True, gap="small"):
        for somebody in found:
            _draw_card(somebody)
    if after is not None:
        st.button("Show more", on_click=_show_more, args=(which, name, pages + 1))
    picked = [one for one in found if st.session_state.get(f"{_PICK}{one.id}")]
    with bar:
        _draw_merge(picked)


def _show_more(which: str, name: str, pages: int) -> None:
    st.session_state[_SHOWN] = {(which, name): pages}


def _draw_card(somebody: Somebody) -> None:
    with st.container(border=True, width=CARD, gap="xsmall"):
        card_picture(somebody.best, title_of(somebody))
        told = f"**{plain(somebody.name)}**" if somebody.name else ":gray[Nameless]"
        st.markdown(told)
        st.caption(f"{acts.count(somebody.photos, 'photo')}")
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.button("Open", key=f"open_{somebody.id}", on_click=open_person, args=(somebody.id,))
            if access.may_act():
                st.checkbox(
                    f"Select {title_of(somebody)}",
                    key=f"{_PICK}{somebody.id}",
                    label_visibility="collapsed",
                )


def open_person(who: uuid.UUID | None) -> None:
    """Let the address name a person, or (None) nobody."""
    if who is None:
        st.query_params.pop("person", None)
    else:
        st.query_params["person"] = str(who)


def _draw_merge(picked: Sequence[Somebody]) -> None:
    if not acts.only_owners("give names, merge and split"):
        return
    if not picked:
        st.caption("Open a card to give a name; tick several that are one person to merge them.")
        return
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        if len(picked) == 1:
            st.markdown(f"{title_of(picked[0])} is ticked. Tick who is the same person, too.")
        else:
            stays = st.selectbox(
                f"{len(picked)} are one person. Who stays?",
                sorted(picked, key=lambda one: (one.name is None, -one.faces)),
                format_func=title_of,
                width=280,
            )
            merging = partial(_merge, stays, picked)
            st.button("Merge", type="primary", on_click=acts.do, args=(merging,))
        st.button("Tick none", on_click=_tick_none)


def _merge(stays: Somebody, picked: Sequence[Somebody]) -> str:
    others = [one.id for one in picked if one.id != stays.id]
    number = acts_on.merge(context(), access.actor(), stays.id, others)
    _tick_none()
    return f"They are one person now, with {acts.count(number, 'face')}"


def _tick_none() -> None:
    for key in [key for key in st.session_state if str(key).startswith(_PICK)]:
        del st.session_state[key]
