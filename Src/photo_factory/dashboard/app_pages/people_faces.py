"""Parts of the page of people: one person, their faces, and what can be said of those."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.actions import people as acts_on
from photo_factory.dashboard.app_pages import acts, people_parts
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import people
from photo_factory.dashboard.queries.people import FaceTile, Somebody

_PICK = "pick_face_"
_PAGES = "faces_shown"
_AT_ONCE = 48
_TILE = 136


def draw_person(who: uuid.UUID | None) -> None:
    """One person: the name, the way to the photos, and the faces."""
    st.button(
        "All people", icon=":material/arrow_back:", on_click=people_parts.open_person, args=(None,)
    )
    somebody = people.person(context().engine, who) if who else None
    if somebody is None:
        st.info("Nobody is there (any more): persons that were merged live on as one of them.")
        return
    _draw_head(somebody)
    draw_faces(somebody.id, somebody)


def _draw_head(somebody: Somebody) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width=132):
            people_parts.card_picture(somebody.best, people_parts.title_of(somebody), 128)
        with st.container(width="stretch", gap="xsmall"):
            st.title(plain(people_parts.title_of(somebody)), anchor=False)
            faces = acts.count(somebody.faces, "face")
            span = ""
            if somebody.first and somebody.last:
                span = f" · {somebody.first:%Y-%m-%d} to {somebody.last:%Y-%m-%d}"
            st.caption(f"{faces} on {acts.count(somebody.photos, 'photo')}{span}")
            st.page_link(
                "app_pages/library.py", label="See the photos in the library",
                icon=":material/photo_library:", query_params={"person": str(somebody.id)},
            )  # fmt: skip
    if acts.only_owners("give a name, and say whose the faces are"):
        _draw_naming(somebody)


def _draw_naming(somebody: Somebody) -> None:
    with st.form(f"name_{somebody.id}", border=False), st.container(
        horizontal=True, vertical_alignment="bottom"
    ):  # fmt: skip
        key = f"new_name_{somebody.id}"
        st.text_input("Name", value=somebody.name or "", key=key, width=320)
        naming = partial(_rename, somebody, key)
        st.form_submit_button("Save name", on_click=acts.do, args=(naming,))


def _rename(somebody: Somebody, key: str) -> str:
    name = str(st.session_state[key]).strip()
    acts_on.rename(context(), access.actor(), somebody.id, name)
    return f"This is {name} now" if name else "They have no name now"


def draw_left_over(whose: people.Whose) -> None:
    """The faces that are nobody's, or those that were said to be none."""
    if whose == "nobody":
        st.caption("Too poor to be given to anybody by themselves. Say whose they are.")
    else:
        st.caption("Somebody said that these are no faces; they are not asked about again.")
    draw_faces(whose, None)


def draw_faces(whose: people.Whose, somebody: Somebody | None) -> None:
    """The faces, as many pages of them as were asked for, and what can be said of the ticked."""
    pages = st.session_state.get(_PAGES, {}).get(str(whose), 1)
    found: list[FaceTile] = []
    after = None
    for _ in range(pages):
        page = people.faces_after(context().engine, whose, after, _AT_ONCE)
        found += page.faces
        after = page.after
    if not found:
        st.info("There are none.")
        return
    picked = [face for face in found if st.session_state.get(f"{_PICK}{face.id}")]
    if access.may_act():
        _draw_bar(picked, whose, somebody)
    with st.container(horizontal=True, gap="small"):
        for face in found:
            _draw_tile(face)
    if after is not None:
        st.button("Show more", on_click=_show_more, args=(str(whose), pages + 1))


def _show_more(whose: str, pages: int) -> None:
    st.session_state[_PAGES] = {whose: pages}


def _draw_tile(face: FaceTile) -> None:
    with st.container(width=_TILE, gap="xsmall"):
        people_parts.card_picture(face, f"A face on {face.original_name}", _TILE - 8)
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            if access.may_act():
                label = f"Select the face on {face.original_name}"
                st.checkbox(label, key=f"{_PICK}{face.id}", label_visibility="collapsed")
            st.page_link(
                "app_pages/library.py", label=f"{face.captured_at:%Y-%m-%d}",
                help=face.original_name, query_params={"asset": str(face.asset_id)},
            )  # fmt: skip


def _draw_bar(picked: Sequence[FaceTile], whose: people.Whose, somebody: Somebody | None) -> None:
    if not picked:
        what = "are somebody else's, or no faces at all" if somebody else "you know better"
        st.caption(f"Tick the faces that {what}.")
        return
    ticked = [face.id for face in picked]
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        st.markdown(f"**{acts.count(len(ticked), 'face')}**")
        if whose == "no face":
            _button("They are faces", partial(_say_face, ticked))
        else:
            _draw_giving(ticked, somebody)
            _button("Not a face", partial(_say_no_face, ticked))
        st.button("Tick none", on_click=_tick_none)


def _draw_giving(ticked: list[uuid.UUID], somebody: Somebody | None) -> None:
    others = people.names(context().engine)
    if somebody:
        others.pop(somebody.id, None)
    told = {f"{name}": name for name in others.values()}
    choice = st.selectbox(
        "Whose they are", [*told], index=None, placeholder="A name, also a new one",
        accept_new_options=True, width=260,
    )  # fmt: skip
    label = f"Give to {choice}" if choice else "Give to a new person"
    _button(label, partial(_give, ticked, choice), is_main=True)


def _button(label: str, act: partial[str], *, is_main: bool = False) -> None:
    st.button(label, on_click=acts.do, args=(act,), type="primary" if is_main else "secondary")


def _give(ticked: list[uuid.UUID], to: str | None) -> str:
    acts_on.give(context(), access.actor(), ticked, to)
    _tick_none()
    return f"{acts.count(len(ticked), 'face')} given to {to or 'a new person'}"


def _say_no_face(ticked: list[uuid.UUID]) -> str:
    acts_on.not_faces(context(), access.actor(), ticked)
    _tick_none()
    return f"{acts.count(len(ticked), 'spot')} will not be taken for a face again"


def _say_face(ticked: list[uuid.UUID]) -> str:
    acts_on.not_faces(context(), access.actor(), ticked, undo=True)
    _tick_none()
    return f"{acts.count(len(ticked), 'face')} can be given to somebody again"


def _tick_none() -> None:
    for key in [key for key in st.session_state if str(key).startswith(_PICK)]:
        del st.session_state[key]
