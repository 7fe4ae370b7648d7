"""Who looks at the dashboard, and what they may do."""

from __future__ import annotations

import threading
from functools import cache
from urllib.parse import urlsplit

from photo_factory.dashboard import openid
from photo_factory.dashboard.context import context
from photo_factory.dashboard.doors import Doors
from photo_factory.shared.action_log import Actor
from photo_factory.shared.errors import PhotoFactoryError, SettingsError
from photo_factory.shared.settings import Settings

COOKIE = "photo_factory_session"

LOOPBACK = ("127.0.0.1", "localhost", "::1")

LEAVING = "leaves_by_the_provider"
"""The key in the session of who is on their way out through the provider's own door."""

THIS_MACHINE = Actor("this machine", "owner")
"""Whoever comes where no password is set: only this machine can."""

_opening = threading.Lock()


class SignedOut(PhotoFactoryError):
    """Nobody is signed in (any more)."""


def actor() -> Actor:
    """Whoever sits before this session; SignedOut."""
    found = visitor()
    if found is None:
        raise SignedOut("you are signed out: load the page again")
    return found


def may_act() -> bool:
    """Whether they may do more than look."""
    found = visitor()
    return found is not None and found.role == "owner"


def visitor() -> Actor | None:
    """Whoever sits before this session, None while they have not signed in."""
    settings = context().settings
    if not is_guarded(settings):
        return THIS_MACHINE
    return doors().actor(_token())


def touch() -> None:
    """Somebody did something, so their session goes on."""
    doors().touch(_token())


def leave() -> None:
    """Sign whoever sits before this session out."""
    import streamlit as st

    doors().leave(_token())
    if context().settings.dashboard_oidc and st.user.get("is_logged_in"):
        st.session_state[LEAVING] = True
        st.logout()  # at the provider as well, where it knows how


def doors() -> Doors:
    """The doors of this process."""
    with _opening:
        return _doors()


@cache
def _doors() -> Doors:
    return Doors.of(context().settings)


def forget_doors() -> None:
    """Let go of all sessions, for example because another factory is to be shown."""
    _doors.cache_clear()


def _token() -> str | None:
    import streamlit as st

    return st.context.cookies.get(COOKIE)


def is_guarded(settings: Settings) -> bool:
    """Whether one must sign in."""
    return has_passwords(settings) or bool(settings.dashboard_oidc)


def has_passwords(settings: Settings) -> bool:
    """Whether one may sign in with a password."""
    return bool(settings.dashboard_password or settings.dashboard_viewer_password)


def check(settings: Settings) -> None:
    """SettingsError where these settings would let the wrong people in, or nobody."""
    Doors.of(settings)
    listens_on(settings)
    _check_url(settings)
    openid.check(settings)


def _check_url(settings: Settings) -> None:
    if not settings.dashboard_url:
        return
    parts = urlsplit(settings.dashboard_url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise SettingsError(
            f"DASHBOARD_URL={settings.dashboard_url!r} is no address to come back to, such as "
            "https://photos.example.org (without a path)"
        )
    if parts.hostname not in LOOPBACK and not is_guarded(settings):
        raise SettingsError(
            f"DASHBOARD_URL={settings.dashboard_url!r} would let everybody in who knows it: set "
            "DASHBOARD_PASSWORD (`photo-factory dashboard --hash` makes one)"
        )


def listens_on(settings: Settings) -> str:
    """The address it is bound to; SettingsError for one that strangers reach unasked."""
    given = settings.dashboard_address
    if is_guarded(settings):
        return given or "0.0.0.0"
    if given and given not in LOOPBACK:
        raise SettingsError(
            f"DASHBOARD_ADDRESS={given!r} would let everybody in: set DASHBOARD_PASSWORD "
            "(`photo-factory dashboard --hash` makes one), or leave the address empty"
        )
    return given or LOOPBACK[0]


def hosts(settings: Settings) -> frozenset[str] | None:
    """The names it answers to; None: to any, as a session is asked for anyway."""
    if is_guarded(settings):
        return None
    return frozenset(LOOPBACK) | ({urlsplit(settings.dashboard_url).hostname or ""} - {""})


def address(settings: Settings, port: int | None = None) -> str:
    """Where a browser on this machine opens it; `port` where the settings leave it open."""
    host = listens_on(settings)
    shown = "localhost" if host in ("0.0.0.0", "::", *LOOPBACK) else host
    return settings.dashboard_url or f"http://{shown}:{port or settings.dashboard_port}"
