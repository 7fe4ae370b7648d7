"""Who looks at the dashboard, and what they may do."""

from __future__ import annotations

import threading
from functools import cache

from photo_factory.dashboard.context import context
from photo_factory.dashboard.doors import Doors
from photo_factory.shared.action_log import Actor
from photo_factory.shared.errors import PhotoFactoryError, SettingsError
from photo_factory.shared.settings import Settings

COOKIE = "photo_factory_session"

LOOPBACK = ("127.0.0.1", "localhost", "::1")

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
    return doors().actor(_token()) or (_signed_in(settings) if settings.dashboard_oidc else None)


def touch() -> None:
    """Somebody did something, so their session goes on."""
    doors().touch(_token())


def leave() -> None:
    """Sign whoever sits before this session out."""
    import streamlit as st

    doors().leave(_token())
    if context().settings.dashboard_oidc and st.user.get("is_logged_in"):
        st.logout()


def unwelcome() -> str | None:
    """Who signed in by OpenID Connect without being on a list; None otherwise."""
    import streamlit as st

    if not context().settings.dashboard_oidc or not st.user.get("is_logged_in"):
        return None
    return str(st.user.get("email") or "somebody without a mail address")


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


def _signed_in(settings: Settings) -> Actor | None:
    """Whoever the provider says it is, as far as they are on a list."""
    import streamlit as st

    if not st.user.get("is_logged_in") or st.user.get("email_verified") is False:
        return None
    return welcome(settings, str(st.user.get("email") or ""))


def welcome(settings: Settings, mail: str) -> Actor | None:
    """What the holder of a mail address may do; None where they may not even look."""
    mail = mail.casefold()
    domain = mail[mail.rfind("@") :] if "@" in mail else None
    if domain is None:
        return None
    if mail in _listed(settings.dashboard_owners):
        return Actor(mail, "owner")
    viewers = _listed(settings.dashboard_viewers)
    return Actor(mail, "viewer") if mail in viewers or domain in viewers else None


def _listed(given: str) -> set[str]:
    return {one.strip().casefold() for one in given.split(",") if one.strip()}


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
    if not settings.dashboard_oidc:
        return
    needed = {
        "DASHBOARD_OIDC_CLIENT": settings.dashboard_oidc_client,
        "DASHBOARD_OIDC_SECRET": settings.dashboard_oidc_secret,
        "DASHBOARD_URL": settings.dashboard_url,
        "DASHBOARD_OWNERS": settings.dashboard_owners,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SettingsError(f"DASHBOARD_OIDC needs {', '.join(missing)} as well")


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


def address(settings: Settings, port: int | None = None) -> str:
    """Where a browser on this machine opens it; `port` where the settings leave it open."""
    host = listens_on(settings)
    shown = "localhost" if host in ("0.0.0.0", "::", *LOOPBACK) else host
    return settings.dashboard_url or f"http://{shown}:{port or settings.dashboard_port}"
