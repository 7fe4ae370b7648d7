"""Part of the page of reports: a table, and its download as CSV and Parquet."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from photo_factory.dashboard.app_pages import acts
from photo_factory.dashboard.queries import frames

Table = Any
"""A pandas DataFrame."""


def draw(table: Table, name: str) -> None:
    """The table; the files are made when they are asked for."""
    st.dataframe(table, hide_index=True, column_config=_columns(table))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(acts.count(len(table), "row"), width="content")
        for kind, made, mime in (
            ("CSV", frames.as_csv, "text/csv"),
            ("Parquet", frames.as_parquet, "application/vnd.apache.parquet"),
        ):
            st.download_button(
                kind, partial(made, table), f"{name}.{kind.lower()}", mime,
                icon=":material/download:", on_click="ignore", key=f"{kind}_{name}",
            )  # fmt: skip


def _columns(table: Table) -> dict[str, Any]:
    """Sizes as a person reads them."""
    shown = st.column_config.NumberColumn
    return {
        name: shown(name.replace("size_bytes", "size"), format="bytes")
        for name in table.columns
        if name.endswith("size_bytes") and table[name].dtype.kind in "iuf"
    }
