"""The gate before Streamlit: without a session nothing is answered but the page to sign in.

Pages, pictures, downloads and the websocket all pass here, so that none can be had by its address.
Where no session is asked for, the gate sees to it that only this machine's own pages ask.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from photo_factory.dashboard import access, openid
from photo_factory.dashboard.doors import Doors
from photo_factory.dashboard.entrance import ENTER, is_from_here, token_of
from photo_factory.dashboard.headers import headers
from photo_factory.shared.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

HEALTH = "/_stcore/health"
"""Says nothing of the factory, and is what health checks ask."""

_UPLOADS = "/_stcore/upload_file"
"""No page of ours takes files, and what is uploaded would be kept in memory."""

_READS = ("GET", "HEAD", "OPTIONS")


class Gate:
    """Lets through who has a session; where none is needed, who asks from this machine."""

    def __init__(self, app: ASGIApp, doors: Doors, settings: Settings) -> None:
        self._app, self._doors, self._settings = app, doors, settings
        self._is_shut = access.is_guarded(settings)
        self._hosts = access.hosts(settings)
        self._open = {ENTER, HEALTH, *(openid.WAYS if settings.dashboard_oidc else ())}
        self._headers = headers(settings.dashboard_tiles)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        if scope["type"] == "http":
            send = self._with_headers(asked, send)
            if self._settings.dashboard_oidc:
                send = openid.telling_failures(scope, send)
        refusal = self._refusal(asked)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, send)

    def _refusal(self, asked: HTTPConnection) -> Response | None:
        """Why this is not answered; None where it is."""
        return self._strange(asked) or self._stranger(asked)

    def _strange(self, asked: HTTPConnection) -> Response | None:
        """Why nobody's browser would ask this on behalf of one of our pages."""
        if self._hosts is not None and _name(asked.headers.get("host", "")) not in self._hosts:
            # A page of a stranger whose name was made to mean 127.0.0.1 asks like this.
            return PlainTextResponse(
                "without a password this answers at http://localhost only (or at DASHBOARD_URL)",
                421,
            )
        writes = asked.scope["type"] == "websocket" or asked.scope["method"] not in _READS
        if writes and not is_from_here(asked, self._settings):
            origin = asked.headers.get("origin", "")
            log.warning("refused what a page of %.200r asked: set DASHBOARD_URL if ours", origin)
            return PlainTextResponse("that was not asked by a page of ours", 403)
        if asked.scope["path"].startswith(_UPLOADS):
            return PlainTextResponse("no file is taken here: put it into the inbox", 403)
        return None

    def _stranger(self, asked: HTTPConnection) -> Response | None:
        """To the door with whoever has no session."""
        if not self._is_shut or asked.scope["path"] in self._open:
            return None
        if self._doors.actor(token_of(asked)) is not None:
            return None
        if "text/html" in asked.headers.get("accept", ""):
            return RedirectResponse(ENTER, 303)
        return PlainTextResponse("sign in first", 401)

    def _with_headers(self, asked: HTTPConnection, send: Send) -> Send:
        host = asked.headers.get("host", "").encode("latin-1", "replace")

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = [name for name, _ in message["headers"]]
                added = self._headers(host, present)
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        return sent


def _name(host: str) -> str:
    """The name in a Host header, without its port; nothing where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
