"""What the dashboard answers to whoever does not use its page but speaks with it by hand."""

from __future__ import annotations

import inspect
import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import websockets.exceptions
from sqlalchemy import MetaData, Table, select
from streamlit.proto.BackMsg_pb2 import BackMsg

from photo_factory.dashboard.actions import NotAllowed, attention, library, people, services
from photo_factory.dashboard.context import Context
from photo_factory.dashboard.doors import hashed
from photo_factory.shared.action_log import Actor
from photo_factory.shared.ledger.models import Action, Base
from photo_factory.shared.paths import Paths
from tests.browser.conftest import Dashboard
from tests.dashboard.household import Household, household
from tests.dashboard.wire import TRIGGER, Browser, Told, some_id
from tests.factory import Factory

OWNER, VIEWER = "the owner's own", "may only look"

BEATS = {"system_status", "system_status_history", "actions", "alerts"}
"""Tables that change by themselves, and the log of what was asked."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    factory = Factory(tmp_path_factory.mktemp("house") / "factory")
    yield household(factory)
    factory.close()


@pytest.fixture(scope="module")
def dashboard(home: Household, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    made = Dashboard(
        home.factory, tmp_path_factory.mktemp("dashboard") / "log",
        DASHBOARD_PASSWORD=hashed(OWNER), DASHBOARD_VIEWER_PASSWORD=hashed(VIEWER),
        DASHBOARD_ADDRESS="127.0.0.1", DASHBOARD_CONTROL="true",
    )  # fmt: skip
    made.wait()
    yield made
    made.stop()


def entered(dashboard: Dashboard, password: str) -> Browser:
    made = Browser(dashboard.port)
    made.enter(password)
    return made


@pytest.fixture
def owner(dashboard: Dashboard) -> Browser:
    return entered(dashboard, OWNER)


@pytest.fixture
def viewer(dashboard: Dashboard) -> Browser:
    return entered(dashboard, VIEWER)


def everything(home: Household) -> dict[str, list[Any]]:
    """All that the ledger holds, as far as people decide over it."""
    found = {}
    with home.factory.engine.connect() as connection:
        for table in cast(MetaData, Base.metadata).sorted_tables:
            if table.name not in BEATS:
                found[table.name] = sorted(map(str, connection.execute(select(table))))
    return found


def acted(home: Household) -> list[Any]:
    table = cast(Table, Action.__table__)
    with home.factory.engine.connect() as connection:
        return [row for row in connection.execute(select(table)) if row.problem is None]


def pages(home: Household) -> list[tuple[str, str]]:
    """Every page on which something can be done, with what follows its `?`."""
    kinds = ("halted", "findings", "held", "parked", "duplicates", "dates")
    return [
        *(("attention", f"kind={kind}") for kind in kinds),
        ("library", ""),
        *(("library", f"asset={asset}") for asset in home.assets[:3]),
        ("people", ""),
        ("people", f"person={next(iter(home.persons.values()))}"),
        ("services", ""), ("reports", ""), ("backup", ""), ("settings", ""),
    ]  # fmt: skip


def labels(told: Told) -> set[str]:
    return {label for _, label in told.widgets.values()}


def test_a_viewer_triggers_nothing_that_only_owners_are_shown(
    home: Household, owner: Browser, viewer: Browser
) -> None:
    before, had = everything(home), len(acted(home))
    hidden: set[str] = set()
    for name, query in pages(home):
        shown, looked = owner.open(name, query), viewer.open(name, query)
        only_owners = shown.first.widgets.keys() - looked.first.widgets.keys()
        hidden |= {shown.first.widgets[one][1] for one in only_owners}
        parts = sorted(shown.first.fragments | looked.first.fragments)
        # All buttons pressed at once, on the page and on each part; then all boxes ticked first.
        for value, part in [(TRIGGER, ""), *((TRIGGER, one) for one in parts), (True, ""),
                            (TRIGGER, "")]:  # fmt: skip
            told = looked.run(dict.fromkeys(only_owners, value), part)
            assert not only_owners & told.widgets.keys()
        for page in (shown, looked):
            page.close()
    # The owner's page had what to press, and the viewer's had not.
    assert hidden >= {"Correct date", "Repair from a backup", "Retry everything", "Save name",
                      "They are in order", "Try all held files now"}  # fmt: skip
    assert everything(home) == before
    assert len(acted(home)) == had


def test_an_owner_who_sends_the_same_by_hand_acts(home: Household, owner: Browser) -> None:
    before = everything(home)
    page = owner.open("attention", "kind=parked")
    (button,) = [one for one, told in page.first.widgets.items() if told[1] == "Retry everything"]
    page.run({button: TRIGGER})
    page.close()
    assert everything(home) != before


def test_a_viewer_who_takes_up_an_owners_session_stays_a_viewer(
    owner: Browser, viewer: Browser, home: Household
) -> None:
    shown = owner.open("library", f"asset={home.assets[0]}")
    owners = shown.first.session
    shown.close()
    viewer.session = owners
    looked = viewer.open("library", f"asset={home.assets[0]}")
    assert "viewer" in looked.first.text
    assert "Correct date" not in labels(looked.first)
    looked.close()


ARGUMENTS: dict[str, Any] = {
    "what": [("thumbnail", uuid.uuid4())], "service": "thumbnail", "arrivals": [1],
    "findings": [1], "breaker": "inbox",
    "dates": [attention.Said(uuid.uuid4(), datetime(2020, 1, 1))],
    "asset_id": uuid.uuid4(), "correction_id": 1, "ids": [uuid.uuid4()], "by": timedelta(hours=1),
    "who": uuid.uuid4(), "name": "Zoe", "others": [uuid.uuid4()], "faces": [uuid.uuid4()],
    "host": None, "verb": "stop",
}  # fmt: skip


def deeds() -> list[Any]:
    """Every function below actions/ that is done by somebody."""
    found = [
        one
        for module in (attention, library, people, services)
        for _, one in inspect.getmembers(module, inspect.isfunction)
        if one.__module__ == module.__name__ and "actor" in inspect.signature(one).parameters
    ]
    assert len(found) >= 15
    return found


@pytest.mark.parametrize("deed", deeds(), ids=lambda one: f"{one.__module__[-9:]}.{one.__name__}")
def test_no_deed_is_done_for_a_viewer(deed: Any, home: Household) -> None:
    before = everything(home)
    chosen = home.factory.settings(DASHBOARD_CONTROL=True)
    place = Context(chosen, Paths.of(chosen), home.factory.engine)
    given = {
        name: ARGUMENTS[name]
        for name, one in inspect.signature(deed).parameters.items()
        if name not in ("context", "actor")
        and one.default is inspect.Parameter.empty
        and one.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    }
    with pytest.raises(NotAllowed):
        deed(place, Actor("guest", "viewer"), **given)
    assert everything(home) == before


def sealed(told: Told) -> set[str]:
    return set(re.findall(r"/(?:pictures|originals)/[\w-]+\?seal=[0-9a-f]+", told.text))


def addresses(home: Household, browser: Browser) -> tuple[str, set[str]]:
    """The session and every address that its pages hand out."""
    found: set[str] = set()
    session = ""
    for name, query in [("library", ""), ("library", f"asset={home.assets[0]}"), ("reports", "")]:
        page = browser.open(name, query)
        found |= sealed(page.first) | set(re.findall(r"/media/[\w.]+", page.first.text))
        session = page.first.session
        page.close()
    return session, found


INNER = (
    "/", "/library", "/index.html", "/media/0.csv", "/component/x/index.html",
    "/_stcore/bidi-components/x/y.js", "/_stcore/host-config", "/_stcore/metrics",
    "/_stcore/script-health-check", "/_stcore/agent/openapi.json", "/_stcore/agent/mcp",
    "/_stcore/allowed-message-origins", "/static/../index.html", "/_stcore/health/../metrics",
    "/_stcore/health/", "/enter/", "/enter/../_stcore/metrics", "//_stcore/metrics",
    "/auth/login", "/oauth2callback", "/pictures/x", "/originals/x", "/favicon.png",
)  # fmt: skip
"""What Streamlit and we answer; without a session nothing of it is had."""


def test_nothing_is_had_without_a_session(
    dashboard: Dashboard, home: Household, owner: Browser
) -> None:
    session, handed_out = addresses(home, owner)
    assert {one.split("/")[1] for one in handed_out} >= {"pictures", "originals"}
    for one in handed_out:
        assert owner.ask(one).status == 200, one
    stranger = Browser(dashboard.port)
    for one in (*handed_out, *INNER):
        assert stranger.ask(one).status == 401, one
        assert stranger.ask(one, "HEAD").status == 401, one
        assert stranger.ask(one, "POST", b"x").status in (401, 405), one
    upload = f"/_stcore/upload_file/{session}/{some_id()}"
    assert stranger.ask(upload, "PUT", b"x").status == 403
    with pytest.raises(websockets.exceptions.InvalidStatus):
        stranger.open()
    stranger.session = session
    with pytest.raises(websockets.exceptions.InvalidStatus):
        stranger.open()
    stranger.cookies["photo_factory_session"] = "x" * 43
    assert stranger.ask("/").status == 401


def test_an_address_is_good_for_nothing_else(owner: Browser, home: Household) -> None:
    _, handed_out = addresses(home, owner)
    original = next(one for one in handed_out if "originals" in one)
    path, _, seal = original.partition("?")
    other = f"/originals/{home.assets[-1]}"
    assert other != path
    for one in (path, f"{other}?{seal}", f"{path}?seal=", f"/originals/{some_id()}?{seal}",
                f"/pictures/{path.split('/')[2]}?{seal}"):  # fmt: skip
        assert owner.ask(one).status == 404, one


def test_after_signing_out_nothing_is_had_any_more(dashboard: Dashboard, home: Household) -> None:
    somebody = entered(dashboard, VIEWER)
    _, handed_out = addresses(home, somebody)
    left_open = [somebody.open(name) for name in ("map", "services", "")]
    page = somebody.open("settings")
    (button,) = [one for one, told in page.first.widgets.items() if told[1] == "Sign out"]
    page.run({button: TRIGGER})
    page.close()
    for one in handed_out:
        assert somebody.ask(one).status == 401
    for still_open in left_open:
        part = min(still_open.first.fragments)
        told = still_open.run({}, part)
        assert "You are signed out" in told.text
        assert not told.widgets
        still_open.close()


def test_a_file_is_taken_from_nobody(owner: Browser) -> None:
    page = owner.open()
    owner.ask("/_stcore/health")
    token = owner.cookies["_streamlit_xsrf"]
    path = f"/_stcore/upload_file/{page.first.session}/{some_id()}"
    assert owner.ask(path, "PUT", b"x", **{"x-xsrftoken": token}).status == 403
    page.close()


@pytest.mark.parametrize("kind", ["clear_cache", "load_git_info", "set_run_on_save", "stop_script"])
def test_a_page_goes_on_after_other_messages(viewer: Browser, kind: str) -> None:
    page = viewer.open("settings")
    page.send(BackMsg(**{kind: True}))
    told = page.run({})
    assert "viewer" in told.text
    assert "uncommitted_files" not in told.text
    page.close()


def test_garbage_closes_that_page_only(dashboard: Dashboard, viewer: Browser) -> None:
    page = viewer.open()
    page.socket.send(b"\xff\xff\xff no message")
    with pytest.raises(websockets.exceptions.ConnectionClosed):
        while True:
            page.socket.recv(timeout=30)
    again = viewer.open()
    again.close()
    assert dashboard.process.poll() is None
    log = Path(dashboard.log).read_text()
    assert VIEWER not in log
    assert OWNER not in log
