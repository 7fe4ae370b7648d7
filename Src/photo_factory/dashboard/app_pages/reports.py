"""The ledger as tables and charts, and a box for questions of one's own."""

from __future__ import annotations

import streamlit as st

from photo_factory.dashboard.app_pages import reports_box, reports_charts, reports_table
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import reports
from photo_factory.dashboard.queries.reports import Report
from photo_factory.dashboard.widgets import what_can_be_had

BOX = "sql"


@st.cache_data(ttl=60, show_spinner="Asking the ledger …", max_entries=20)
def asked(view: str, span: str) -> reports_table.Table:
    """A report, once a minute for all who look."""
    engine = context().engine
    if span:
        return reports.over_time(engine, span)
    return reports.table(engine, _report(view))


def _report(view: str) -> Report:
    return next(one for one in reports.reports() if one.view == view)


def main() -> None:
    """One report at a time, or the box."""
    st.title("Reports")
    titles = {one.view: one.title for one in reports.reports()} | {BOX: "Ask in SQL"}
    if st.query_params.get("report") in titles and "report" not in st.session_state:
        st.session_state["report"] = st.query_params["report"]
    chosen = st.pills(
        "Report", [*titles], key="report", format_func=titles.__getitem__, required=True,
        default=None if "report" in st.session_state else "v_photos_per_day",
        label_visibility="collapsed",
    )  # fmt: skip
    with what_can_be_had("The report"):
        if chosen == BOX:
            reports_box.draw()
        else:
            _draw_report(_report(chosen or "v_photos_per_day"))


def _draw_report(report: Report) -> None:
    st.caption(report.about)
    span = ""
    if report.view == "v_photos_per_day":
        span = st.segmented_control(
            "Count by", [*reports.SPANS], default="Month", required=True, key="report_span",
            label_visibility="collapsed",
        ) or "Month"  # fmt: skip
    table = asked(report.view, span)
    if table.empty:
        st.info("There is nothing to report yet.", icon=":material/table_chart:")
        return
    reports_charts.draw(report, span, table)
    name = "_".join(part for part in (report.view, span.lower()) if part)
    reports_table.draw(table, name)


main()
