"""What every page stands on: the settings, the folders, and the way to the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from sqlalchemy import Engine

from photo_factory.shared import settings
from photo_factory.shared.ledger.database import connect
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.settings import Settings


@dataclass(frozen=True)
class Context:
    """One for all sessions; nothing in it is asked of the database yet."""

    settings: Settings
    paths: Paths
    engine: Engine


@st.cache_resource(show_spinner=False)
def context() -> Context:
    """The factory that this dashboard shows."""
    chosen = settings.load()
    engine = connect(database_url(chosen), application="dashboard")
    return Context(chosen, Paths.of(chosen), engine)
