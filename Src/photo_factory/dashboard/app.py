"""The list of pages, and the frame around them; `photo-factory dashboard` has Streamlit run it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.context import context
from photo_factory.dashboard.headers import TO_THE_DOOR
from photo_factory.dashboard.widgets import INTERVAL

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

INTERVALS = (2, 5, 10, 30, 60)
"""Seconds between two looks that a viewer may choose from."""

_PAUSED = 0

_ICON = Path(__file__).parent / "icon.svg"  # one by name would be asked of a stranger's server

_STYLE = """<style>
  .stMainBlockContainer { padding-top: 3.5rem; padding-bottom: 3rem; max-width: 90rem; }
  [data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
  /* What is drawn anew in the background does not fade meanwhile: nothing shall flicker. */
  [data-stale="true"] { opacity: 1 !important; transition: none !important; }
  /* Where nothing hovers a table's buttons would always lie on the line above it. */
  @media (hover: none) { [data-testid="stElementToolbar"] { display: none; } }
  @media (max-width: 640px) {
    .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
    h1 { font-size: 1.4rem !important; }
  }
</style>"""


def main() -> None:
    """Draw the page that was asked for."""
    st.set_page_config("Photo Factory", str(_ICON), layout="wide")
    st.html(_STYLE)
    if access.visitor() is None:
        st.navigation([st.Page(sign_in, title="Sign in")], position="hidden").run()
        return
    access.touch()
    pages = [
        st.Page(f"app_pages/{name}.py", title=title, icon=icon, url_path=name, default=not number)
        for number, (name, title, icon) in enumerate(PAGES)
    ]
    chosen = st.navigation(pages)
    with st.sidebar:
        draw_sidebar()
    chosen.run()


def draw_sidebar() -> None:
    """How often it looks, who looks, and the way out."""
    default = context().settings.dashboard_refresh
    seconds = st.selectbox(
        "Refresh",
        [*sorted({*INTERVALS, default}), _PAUSED],
        index=sorted({*INTERVALS, default}).index(default),
        format_func=lambda one: f"every {one} s" if one else "paused",
        key="refresh_choice",
    )
    st.session_state[INTERVAL] = seconds or None
    somebody = access.actor()
    st.caption(f"{somebody.who} · {somebody.role}")
    if access.is_guarded(context().settings):
        st.button("Sign out", icon=":material/logout:", on_click=access.leave)


def sign_in() -> None:
    """What is seen by whose session ended while the page stood open."""
    st.title("Photo Factory")
    st.markdown("You are signed out. [Sign in](/enter)")
    if not st.session_state.get(access.LEAVING):
        st.html(f"<script>{TO_THE_DOOR}</script>", unsafe_allow_javascript=True)


if __name__ == "__main__":  # as Streamlit runs it
    main()
