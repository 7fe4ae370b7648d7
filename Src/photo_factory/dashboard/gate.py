"""The gate before Streamlit: without a session nothing is answered but the page to sign in.

Pages, pictures, downloads and the websocket all pass here, so that none can be had by its address.
"""

from __future__ import annotations

import html
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from photo_factory.dashboard.access import COOKIE
from photo_factory.dashboard.doors import Doors, TooSoon

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

ENTER = "/enter"

HEALTH = "/_stcore/health"
"""Says nothing of the factory, and is what health checks ask."""

_PAGE = (Path(__file__).parent / "enter.html").read_text("utf-8")
_LONGEST_FORM = 4096
_COOKIE_S = 30 * 86400

HEADERS = {
    b"x-frame-options": b"SAMEORIGIN",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
}
"""Said with every answer: nobody else frames these pages, guesses types or learns addresses."""


class Gate:
    """Lets through who has a session; where `is_shut` is False, everybody (who sees a sign-in)."""

    def __init__(self, app: ASGIApp, doors: Doors, is_shut: bool) -> None:
        self._app, self._doors, self._is_shut = app, doors, is_shut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] == "http":
            send = _with_headers(send)
        if scope["type"] not in ("http", "websocket") or self._may_pass(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._refusal(scope)(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        if not self._is_shut or scope["path"] in (ENTER, HEALTH):
            return True
        return self._doors.actor(token_of(HTTPConnection(scope))) is not None

    @staticmethod
    def _refusal(scope: Scope) -> Response:
        if "text/html" in HTTPConnection(scope).headers.get("accept", ""):
            return RedirectResponse(ENTER, 303)
        return PlainTextResponse("sign in first", 401)


def routes(doors: Doors, url: str) -> list[Route]:
    """The page to sign in; `url` is where people open the dashboard, when that is known."""

    async def enter(request: Request) -> Response:
        if request.method != "POST":
            return _form()
        if not _is_from_here(request, url):
            return PlainTextResponse("that form is not ours", 403)
        password = await _password(request)
        if password is None:
            return PlainTextResponse("that is no password", 413)
        where = request.client.host if request.client else "?"
        try:
            token = await run_in_threadpool(doors.enter, password, where)
        except TooSoon as error:
            return _form(f"Too many wrong passwords. Wait {error.wait_s:.0f} s.", 429)
        if token is None:
            return _form("That password is wrong.", 401)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            COOKIE,
            token,
            max_age=_COOKIE_S,
            httponly=True,
            samesite="lax",
            secure=url.startswith("https://"),
        )
        return answer

    return [Route(ENTER, enter, methods=["GET", "POST"])]


def token_of(connection: HTTPConnection) -> str | None:
    """The session's token that a request brings along."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(connection.headers.get("cookie", ""))
    except CookieError:
        return None
    return cookies[COOKIE].value if COOKIE in cookies else None


async def _password(request: Request) -> str | None:
    """What was typed; None where the form is too long to be ours."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > _LONGEST_FORM:
        return None
    async with request.form(max_fields=4, max_files=0) as form:
        return str(form.get("password", ""))


def _is_from_here(request: Request, url: str) -> bool:
    """Whether the form was sent by our own page, as far as the browser says so."""
    origin = request.headers.get("origin")
    # Behind a proxy the host we are asked for may not be the one that people see.
    ours = (request.headers.get("host"), urlsplit(url).netloc)
    return origin is None or (bool(ours[0]) and urlsplit(origin).netloc in filter(None, ours))


def _form(problem: str = "", status: int = 200) -> Response:
    told = f'<p class="problem" role="alert">{html.escape(problem)}</p>' if problem else ""
    return HTMLResponse(
        _PAGE.replace("<!-- problem -->", told), status, {"cache-control": "no-store"}
    )


def _with_headers(send: Send) -> Send:
    async def sent(message: object) -> None:
        if isinstance(message, dict) and message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            extra = [pair for pair in HEADERS.items() if pair[0] not in present]
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)  # type: ignore[arg-type]

    return sent
