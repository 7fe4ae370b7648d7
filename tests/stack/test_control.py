"""The opt-in: the dashboard starts and stops services, and its proxy lets nothing else pass."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import settled
from tests.stack.engine import Engine, Question, Stack, until
from tests.stack.post import Outage, Post, shown
from tests.stack.test_dashboard import URL, enter, open_page

OTHER = "blog-web-1"
"""A container of the same host that is none of ours."""

GEOCODE = "/containers/photo-factory-geocode-1"


@pytest.fixture(scope="module", autouse=True)
def _allowed(stack: Stack) -> Iterator[None]:
    """DASHBOARD_CONTROL=true, for these tests."""
    with stack.changed(DASHBOARD_CONTROL="true"):
        _made_anew(stack)
        yield
    _made_anew(stack)


def _made_anew(stack: Stack) -> None:
    """The two that the setting is for; what else has it in its environment stays as it is."""
    stack.compose("up", "--detach", "--no-deps", "dashboard", "docker-proxy")
    until(_asks_for_a_password)


def _asks_for_a_password() -> bool:
    try:
        urllib.request.urlopen(URL, timeout=20)
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False
    return False


@pytest.fixture(scope="module")
def other(engine: Engine) -> Iterator[str]:
    engine.docker("run", "--detach", "--name", OTHER, "--env", "SECRET=1", "python:3.11-slim",
                  "sleep", "3600")  # fmt: skip
    yield OTHER
    engine.docker("rm", "--force", OTHER)


ANSWERS = [
    ("POST", f"/v1.41{GEOCODE}/start", 304),  # it runs already
    ("GET", f"/v1.41{GEOCODE}/json", 200),
    ("POST", f"/v1.23{GEOCODE}/start", 403),  # it could bring settings along
    ("POST", f"{GEOCODE}/kill", 403),
    ("POST", f"{GEOCODE}/exec", 403),
    ("POST", f"{GEOCODE}/update", 403),
    ("POST", f"{GEOCODE}/rename?name=x", 403),
    ("POST", f"{GEOCODE}/../create/start", 403),
    ("DELETE", GEOCODE, 403),
    ("DELETE", f"/containers/{OTHER}?force=1", 403),
    ("POST", f"/containers/{OTHER}/stop", 403),
    ("GET", f"/containers/{OTHER}/json", 403),
    ("GET", f"/containers/{OTHER}/logs?stdout=1", 403),
    ("POST", "/containers/photo-factory-docker-proxy-1/stop", 403),
    ("POST", "/containers/photo-factory-dashboard-1/stop", 403),
    ("POST", "/containers/create?name=root", 403),
    ("POST", "/images/create?fromImage=debian", 403),
    ("DELETE", "/images/photo-factory:core", 403),
    ("POST", "/volumes/create", 403),
    ("POST", "/volumes/prune", 403),
    ("POST", "/exec/0/start", 403),
    ("POST", "/build", 403),
]
"""Method, path, and the status that the proxy answers with."""


@pytest.fixture(scope="module")
def answers(stack: Stack, other: str) -> dict[Question, int]:
    """What it answers to all of them."""
    return stack.ask_proxy((method, path) for method, path, _ in ANSWERS)


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_the_proxy_lets_nothing_pass_but_start_stop_and_restart_of_ours(
    answers: dict[Question, int], method: str, path: str, status: int
) -> None:
    assert answers[method, path] == status


def test_a_container_is_asked_for_by_its_name_only(stack: Stack, other: str) -> None:
    numbers = [stack.engine.inspect(name)["Id"] for name in (other, stack.container("geocode"))]
    asked = [("GET", f"/containers/{number}/json") for number in numbers]
    asked += [("POST", f"/containers/{number}/stop") for number in numbers]
    assert stack.ask_proxy(asked) == dict.fromkeys(asked, 403)


@pytest.mark.usefixtures("answers")
def test_the_other_container_runs_on_after_all_of_it(stack: Stack, other: str) -> None:
    assert stack.engine.inspect(other)["State"]["Running"] is True


def _choose(page: Page, stack: Stack, service: str) -> None:
    enter(page, stack.password)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    open_page(page, "services")
    box = page.locator(".st-key-service").get_by_role("combobox")
    # With its condition, which the table above does not say in the same line.
    chosen = page.get_by_text(re.compile(rf"container {stack.container(service)} \w")).first
    for _ in range(10):  # the page looks again every few seconds, and may close the list
        box.click()
        box.fill(service)
        box.press("Enter")
        settled(page)
        with suppress(AssertionError):
            expect(chosen).to_be_visible(timeout=10_000)
            return
    raise AssertionError(f"{service} cannot be chosen")


def _do(page: Page, verb: str) -> None:
    page.get_by_role("button", name=verb, exact=True).click()
    page.get_by_role("button", name=f"Yes, {verb.lower()} it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_service_is_stopped_told_as_stopped_and_started_again(
    stack: Stack, post: Post, page: Page
) -> None:
    until(lambda: not post.unwell(), 120)
    outage = Outage(stack, post)
    _choose(page, stack, "geocode")
    _do(page, "Stop")
    state = stack.state("geocode")
    assert (state["Status"], state["ExitCode"]) == ("exited", 0)
    expect(page.get_by_text(re.compile("somebody stopped its container")).first).to_be_visible()
    seen = shown(stack)
    assert seen.word("geocode") == "STOPPED"
    outage.wait({"geocode": ["STOPPED"]})
    assert "rests until somebody starts it" in outage.reason("geocode")
    _do(page, "Start")
    until(lambda: stack.is_healthy("geocode"))
    outage.wait({"geocode": ["STOPPED", "OK"]})
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()


def test_a_service_is_restarted(stack: Stack, page: Page) -> None:
    before = stack.state("geocode")
    _choose(page, stack, "geocode")
    _do(page, "Restart")
    until(lambda: stack.state("geocode")["StartedAt"] > before["StartedAt"])
    until(lambda: stack.is_healthy("geocode"))
    done = "SELECT action, subject FROM actions ORDER BY id DESC LIMIT 1"
    until(lambda: stack.sql(done) == [["restart service", "geocode"]])


def test_what_stops_others_cannot_be_stopped(stack: Stack, page: Page) -> None:
    _choose(page, stack, "docker-proxy")
    expect(page.get_by_role("button", name="Restart", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)


def test_more_containers_are_made_by_the_command_that_the_page_says(
    stack: Stack, page: Page
) -> None:
    _choose(page, stack, "thumbnail")
    page.get_by_role("button", name="Scale", exact=True).click()
    page.get_by_label("Processes").fill("2")
    page.get_by_label("Processes").press("Enter")
    page.get_by_role("button", name="Yes, scale it").click()
    told = page.get_by_role("dialog").get_by_text("docker compose up")
    expect(told).to_be_visible()
    command = str(re.search(r"docker compose up.*", told.inner_text())[0])  # type: ignore[index]
    try:
        stack.shell(command)
        until(lambda: stack.is_healthy("thumbnail"))
        states = [stack.engine.inspect(stack.container("thumbnail", n))["State"] for n in (1, 2)]
        assert all(state["Running"] for state in states)
        until(lambda: "2 of 2" in _runs_in(page))
    finally:
        stack.shell("docker compose up -d --no-recreate --scale thumbnail=1 thumbnail")


def _runs_in(page: Page) -> str:
    open_page(page, "services")
    return page.locator("[role=gridcell]", has_text="of 2").first.inner_text()
