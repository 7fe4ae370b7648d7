"""Part of the page of what needs attention: dates that are more guess than knowledge."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import partial

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.actions import attention as acts_on
from photo_factory.dashboard.actions.attention import Said
from photo_factory.dashboard.app_pages import acts, attention_list
from photo_factory.dashboard.app_pages.attention_list import button, paged, ticked
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import attention
from photo_factory.dashboard.queries.attention import Item

EARLIEST = date(1826, 1, 1)
"""Before the first photograph nothing was taken."""


def draw_dates() -> None:
    """Unsure dates: accept what was guessed, or say what is right."""
    st.markdown(
        "These photos do not say when they were taken, so the date is a guess, for example from "
        "the file's name or its time of change. Accept the guess, or give the right date: the "
        "photo moves to that day's folder, and its old place can be had back."
    )
    found = paged("dates", partial(attention.unsure_dates, context().engine, size=25))
    if acts.only_owners("accept or correct dates"):
        chosen = [item for item in ticked("dates", found.items) if item.asset_id and item.taken]
        _draw_saying(chosen)
    attention_list.draw("dates", found)


def _draw_saying(chosen: list[Item]) -> None:
    number = len(chosen)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = f"Accept {number} as they are" if number else "Accept as they are"
        button(label, partial(_accept, chosen), is_main=True, off=not number)
        with st.popover(f"Correct {number}" if number else "Correct", disabled=not number):
            _draw_correcting(chosen)


def _draw_correcting(chosen: list[Item]) -> None:
    guess = chosen[0].taken if chosen and chosen[0].taken else datetime(2000, 1, 1, 12)
    st.caption("By the clock of the place where it was taken.")
    day = st.date_input("Day", guess.date(), min_value=EARLIEST, max_value=date.today())
    keeps = st.checkbox("Keep the time of day of each", value=True)
    at = time(12) if keeps else st.time_input("Time", guess.time())
    button("Save the date", lambda: _correct(chosen, day, None if keeps else at), is_main=True)


def _accept(chosen: list[Item]) -> str:
    said = [_said(item, item.taken) for item in chosen if item.taken]
    number = acts_on.say_dates(context(), access.actor(), said)
    return f"{acts.count(number, 'date')} accepted; the Librarian notes it"


def _correct(chosen: list[Item], day: date, at: time | None) -> str:
    said = [
        _said(item, datetime.combine(day, at or item.taken.time())) for item in chosen if item.taken
    ]
    number = acts_on.say_dates(context(), access.actor(), said)
    return f"{acts.count(number, 'date')} corrected; the Librarian re-files them"


def _said(item: Item, taken: datetime) -> Said:
    assert item.asset_id is not None
    return Said(item.asset_id, taken, item.utc_offset)
