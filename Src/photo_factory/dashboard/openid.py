"""Signing in at a provider (OpenID Connect Core 1.0): Streamlit's login does it, we judge it.

Streamlit speaks with the provider and leaves a signed cookie of what that says. Here the cookie is
a ticket: it opens the door once, soon after it was made, and the session it opens is ours like that
of a password, so that it ends when somebody signs out or does nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from photo_factory.shared.action_log import Actor
from photo_factory.shared.errors import PhotoFactoryError, SettingsError
from photo_factory.shared.settings import Settings

if TYPE_CHECKING:
    from starlette.types import Message, Scope, Send

log = logging.getLogger(__name__)

START = "/enter/openid"
CALLBACK, _LOGIN, _LOGOUT = "/oauth2callback", "/auth/login", "/auth/logout"

WAYS = (START, CALLBACK, _LOGIN, _LOGOUT)
"""What must be reachable without a session."""

FAILED = "/enter?openid=failed"
"""Where one who could not sign in is sent, to be told so."""

TICKET_S = 600
"""Seconds after a sign-in at the provider in which its cookie opens the door."""

_COOKIE = "_streamlit_user"
_ANSWER_S = 5.0


class Refused(PhotoFactoryError):
    """The provider knows them, and we do not let them in."""


def check(settings: Settings) -> None:
    """SettingsError where OpenID Connect is asked for and cannot work."""
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


def secrets_of(settings: Settings) -> dict[str, Any] | None:
    """What Streamlit wants to know of the provider; it stays in this process's memory."""
    if not settings.dashboard_oidc or settings.dashboard_oidc_secret is None:
        return None
    return {
        "auth": {
            "redirect_uri": f"{settings.dashboard_url.rstrip('/')}{CALLBACK}",
            "cookie_secret": secrets.token_hex(32),
            "client_id": settings.dashboard_oidc_client,
            "client_secret": settings.dashboard_oidc_secret.get_secret_value(),
            "server_metadata_url": settings.dashboard_oidc,
        }
    }


async def login_url(settings: Settings) -> str:
    """Where Streamlit's login begins; Refused where the provider cannot be asked."""
    import httpx2
    from streamlit.user_info import generate_login_redirect_url

    try:
        async with httpx2.AsyncClient(timeout=_ANSWER_S) as client:
            told = (await client.get(settings.dashboard_oidc)).raise_for_status().json()
        told["authorization_endpoint"]
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError) as error:
        log.warning("DASHBOARD_OIDC cannot be asked: %s: %s", type(error).__name__, error)
        raise Refused(
            f"{urlsplit(settings.dashboard_oidc).hostname}, where you sign in, does not answer "
            "as it should. Try again in a while."
        ) from error
    return generate_login_redirect_url("default")


class Tickets:
    """Proofs of a sign-in at the provider; each is good once."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._taken: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, cookies: Mapping[str, str]) -> dict[str, Any] | None:
        """What the provider said of them; None without a ticket that is good (any more)."""
        written = _written(cookies)
        said = json.loads(written) if written else None
        if written is None or not isinstance(said, dict) or said.get("is_logged_in") is not True:
            return None
        # The provider's nonce stands in it, so no two are alike.
        name = hashlib.sha256(written).hexdigest()
        with self._lock:
            now = self._monotonic()
            self._taken = {one: at for one, at in self._taken.items() if now - at < 2 * TICKET_S}
            if name in self._taken:
                return None
            self._taken[name] = now
        return said


def actor_of(settings: Settings, said: Mapping[str, Any]) -> Actor:
    """Who that is here; Refused with the reason why they may not even look."""
    mail = str(said.get("email") or "")
    if not mail:
        raise Refused(
            "The provider told no mail address of yours (the claim `email` of its ID token); "
            "by that you would be known here."
        )
    # Some providers write the truth as a string.
    is_verified = said.get("email_verified") in (True, "true")
    if not is_verified and not settings.dashboard_oidc_unverified:
        raise Refused(
            f"The provider does not say that {mail} was verified to be yours. Have it verified "
            "there, then sign in again."
        )
    found = welcome(settings, mail)
    if found is None:
        raise Refused(f"{mail} is not on the list of those who may enter.")
    return found


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


def telling_failures(scope: Scope, send: Send) -> Send:
    """Where Streamlit's login fails it says so in the log only: send people to our own words."""
    failed = False

    async def sent(message: Message) -> None:
        nonlocal failed
        if message["type"] == "http.response.start" and _is_failure(scope, message):
            failed = True
            kept = [pair for pair in message["headers"] if pair[0] == b"set-cookie"]
            to_us = [(b"location", FAILED.encode()), (b"content-length", b"0")]
            message = {**message, "status": 303, "headers": [*kept, *to_us]}
        elif failed:
            message = {**message, "body": b""}
        await send(message)

    return sent


def _is_failure(scope: Scope, answer: Message) -> bool:
    if scope["path"] not in (CALLBACK, _LOGIN):
        return False
    if answer["status"] >= 400:
        return True
    asked = parse_qs(scope["query_string"].decode("latin-1"))
    given = [value for name, value in answer["headers"] if name == b"set-cookie"]
    is_signed_in = any(
        one.startswith(_COOKIE.encode() + b"=") and b"max-age=0" not in one.lower() for one in given
    )
    # Who comes back from signing out brings neither.
    return scope["path"] == CALLBACK and not is_signed_in and bool({"state", "error"} & set(asked))


def _written(cookies: Mapping[str, str]) -> bytes | None:
    """What a cookie of Streamlit's says, if it is young and was signed by this process."""
    from streamlit.auth_util import get_cookie_with_chunks
    from streamlit.web.server.server_util import get_cookie_secret
    from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

    def part(name: str) -> bytes | None:
        return decode_signed_value(
            get_cookie_secret(), name, cookies.get(name, ""), TICKET_S / 86400
        )

    return get_cookie_with_chunks(part, _COOKIE)


def _listed(given: str) -> set[str]:
    return {one.strip().casefold() for one in given.split(",") if one.strip()}
