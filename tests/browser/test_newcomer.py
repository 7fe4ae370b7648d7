"""Somebody new opens the dashboard of a factory that runs, on real photos; nothing is made up.

They see true numbers, find a photo in three clicks, see within ten seconds that a service was
killed, are told of it where they are, start it again, and are told that it is well.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from tests.browser.conftest import PATIENCE, Dashboard, Serve, open_page, settled
from tests.browser.samples import CAMERA, TOWN
from tests.browser.watching import SEEN_WITHIN_S, card, choose, is_red, pid_of, until
from tests.factory import Factory

pytestmark = pytest.mark.part("chromium")

KILLED = "backup"
TRIES = 3
"""How often a busy machine may be late before the dashboard is to blame."""


class Receiver:
    """Where alerts arrive: a small web server of somebody's own."""

    def __init__(self) -> None:
        letters: list[dict[str, Any]] = []

        class Letterbox(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                letters.append(json.loads(content))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.letters = letters
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Letterbox)
        self.url = f"json://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def lines(self, name: str) -> list[str]:
        """What was told of one service, the oldest first."""
        told = [line for one in self.letters for line in str(one["message"]).splitlines()]
        return [line for line in told if line.split()[1:2] == [f"{name}:"]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def factory(filed: Path, tmp_path: Path) -> Iterator[Factory]:
    shutil.copytree(filed, tmp_path / "factory")
    made = Factory(tmp_path / "factory")
    yield made
    made.close()


@pytest.fixture
def up(serve: Serve, factory: Factory, receiver: Receiver, tmp_path: Path) -> Dashboard:
    """`photo-factory up` with a backup target and an address for alerts."""
    target = tmp_path / "target"
    target.mkdir()
    given = {"BACKUP_TARGETS": str(target)}
    subprocess.run(
        [sys.executable, "-m", "photo_factory", "backup", "init", str(target)],
        env=factory.environment(**given), check=True, capture_output=True,
    )  # fmt: skip
    return serve(
        "up", HEARTBEAT_INTERVAL="2", ALERT_AFTER="0", ALERT_URLS=receiver.url,
        DASHBOARD_CONTROL="true", **given,
    )  # fmt: skip


@contextlib.contextmanager
def killing(factory: Factory, name: str) -> Iterator[float]:
    """Kill a service as often as it comes; when it died first, on the clock of `monotonic`."""
    stop = threading.Event()

    def kill() -> bool:
        pid = pid_of(factory, name)
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if pid and psutil.Process(pid).cmdline()[-2:] == ["run", name]:  # still that one
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def go_on() -> None:
        while not stop.wait(0.05):
            kill()

    until(kill)
    died = time.monotonic()
    killer = threading.Thread(target=go_on)
    killer.start()
    try:
        yield died
    finally:
        stop.set()
        killer.join()


@pytest.mark.timeout(900)
def test_a_newcomer_sees_finds_and_is_told(
    page: Page,
    up: Dashboard,
    factory: Factory,
    receiver: Receiver,
    record_property: Callable[[str, object], None],
) -> None:
    page.add_init_script(
        "addEventListener('click', one => { if (one.isTrusted) "
        "sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1 }, true)"
    )
    open_page(page, up)
    sees_true_numbers(page, factory)
    finds_a_photo(page, factory)
    page.get_by_role("link", name="Overview").click()
    with sees_within_ten_seconds(page, factory) as took:
        record_property("seen after seconds", took)
        told = until(lambda: receiver.lines(KILLED))[-1]
        assert told.startswith("SILENT")
        assert "no sign of life since" in told
    starts_it_again(page)
    told = until(lambda: [line for line in receiver.lines(KILLED) if line.startswith("OK")])[-1]
    assert "well again (it was SILENT)" in told


def sees_true_numbers(page: Page, factory: Factory) -> None:
    """Every number on top is what the ledger, or the folder, says."""
    count = "SELECT count(*) AS number, sum({}) AS done FROM media_assets"
    known = factory._rows(text(count.format("is_thumbnailed")))[0]
    assets = known["number"]
    assert assets > 50
    lie_there = [one for one in factory.paths.inbox.rglob("*") if one.is_file()]
    expect(number(page, "In the archive")).to_have_text(f"{assets:,}")
    expect(number(page, "In the inbox now")).to_have_text(f"{len(lie_there):,}")
    expect(number(page, "Filed today")).to_have_text(f"{assets:,}")
    expect(page.get_by_test_id("stAlert").first).to_contain_text(f"{assets:,}")
    thumbnails = page.get_by_text(f"Thumbnails {known['done']:,} of {assets:,} done")
    expect(thumbnails).to_be_visible()
    # Once everything has a copy, the sentence says so.
    until(lambda: factory._rows(text(count.format("is_backed_up")))[0]["done"] == assets)
    expect(page.get_by_test_id("stAlert").first).to_contain_text("backed up")


def number(page: Page, label: str) -> Locator:
    metric = page.get_by_test_id("stMetric").filter(has_text=label)
    return metric.get_by_test_id("stMetricValue")


def finds_a_photo(page: Page, factory: Factory) -> None:
    """By its camera and its place, in three clicks from where one came in."""
    wanted = factory.asset("DSCN0010.jpg")
    page.get_by_role("link", name="Library").click()
    page.get_by_role("radio", name=CAMERA).first.click()
    page.get_by_role("radio", name=TOWN).first.click()
    photo = page.locator(f'.tile[data-id="{wanted["id"]}"]')
    expect(photo).to_be_visible()
    expect(page.locator(".tile")).to_have_count(9)
    expect(photo.locator("img")).to_have_js_property("complete", True)
    assert page.evaluate("Number(sessionStorage.clicks)") == 3
    photo.click()  # and one more opens it
    expect(page.get_by_text("22 October 2008").first).to_be_visible()
    expect(page.get_by_text("DSCN0010.jpg").first).to_be_visible()
    settled(page)


@contextlib.contextmanager
def sees_within_ten_seconds(page: Page, factory: Factory) -> Iterator[list[float]]:
    """A service is killed, and stays down inside; its light says so in time."""
    took: list[float] = []
    for _ in range(TRIES):
        expect(card(page, KILLED)).to_contain_text(re.compile("OK|WARNING"))
        with killing(factory, KILLED) as died:
            until(lambda: says_that_it_died(card(page, KILLED)))
            took.append(time.monotonic() - died)
            if took[-1] <= SEEN_WITHIN_S:
                yield took
                return
    pytest.fail(f"that {KILLED} was killed was seen after {took} s only")


def says_that_it_died(light: Locator) -> bool:
    """Its word, its colour and the reason, all at one moment."""
    told, colour = light.evaluate(
        """light => {
            const word = [...light.querySelectorAll('span')].find(one => one.innerText == 'ERROR')
            return [light.innerText, word ? getComputedStyle(word).color : 'rgb(0, 0, 0)']
        }"""
    )
    reason = "its process died (signal SIGKILL) and is started again"
    return "ERROR" in told and reason in told and is_red(colour)


def starts_it_again(page: Page) -> None:
    """As the alert says: on the page Services."""
    page.get_by_role("link", name="Services").click()
    page.get_by_role("button", name="Restart").wait_for()
    choose(page, KILLED)
    page.get_by_role("button", name="Restart").click()
    page.get_by_role("button", name="Yes, restart it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Overview").click()
    expect(card(page, KILLED)).to_contain_text("OK", timeout=2 * PATIENCE * 1000)
