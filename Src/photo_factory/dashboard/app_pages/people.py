"""Who is on the photos: give names, make one person of several, and take faces apart."""

from __future__ import annotations

import uuid

import streamlit as st

from photo_factory.dashboard.app_pages import acts, people_faces, people_parts
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import people
from photo_factory.dashboard.widgets import what_can_be_had

WHICH: dict[str, people.Which] = {
    "Everybody": "everybody",
    "With a name": "named",
    "Without a name": "nameless",
}
LEFT_OVER: dict[str, people.Whose] = {"Nobody's faces": "nobody", "Not faces": "no face"}


def main() -> None:
    """One person where the address names one, else all of them."""
    acts.tell()
    asked = st.query_params.get("person")
    with what_can_be_had("People"):
        if asked:
            people_faces.draw_person(_id(asked))
        else:
            draw_everybody()


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def draw_everybody() -> None:
    """The gallery of persons, with what can be done to those who were ticked."""
    st.title("People")
    totals = people.totals(context().engine)
    if not totals.faces and not totals.no_faces:
        draw_nobody()
        return
    everybody = acts.count(totals.named + totals.nameless, "person", "people")
    faces = acts.count(totals.faces, "face")
    st.caption(f"{everybody} on {faces}; {totals.named:,} with a name")
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    choice = left.segmented_control(
        "Show", [*WHICH, *LEFT_OVER], default="Everybody", key="people_which",
        label_visibility="collapsed", wrap=True,
    ) or "Everybody"  # fmt: skip
    if choice in LEFT_OVER:
        people_faces.draw_left_over(LEFT_OVER[choice])
        return
    name = right.text_input(
        "Name", placeholder="Find by name", key="people_name", label_visibility="collapsed"
    )
    people_parts.draw_persons(WHICH[choice], name)


def draw_nobody() -> None:
    """What is said before the first face was found."""
    st.info(
        "No faces were found yet. The service `face` looks for them on every photo once its "
        "packages are installed: `photo-factory services` shows whether it runs.",
        icon=":material/group:",
    )


main()
