"""Signing in at an OpenID Connect provider, in a real browser, at a real provider."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import OWN_URL, PATIENCE, Dashboard, open_page, settled
from tests.factory import Factory
from tests.parts import free_port

pytestmark = pytest.mark.part("chromium")

PEOPLE: list[dict[str, Any]] = [
    {"sub": "alice", "email": "alice@example.org", "email_verified": True},
    {"sub": "bob", "email": "bob@family.example", "email_verified": True},
    {"sub": "mallory", "email": "mallory@example.org", "email_verified": True},
    {"sub": "eve", "email": "alice@example.org", "email_verified": False},
    {"sub": "carol", "email": "alice@example.org"},
    {"sub": "nobody"},
]  # fmt: skip


class Provider:
    """An OpenID Connect provider as a process of its own."""

    def __init__(self, log: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = log
        self.start()

    def start(self) -> None:
        port = self.url.rpartition(":")[2]
        people = [word for one in PEOPLE for word in ("--user-claims", json.dumps(one))]
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "oidc_provider_mock", "--port", port, *people],
                stdout=file, stderr=file, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the provider did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.2)

    def answers(self) -> bool:
        try:
            with closing(urllib.request.urlopen(self.metadata, timeout=5)):
                return True
        except OSError:
            return False

    @property
    def metadata(self) -> str:
        return f"{self.url}/.well-known/openid-configuration"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    made = Provider(tmp_path_factory.mktemp("provider") / "log")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Factory]:
    """A factory with one photo; none of these tests changes it."""
    made = Factory(tmp_path_factory.mktemp("house") / "factory")
    made.drop("pixel-7/a.jpg")
    made.ingest()
    yield made
    made.close()


@pytest.fixture(scope="module")
def dashboard(
    house: Factory, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dashboard]:
    made = Dashboard(
        house, tmp_path_factory.mktemp("dashboard") / "log", DASHBOARD_OIDC=provider.metadata,
        DASHBOARD_OIDC_CLIENT="photo-factory", DASHBOARD_OIDC_SECRET="of the client",
        DASHBOARD_OWNERS="Alice@example.org", DASHBOARD_VIEWERS="@family.example",
        DASHBOARD_ADDRESS="127.0.0.1", DASHBOARD_URL=OWN_URL,
    )  # fmt: skip
    made.wait()
    yield made
    made.stop()


def sign_in(page: Page, dashboard: Dashboard, who: str) -> None:
    page.goto(f"{dashboard.url}/enter")
    page.get_by_role("link", name="Sign in with your provider").click()
    page.get_by_role("heading", name="Authorize Client").wait_for()
    page.get_by_role("button", name=who, exact=True).first.click()


def test_the_owner_signs_in_acts_and_signs_out(page: Page, dashboard: Dashboard) -> None:
    page.goto(dashboard.url)
    expect(page).to_have_url(f"{dashboard.url}/enter")
    expect(page.get_by_label("Password")).to_have_count(0)
    sign_in(page, dashboard, "alice")
    expect(page.get_by_text("alice@example.org · owner")).to_be_visible()
    expect(page).to_have_url(f"{dashboard.url}/")
    expect(page.get_by_text("In the archive")).to_be_visible()
    page.reload()
    expect(page.get_by_text("alice@example.org · owner")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()  # at the provider as well
    expect(page).to_have_url(f"{dashboard.url}/enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.goto(f"{dashboard.url}/library")
    expect(page).to_have_url(f"{dashboard.url}/enter")


def test_a_viewer_sees_and_cannot_act(page: Page, dashboard: Dashboard, house: Factory) -> None:
    sign_in(page, dashboard, "bob")
    expect(page.get_by_text("bob@family.example · viewer")).to_be_visible()
    (asset,) = house.assets()
    open_page(page, dashboard, f"library?asset={asset['id']}")
    expect(page.get_by_text("25 December 2023").first).to_be_visible()
    expect(page.get_by_role("link", name="Download original")).to_be_visible()
    expect(page.get_by_role("button", name="Correct date")).to_have_count(0)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("mallory", "mallory@example.org is not on the list of those who may enter."),
        ("eve", "The provider does not say that alice@example.org was verified to be yours."),
        ("carol", "The provider does not say that alice@example.org was verified to be yours."),
        ("nobody", "The provider told no mail address of yours"),
    ],
)
def test_it_refuses_and_says_why(page: Page, dashboard: Dashboard, who: str, told: str) -> None:
    sign_in(page, dashboard, who)
    expect(page.get_by_role("alert")).to_contain_text(told)
    page.goto(dashboard.url)
    expect(page).to_have_url(f"{dashboard.url}/enter")
    assert page.request.get(f"{dashboard.url}/_stcore/metrics").status == 401


def test_who_denies_at_the_provider_is_told_that_it_did_not_work(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/enter")
    page.get_by_role("link", name="Sign in with your provider").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_contain_text("did not work")


def test_a_provider_that_is_down_is_told_and_comes_back(
    page: Page, dashboard: Dashboard, provider: Provider
) -> None:
    page.goto(f"{dashboard.url}/enter")
    page.get_by_role("link", name="Sign in with your provider").click()
    page.get_by_role("heading", name="Authorize Client").wait_for()
    form = page.url
    page.goto(f"{dashboard.url}/enter")
    provider.stop()
    try:
        page.get_by_role("link", name="Sign in with your provider").click()
        expect(page.get_by_role("alert")).to_contain_text("127.0.0.1, where you sign in, does not")
        expect(page.locator("body")).not_to_contain_text(re.compile("Traceback|Error"))
        # It goes down after it sent somebody back, before it was asked whether that is true.
        state = re.search("state=([^&]+)", form)
        assert state
        page.goto(f"{dashboard.url}/oauth2callback?code=made-up&state={state[1]}")
        expect(page.get_by_role("alert")).to_contain_text("did not work")
    finally:
        provider.start()
    sign_in(page, dashboard, "alice")
    expect(page.get_by_text("alice@example.org · owner")).to_be_visible()


def cookies_of(context: BrowserContext) -> dict[str, str]:
    return {str(one["name"]): str(one["value"]) for one in context.cookies()}


def test_a_ticket_opens_the_door_once(page: Page, dashboard: Dashboard) -> None:
    sign_in(page, dashboard, "alice")
    expect(page.get_by_text("alice@example.org · owner")).to_be_visible()
    kept = cookies_of(page.context)
    ticket = {name: value for name, value in kept.items() if name.startswith("_streamlit_user")}
    assert ticket
    header = "; ".join(f"{name}={value}" for name, value in ticket.items())
    page.context.clear_cookies()
    again = page.request.get(f"{dashboard.url}/enter", headers={"cookie": header}, max_redirects=0)
    assert again.status == 200
    assert "set-cookie" not in again.headers


def test_a_forged_ticket_opens_nothing(page: Page, dashboard: Dashboard) -> None:
    from itsdangerous import URLSafeTimedSerializer

    said = {
        "email": "alice@example.org", "email_verified": True, "is_logged_in": True,
        "origin": dashboard.url, "provider": "default",
    }  # fmt: skip
    name = "_streamlit_user"
    for secret in ("", "another dashboard's secret", "of the client"):
        forged = URLSafeTimedSerializer(secret, salt=name).dumps(json.dumps(said))
        answer = page.request.get(
            f"{dashboard.url}/enter", headers={"cookie": f"{name}={forged}"}, max_redirects=0
        )
        assert (answer.status, "set-cookie" in answer.headers) == (200, False)
        inside = page.request.get(
            f"{dashboard.url}/_stcore/metrics", headers={"cookie": f"{name}={forged}"}
        )
        assert inside.status == 401


@pytest.mark.parametrize(
    "path",
    [
        "oauth2callback?next=https://evil.example&redirect_uri=https://evil.example",
        "oauth2callback?state=x&code=y&next=//evil.example",
        "auth/login?provider=x&redirect_uri=https://evil.example",
        "auth/logout?post_logout_redirect_uri=https://evil.example",
        "enter?next=https://evil.example", "enter/openid?next=//evil.example",
        "//evil.example/", "/%5Cevil.example/", "%2F%2Fevil.example/",
    ],
)  # fmt: skip
def test_it_sends_nobody_to_a_foreign_site(page: Page, dashboard: Dashboard, path: str) -> None:
    answer = page.request.get(
        f"{dashboard.url}/{path}", headers={"accept": "text/html"}, max_redirects=0
    )
    to = answer.headers.get("location", "")
    assert "evil" not in to.partition("?")[0]
    assert to == "" or re.match(rf"/(?![/\\])|{re.escape(dashboard.url)}/", to)
