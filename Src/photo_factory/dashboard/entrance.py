"""The page to sign in, by a password or at a provider."""

from __future__ import annotations

import html
import logging
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from photo_factory.dashboard import access, openid
from photo_factory.dashboard.doors import Doors, TooSoon
from photo_factory.dashboard.headers import ENTRANCE
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

ENTER = "/enter"

_PAGE = (Path(__file__).parent / "enter.html").read_text("utf-8")
_LONGEST_FORM = 4096
_COOKIE_S = 30 * 86400
_FAILED = (
    "The sign-in at the provider did not work. Try it again; what went wrong is in the log of the "
    "dashboard."
)


class Entrance:
    """Asks who somebody is, and begins their session."""

    def __init__(self, settings: Settings, doors: Doors) -> None:
        self._settings, self._doors = settings, doors
        self._tickets = openid.Tickets()

    def routes(self) -> list[Route]:
        """Where it is answered."""
        its = [Route(ENTER, self._show, methods=["GET"]), Route(ENTER, self._ask, methods=["POST"])]
        if self._settings.dashboard_oidc:
            its.append(Route(openid.START, self._to_provider, methods=["GET"]))
        return its

    async def _show(self, request: Request) -> Response:
        said = self._tickets.take(request.cookies) if self._settings.dashboard_oidc else None
        if said is None:
            return self._form(_FAILED if "openid" in request.query_params else "")
        try:
            actor = openid.actor_of(self._settings, said)
        except openid.Refused as error:
            log.warning("somebody who signed in at the provider was refused: %r", str(error))
            return self._form(str(error), 403)
        return self._inside(await run_in_threadpool(self._doors.admit, actor))

    async def _ask(self, request: Request) -> Response:
        password = await _password(request)
        if password is None:
            return PlainTextResponse("that is no password", 413)
        where = request.client.host if request.client else "?"
        try:
            token = await run_in_threadpool(self._doors.enter, password, where)
        except TooSoon as error:
            return self._form(f"Too many wrong passwords. Wait {error.wait_s:.0f} s.", 429)
        return self._inside(token) if token else self._form("That password is wrong.", 401)

    async def _to_provider(self, _request: Request) -> Response:
        try:
            return RedirectResponse(await openid.login_url(self._settings), 303)
        except openid.Refused as error:
            return self._form(str(error), 502)

    def _inside(self, token: str) -> Response:
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            access.COOKIE,
            token,
            max_age=_COOKIE_S,
            httponly=True,
            samesite="lax",
            secure=self._settings.dashboard_url.startswith("https://"),
        )
        return answer

    def _form(self, problem: str = "", status: int = 200) -> Response:
        page = _PAGE
        if not access.has_passwords(self._settings):
            page = _without(page, "password")
        if not self._settings.dashboard_oidc:
            page = _without(page, "openid")
        told = f'<p class="problem" role="alert">{html.escape(problem)}</p>' if problem else ""
        return HTMLResponse(
            page.replace("<!-- problem -->", told),
            status,
            {"cache-control": "no-store", "content-security-policy": ENTRANCE},
        )


def token_of(connection: HTTPConnection) -> str | None:
    """The session's token that a request brings along."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(connection.headers.get("cookie", ""))
    except CookieError:
        return None
    return cookies[access.COOKIE].value if access.COOKIE in cookies else None


def is_from_here(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether one of our own pages sent it, as far as a browser says so."""
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    # Behind a proxy the host we are asked for may not be the one that people see.
    ours = (connection.headers.get("host", ""), urlsplit(settings.dashboard_url).netloc)
    return origin.partition("://")[2].casefold() in [one.casefold() for one in ours if one]


async def _password(request: Request) -> str | None:
    """What was typed; None where the form is too long to be ours."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > _LONGEST_FORM:
        return None
    async with request.form(max_fields=4, max_files=0) as form:
        return str(form.get("password", ""))


def _without(page: str, part: str) -> str:
    before, _, rest = page.partition(f"<!-- {part} -->")
    return before + rest.partition(f"<!-- /{part} -->")[2]
