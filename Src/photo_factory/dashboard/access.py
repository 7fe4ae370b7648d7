"""Who looks at the dashboard, and what they may do."""

from __future__ import annotations

from photo_factory.shared.action_log import Actor
from photo_factory.shared.errors import SettingsError
from photo_factory.shared.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def actor() -> Actor:
    """Whoever sits before this session."""
    return Actor("this machine", "owner")


def may_act() -> bool:
    """Whether they may do more than look."""
    return actor().role == "owner"


def is_guarded(settings: Settings) -> bool:
    """Whether one must sign in."""
    return bool(settings.dashboard_password or settings.dashboard_oidc)


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


def address(settings: Settings) -> str:
    """Where a browser on this machine opens it."""
    host = listens_on(settings)
    shown = "localhost" if host in ("0.0.0.0", "::", *LOOPBACK) else host
    return settings.dashboard_url or f"http://{shown}:{settings.dashboard_port}"


def hashed(password: str) -> str:
    """The argon2 hash of a password, as the settings want it."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)
