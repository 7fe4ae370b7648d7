"""Part of several pages: does what a button asks for, and tells how it went."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.shared.errors import PhotoFactoryError

_TOLD = "told"


def do(act: Callable[[], str]) -> None:
    """Called by a button: does it; what it answers, or why it failed, is told on the next draw."""
    try:
        told, went_well = act(), True
    except (PhotoFactoryError, OSError) as error:
        told, went_well = str(error), False
    st.session_state.setdefault(_TOLD, []).append((told, went_well))


def tell() -> None:
    """Draw what the last acts answered; a page begins with it."""
    for told, went_well in st.session_state.pop(_TOLD, []):
        if went_well:
            st.toast(told, icon=":material/check:")
        else:
            st.error(told, icon=":material/error:")


def only_owners(what: str) -> bool:
    """Whether whoever sits there may do it; tells viewers that they may look."""
    if access.may_act():
        return True
    st.caption(f":material/visibility: You may look here; an owner can {what}.")
    return False


def count(number: int, one: str, many: str | None = None) -> str:
    """A number and its thing, such as `1 face` or `1,204 faces`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
