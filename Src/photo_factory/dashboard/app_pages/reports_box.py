"""Part of the page of reports: the box for a SELECT of one's own, which can only read."""

from __future__ import annotations

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.app_pages import reports_table
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import reports, sql_box
from photo_factory.dashboard.queries.sql_box import LIMITS, Answer
from photo_factory.shared.errors import PhotoFactoryError

_SQL = "sql_box_text"
_ANSWER = "sql_box_answer"


def draw() -> None:
    """The box, questions to begin with, and the last answer."""
    if not access.may_act():
        st.info("The box is for owners: a question can keep the database busy. The reports "
                "beside it are for everybody.", icon=":material/lock:")  # fmt: skip
        return
    chosen = context()
    if closed := sql_box.why_closed(chosen.engine, chosen.settings):
        st.info(closed, icon=":material/lock:")
        return
    st.caption(
        f"One SELECT, which can read and nothing else; {LIMITS.seconds:g} seconds and "
        f"{LIMITS.rows:,} rows at most. docs/DATABASE_SCHEMA.md names the tables and views."
    )
    st.session_state.setdefault(_SQL, next(iter(reports.QUESTIONS.values())))
    st.selectbox(
        "Begin with", [*reports.QUESTIONS], index=None, placeholder="A question to begin with",
        key="sql_box_example", on_change=_take_example, label_visibility="collapsed",
    )  # fmt: skip
    st.text_area("SQL", key=_SQL, height=180)
    st.button("Ask", type="primary", on_click=_ask, icon=":material/play_arrow:")
    _draw_answer(st.session_state.get(_ANSWER))


def _take_example() -> None:
    if chosen := st.session_state["sql_box_example"]:
        st.session_state[_SQL] = reports.QUESTIONS[chosen]


def _ask() -> None:
    if not access.may_act():
        return
    chosen = context()
    try:
        answer: Answer | PhotoFactoryError = sql_box.ask(
            chosen.engine, chosen.settings, st.session_state[_SQL]
        )
    except PhotoFactoryError as error:
        answer = error
    st.session_state[_ANSWER] = answer


def _draw_answer(answer: Answer | PhotoFactoryError | None) -> None:
    if answer is None:
        return
    if isinstance(answer, PhotoFactoryError):
        st.error(f"Not answered: {answer}", icon=":material/block:")
        return
    if answer.cut:
        st.warning(f"Not all of it: {answer.cut}", icon=":material/content_cut:")
    if answer.table.empty:
        st.info("No row is like that.")
        return
    reports_table.draw(answer.table, "answer")
    st.caption(f"in {answer.seconds:.2f} s")
