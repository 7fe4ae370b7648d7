"""The list of pages; `photo-factory dashboard` runs this file by Streamlit."""

from __future__ import annotations

import streamlit as st

PAGES = (
    ("overview", "Overview", ":material/dashboard:"),
    ("services", "Services", ":material/monitor_heart:"),
    ("library", "Library", ":material/photo_library:"),
    ("map", "Map", ":material/map:"),
    ("timeline", "Timeline", ":material/calendar_month:"),
    ("people", "People", ":material/group:"),
    ("attention", "Needs attention", ":material/priority_high:"),
    ("backup", "Backup", ":material/backup:"),
    ("reports", "Reports", ":material/table_chart:"),
    ("settings", "Settings", ":material/settings:"),
)
"""File in app_pages, title, icon; the first one opens."""


def main() -> None:
    """Draw the page that was asked for."""
    st.set_page_config("Photo Factory", ":material/photo_camera:", layout="wide")
    pages = [
        st.Page(f"app_pages/{name}.py", title=title, icon=icon, url_path=name, default=not number)
        for number, (name, title, icon) in enumerate(PAGES)
    ]
    st.navigation(pages).run()


if __name__ == "__main__":  # as Streamlit runs it
    main()
