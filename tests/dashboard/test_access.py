"""Who may enter, and who may act."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn
import websockets.exceptions
import websockets.sync.client
from sqlalchemy import Engine, select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from typer.testing import CliRunner

from photo_factory.cli import app as cli
from photo_factory.dashboard import access, openid
from photo_factory.dashboard.actions import NotAllowed, acting
from photo_factory.dashboard.context import Context
from photo_factory.dashboard.doors import (
    FORGIVEN_AFTER_S,
    FREE_TRIES,
    LONGEST_WAIT_S,
    Doors,
    TooSoon,
    hashed,
)
from photo_factory.dashboard.entrance import Entrance
from photo_factory.dashboard.gate import Gate
from photo_factory.dashboard.headers import policy_of
from photo_factory.dashboard.server import options
from photo_factory.shared.action_log import Actor
from photo_factory.shared.errors import PhotoFactoryError, SettingsError
from photo_factory.shared.ledger.models import Action
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings
from tests.dashboard.conftest import OpenPage, text_of
from tests.factory import Factory
from tests.parts import free_port

OWNER = hashed("the owner's own")
VIEWER = hashed("may only look")
HOUR = 3600.0


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def doors(clock: Clock) -> Doors:
    return Doors({"owner": OWNER, "viewer": VIEWER}, HOUR, clock)


def test_it_knows_owner_and_viewer_by_their_passwords(doors: Doors) -> None:
    owner = doors.actor(doors.enter("the owner's own", "10.0.0.7"))
    viewer = doors.actor(doors.enter("may only look", "10.0.0.8"))
    assert (owner, viewer) == (
        Actor("owner at 10.0.0.7", "owner"), Actor("viewer at 10.0.0.8", "viewer"),
    )  # fmt: skip


@pytest.mark.parametrize("password", ["", "the owner's", OWNER, "the owner's own "])
def test_it_lets_nobody_in_with_another_password(doors: Doors, password: str) -> None:
    assert doors.enter(password, "here") is None


@pytest.mark.parametrize("token", [None, "", "x" * 43])
def test_it_knows_no_token_it_has_not_given(doors: Doors, token: str | None) -> None:
    doors.enter("the owner's own", "here")
    assert doors.actor(token) is None


def test_a_session_ends_after_its_time_without_activity(doors: Doors, clock: Clock) -> None:
    token = doors.enter("the owner's own", "here")
    clock.now += HOUR - 1
    doors.touch(token)
    clock.now += HOUR - 1
    assert doors.actor(token)
    clock.now += 2
    assert doors.actor(token) is None
    doors.touch(token)
    assert doors.actor(token) is None


def test_a_session_ends_when_one_leaves(doors: Doors) -> None:
    token, other = doors.enter("the owner's own", "a"), doors.enter("the owner's own", "b")
    doors.leave(token)
    assert (doors.actor(token), doors.actor(other) is not None) == (None, True)


def test_it_makes_who_guesses_wait_longer_and_longer(doors: Doors, clock: Clock) -> None:
    waits = []
    for _ in range(FREE_TRIES):
        assert doors.enter("a guess", "here") is None
    for _ in range(12):
        with pytest.raises(TooSoon) as told:
            doors.enter("the owner's own", "here")
        waits.append(told.value.wait_s)
        clock.now += told.value.wait_s
        assert doors.enter("a guess", "here") is None
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT_S
    clock.now += LONGEST_WAIT_S
    assert doors.enter("the owner's own", "here")
    assert doors.enter("a guess", "here") is None  # and the tries are free again
    assert doors.enter("the owner's own", "here")


def test_a_viewer_cannot_guess_the_owners_password_without_waiting(doors: Doors) -> None:
    for _ in range(FREE_TRIES - 1):
        assert doors.enter("a guess", "here") is None
    assert doors.enter("may only look", "here")
    assert doors.enter("a guess", "here") is None
    with pytest.raises(TooSoon):
        doors.enter("a guess", "here")


def test_wrong_passwords_of_long_ago_are_forgiven(doors: Doors, clock: Clock) -> None:
    for _ in range(FREE_TRIES - 1):
        assert doors.enter("a guess", "here") is None
    clock.now += FORGIVEN_AFTER_S + 1
    for _ in range(FREE_TRIES):
        assert doors.enter("a guess", "here") is None


def test_whoever_guesses_for_days_still_waits(doors: Doors, clock: Clock) -> None:
    doors._hashes.clear()  # a guess costs no time then
    for _ in range(1100):
        assert doors.enter("a guess", "here") is None
        clock.now += LONGEST_WAIT_S
    clock.now -= LONGEST_WAIT_S
    with pytest.raises(TooSoon):
        doors.enter("a guess", "here")


@pytest.mark.parametrize("url", ["photos.example.org", "ftp://a", "https://a/photos"])
def test_it_refuses_what_is_no_address_of_a_dashboard(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="no address to come back to"):
        access.check(settings(tmp_path, DASHBOARD_URL=url, DASHBOARD_PASSWORD=OWNER))


def test_a_foreign_name_without_a_password_would_let_everybody_in(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set DASHBOARD_PASSWORD"):
        access.check(settings(tmp_path, DASHBOARD_URL="https://photos.example.org"))
    access.check(settings(tmp_path, DASHBOARD_URL="http://localhost:9000"))


def settings(tmp_path: Path, **changes: Any) -> Settings:
    given = {"PHOTO_FACTORY_ROOT": tmp_path, **changes}
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


@pytest.mark.parametrize("given", ["", "127.0.0.1", "::1", "localhost"])
def test_without_a_password_it_answers_this_machine_only(tmp_path: Path, given: str) -> None:
    chosen = settings(tmp_path, DASHBOARD_ADDRESS=given)
    access.check(chosen)
    assert access.listens_on(chosen) in access.LOOPBACK
    assert options(chosen)["server.allowedHosts"] == ["127.0.0.1", "::1", "localhost"]


@pytest.mark.parametrize("given", ["0.0.0.0", "::", "192.168.1.5", "nas.local"])
def test_it_does_not_open_to_strangers_without_a_password(tmp_path: Path, given: str) -> None:
    with pytest.raises(SettingsError, match="DASHBOARD_PASSWORD"):
        access.check(settings(tmp_path, DASHBOARD_ADDRESS=given))


def test_with_a_password_it_answers_everywhere(tmp_path: Path) -> None:
    assert access.listens_on(settings(tmp_path, DASHBOARD_PASSWORD=OWNER)) == "0.0.0.0"
    only_viewers = settings(tmp_path, DASHBOARD_VIEWER_PASSWORD=VIEWER)
    assert access.listens_on(only_viewers) == "0.0.0.0"


@pytest.mark.parametrize("name", ["DASHBOARD_PASSWORD", "DASHBOARD_VIEWER_PASSWORD"])
@pytest.mark.parametrize("given", ["secret", "=19=65536,t=3,p=4/c2FsdA", OWNER[:30]])
def test_it_refuses_a_password_that_is_no_hash(tmp_path: Path, name: str, given: str) -> None:
    with pytest.raises(SettingsError) as told:
        access.check(settings(tmp_path, **{name: given}))
    assert name in str(told.value)
    assert "--hash" in str(told.value)
    assert given not in str(told.value)


def test_openid_needs_all_of_its_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"DASHBOARD_OIDC_CLIENT.*DASHBOARD_OWNERS"):
        access.check(settings(tmp_path, DASHBOARD_OIDC="https://id.example/.well-known"))


@pytest.mark.parametrize(
    "url", ["photos.example", "https://", "https://photos.example/sub", "ftp://photos.example"]
)
def test_openid_needs_an_address_to_come_back_to(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="DASHBOARD_URL"):
        access.check(settings(tmp_path, **{**OPENID, "DASHBOARD_URL": url}))


OPENID = {
    "DASHBOARD_OIDC": "https://id.example/.well-known/openid-configuration",
    "DASHBOARD_OIDC_CLIENT": "photos",
    "DASHBOARD_OIDC_SECRET": "of the client",
    "DASHBOARD_URL": "https://photos.example/",
    "DASHBOARD_OWNERS": "Alice@example.org, bob@example.org",
    "DASHBOARD_VIEWERS": "carol@example.net,@family.example",
}


@pytest.mark.parametrize(
    ("mail", "role"),
    [
        ("alice@example.org", "owner"), ("BOB@example.org", "owner"),
        ("carol@example.net", "viewer"), ("dave@family.example", "viewer"),
        ("mallory@example.org", None), ("eve@notfamily.example", None),
        ("@family.example.evil", None), ("", None), ("family.example", None),
    ],
)  # fmt: skip
def test_openid_lets_in_who_is_on_a_list(tmp_path: Path, mail: str, role: str | None) -> None:
    said = {"email": mail, "email_verified": True}
    try:
        found: str | None = openid.actor_of(settings(tmp_path, **OPENID), said).role
    except openid.Refused:
        found = None
    assert found == role


@pytest.mark.parametrize("verified", [None, False, "false", 0, "yes"])
def test_openid_believes_no_mail_that_was_not_verified(tmp_path: Path, verified: object) -> None:
    said = {"email": "alice@example.org", "email_verified": verified}
    with pytest.raises(openid.Refused, match="verified"):
        openid.actor_of(settings(tmp_path, **OPENID), said)
    trusting = settings(tmp_path, **OPENID, DASHBOARD_OIDC_UNVERIFIED=True)
    assert openid.actor_of(trusting, said) == Actor("alice@example.org", "owner")


def test_openid_takes_the_word_verified_as_a_string(tmp_path: Path) -> None:
    said = {"email": "bob@example.org", "email_verified": "true"}
    assert openid.actor_of(settings(tmp_path, **OPENID), said).role == "owner"


def test_openid_tells_streamlit_what_it_needs(tmp_path: Path) -> None:
    auth = (openid.secrets_of(settings(tmp_path, **OPENID)) or {})["auth"]
    assert auth["redirect_uri"] == "https://photos.example/oauth2callback"
    assert (auth["client_id"], auth["client_secret"]) == ("photos", "of the client")
    assert len(auth["cookie_secret"]) == 64
    assert openid.secrets_of(settings(tmp_path)) is None


# The gate


async def _page(_request: object) -> PlainTextResponse:
    return PlainTextResponse("inside")


async def _talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("inside")
    await socket.close()


@dataclass
class Answer:
    status: int
    headers: Message
    text: str


class Client:
    """Asks the gate as a browser does, and keeps its cookie."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie = ""

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {"cookie": self.cookie, **headers}
        body = None if form is None else urlencode(form)
        if form is not None:
            given["content-type"] = "application/x-www-form-urlencoded"
        connection.request("GET" if form is None else "POST", path, body, given)
        with contextlib.closing(connection), connection.getresponse() as answer:
            text = answer.read().decode()
        self.cookie = (answer.headers.get("set-cookie") or self.cookie).partition(";")[0]
        return Answer(answer.status, answer.headers, text)

    def enter(self, password: str, **headers: str) -> Answer:
        return self.ask("/enter", {"password": password}, **headers)

    def talk(self, **headers: str) -> str:
        url = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        with websockets.sync.client.connect(
            url, additional_headers={"cookie": self.cookie, **headers}, proxy=None
        ) as socket:
            return str(socket.recv())


