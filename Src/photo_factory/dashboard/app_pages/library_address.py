"""The library's address says what it shows: it can be kept, shared, and gone back to."""

from __future__ import annotations

import uuid
from datetime import date

import streamlit as st

from photo_factory.dashboard.queries.filters import Filters, Key, read_key, told_key
from photo_factory.dashboard.queries.scan import Towards

PAGE = "app_pages/library.py"

_PLACES = ("at", "to", "asset", "view")
"""What stands in the address beside the filters."""


def filters() -> Filters:
    """What the address narrows the library down to."""
    return Filters.from_query(st.query_params.to_dict())


def place() -> tuple[Key | None, Towards]:
    """The key the page begins at, and in which direction."""
    towards: Towards = "newer" if st.query_params.get("to") == "newer" else "older"
    return read_key(st.query_params.get("at")), towards


def asset() -> uuid.UUID | None:
    """The photo that is open."""
    try:
        return uuid.UUID(st.query_params.get("asset", ""))
    except ValueError:
        return None


def view() -> str:
    """`years`, or `photos`."""
    return "years" if st.query_params.get("view") == "years" else "photos"


def show(wanted: Filters) -> None:
    """The first page of what matches."""
    st.query_params.from_dict(wanted.as_query())


def turn(key: Key, towards: Towards) -> None:
    """The page beyond a key."""
    st.query_params.from_dict({**filters().as_query(), "at": told_key(key), "to": towards})


def show_view(name: str) -> None:
    """The same photos in another view."""
    shown = filters().as_query()
    st.query_params.from_dict({**shown, "view": name} if name == "years" else shown)


def open_asset(asset_id: uuid.UUID | str) -> None:
    """One photo; the filters and the page stay, for the way back."""
    st.query_params["asset"] = str(asset_id)


def close_asset() -> None:
    """Back to where the photo was opened."""
    st.query_params.pop("asset", None)


def of_day(day: date) -> dict[str, str]:
    """The address of a day."""
    return Filters(first=day, last=day).as_query()


def of_month(year: int, month: int) -> Filters:
    """A month's days."""
    after = date(year + month // 12, month % 12 + 1, 1)
    return Filters(first=date(year, month, 1), last=date.fromordinal(after.toordinal() - 1))