@pytest.fixture
def ask_gate(doors: Doors, tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Starts a gate with these settings before a tiny app."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def started(**given: Any) -> Client:
        chosen = settings(tmp_path, **given)
        inside = [
            *Entrance(chosen, doors).routes(),
            Route("/media/photo.jpg", _page, methods=["GET", "POST"]),
            Route("/_stcore/health", _page), Route("/", _page),
            WebSocketRoute("/_stcore/stream", _talk),
        ]  # fmt: skip
        gate = Middleware(Gate, doors=doors, settings=chosen)
        port = free_port()
        config = uvicorn.Config(
            Starlette(routes=inside, middleware=[gate]), port=port, log_config=None,
            lifespan="off", ws="websockets-sansio",
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return Client(port)

    yield started
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(ask_gate: Callable[..., Client]) -> Client:
    return ask_gate(DASHBOARD_PASSWORD=OWNER)


def test_it_shows_who_is_outside_the_door_and_nothing_else(client: Client) -> None:
    assert client.ask("/media/photo.jpg").status == 401
    asked = client.ask("/", accept="text/html")
    assert (asked.status, asked.headers["location"]) == (303, "/enter")
    with pytest.raises(websockets.exceptions.InvalidStatus):
        client.talk()
    assert client.ask("/_stcore/health").text == "inside"
    assert "Sign in" in client.ask("/enter").text


def test_it_lets_in_who_knows_the_password(client: Client) -> None:
    answer = client.enter("the owner's own")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.ask("/media/photo.jpg").text == "inside"
    assert client.talk() == "inside"


def test_it_tells_who_guesses_to_wait(client: Client) -> None:
    answers = [client.enter("a guess") for _ in range(FREE_TRIES + 1)]
    assert [one.status for one in answers] == [401] * FREE_TRIES + [429]
    assert "Wait 1 s" in answers[-1].text


def test_it_takes_no_form_of_another_site(client: Client) -> None:
    for origin in ("https://evil.example", "null"):
        assert client.enter("the owner's own", origin=origin).status == 403
    here = f"http://127.0.0.1:{client.port}"
    assert client.enter("the owner's own", origin=here).status == 303


def test_it_reads_no_endless_form(client: Client) -> None:
    assert client.enter("x" * 10_000).status == 413


@pytest.mark.parametrize("cookie", ["", ";;;", "photo_factory_session", 'a="', "=" * 9000])
def test_it_survives_strange_cookies(client: Client, cookie: str) -> None:
    client.cookie = cookie
    assert client.ask("/media/photo.jpg").status == 401


def test_it_is_framed_by_nobody_else(client: Client) -> None:
    assert client.ask("/enter").headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8501", "LocalHost:1", "[::1]:8501"])
def test_without_a_password_it_answers_to_the_names_of_this_machine(
    ask_gate: Callable[..., Client], host: str
) -> None:
    assert ask_gate().ask("/media/photo.jpg", host=host).text == "inside"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8501", "[", "a@[b"]
)
def test_without_a_password_it_answers_to_no_other_name(
    ask_gate: Callable[..., Client], host: str
) -> None:
    client = ask_gate()
    for path in ("/", "/media/photo.jpg", "/_stcore/health"):
        assert client.ask(path, host=host).status == 421
    assert ask_gate(DASHBOARD_URL="https://photos.example").ask("/", host=host).status == 421


def test_without_a_password_it_answers_where_it_is_said_to_be(
    ask_gate: Callable[..., Client],
) -> None:
    client = ask_gate(DASHBOARD_URL="https://photos.example")
    assert client.ask("/", host="photos.example").text == "inside"
    assert client.talk(origin="https://photos.example") == "inside"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:1", "null", "http://["]
)
def test_no_page_of_another_site_speaks_with_it(
    ask_gate: Callable[..., Client], origin: str
) -> None:
    client = ask_gate()
    with pytest.raises(websockets.exceptions.InvalidStatus):
        client.talk(origin=origin)
    assert client.ask("/media/photo.jpg", {"a": "b"}, origin=origin).status == 403
    assert client.talk(origin=f"http://127.0.0.1:{client.port}") == "inside"


def test_each_answer_says_what_a_browser_may_do(client: Client) -> None:
    client.enter("the owner's own")
    inside = client.ask("/").headers
    policy = inside["content-security-policy"]
    assert "script-src 'self' blob: 'sha256-" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert f"ws://127.0.0.1:{client.port} " in policy
    assert inside["x-content-type-options"] == "nosniff"
    assert inside["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in client.ask("/enter").headers["content-security-policy"]
    assert client.ask("/nothing").headers["x-frame-options"] == "SAMEORIGIN"


def test_a_host_writes_nothing_of_its_own_into_the_policy() -> None:
    for host in (b"a;script-src *", b"a b", b"", b"x" * 300, b"evil.example/*"):
        assert "ws://" not in policy_of("", host)


def test_the_map_may_ask_its_tile_server_and_no_other() -> None:
    assert "img-src 'self' data: blob:;" in policy_of("", b"localhost")
    tiles = "https://{s}.tile.example/{z}/{x}/{y}.png"
    assert "blob: https://*.tile.example;" in policy_of(tiles, b"localhost")


# Acting


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Context:
    chosen = settings(tmp_path)
    return Context(chosen, Paths.of(chosen), engine)


def logged(place: Context) -> list[Any]:
    table = Action.__table__
    with place.engine.connect() as connection:
        return list(connection.execute(select(table).order_by(table.c.id)))


def test_an_act_is_logged_with_who_and_what(place: Context) -> None:
    with acting(place, Actor("alice", "owner"), "retry", "geocode", number=3):
        pass
    (row,) = logged(place)
    assert (row.who, row.role, row.action, row.subject) == ("alice", "owner", "retry", "geocode")
    assert (row.details, row.problem) == ({"number": 3}, None)


def test_a_viewer_cannot_act_and_that_is_logged(place: Context) -> None:
    done = []
    with (
        pytest.raises(NotAllowed, match="carol"),
        acting(place, Actor("carol", "viewer"), "retry", "geocode"),
    ):
        done.append("it")
    (row,) = logged(place)
    assert (done, row.role) == ([], "viewer")
    assert "may look" in row.problem


@pytest.mark.parametrize(
    ("error", "told"), [(OSError("the disk is away"), "disk is away"), (KeyError("x"), "finished")]
)
def test_an_act_that_failed_is_logged_with_its_reason(
    place: Context, error: Exception, told: str
) -> None:
    with pytest.raises(type(error)), acting(place, Actor("alice", "owner"), "retry", "geocode"):
        raise error
    (row,) = logged(place)
    assert told in row.problem


# On the page, and on the command line


def test_the_page_says_who_one_is(open_page: OpenPage) -> None:
    assert "this machine" in text_of(open_page("settings"))


def test_the_page_shows_nothing_without_a_session(open_page: OpenPage) -> None:
    page = open_page("overview", DASHBOARD_PASSWORD=OWNER)
    assert not page.exception
    assert "signed out" in text_of(page)
    assert not page.sidebar.button


def test_the_page_lets_one_sign_out(
    open_page: OpenPage, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert factory.engine
    tokens: list[str | None] = []
    monkeypatch.setattr(access, "_token", lambda: tokens[0] if tokens else None)
    page = open_page("overview", DASHBOARD_PASSWORD=OWNER)
    tokens.append(access.doors().enter("the owner's own", "10.0.0.7"))
    page = page.run()
    assert "owner at 10.0.0.7" in text_of(page)
    page.sidebar.button[0].click().run()
    assert "signed out" in text_of(page)


def test_the_command_makes_a_hash_that_opens() -> None:
    asked = CliRunner().invoke(cli, ["dashboard", "--hash"], input="eight letters\neight letters\n")
    (printed,) = [line for line in asked.stdout.splitlines() if line.startswith("$argon2")]
    assert Doors({"owner": printed}, HOUR).enter("eight letters", "here")
    assert asked.exit_code == 0


def test_the_command_takes_no_short_password() -> None:
    asked = CliRunner().invoke(cli, ["dashboard", "--hash"], input="short\nshort\n")
    assert isinstance(asked.exception, PhotoFactoryError)


def test_a_stranger_who_guesses_does_not_lock_the_household_out() -> None:
    doors = Doors({"owner": hashed("correct horse")}, 3600)
    for _ in range(FREE_TRIES):
        assert doors.enter("wrong", "10.0.0.66") is None
    with pytest.raises(TooSoon):
        doors.enter("correct horse", "10.0.0.66")
    assert doors.enter("correct horse", "192.168.1.5")
