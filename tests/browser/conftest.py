"""A real browser before the real dashboard: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.samples import file_samples
from tests.factory import Factory
from tests.parts import free_port, require_part

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
]  # fmt: skip

PATIENCE = 120.0
"""Seconds something may take on a busy machine before it counts as not happening."""

POLICY = "Content Security Policy"

OWN_URL = "its own"
"""As DASHBOARD_URL: the address that the dashboard is about to get."""

expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    require_part("Chromium", "chromium", CHROMIUM.exists())
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def forbidden() -> list[str]:
    """What pages did that their policy forbids, as the browser's console tells it."""
    return []


@pytest.fixture
def page(browser: Browser, forbidden: list[str]) -> Iterator[Page]:
    """A window of its own, light and as wide as a laptop; its zone is Berlin's."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme="light",
        timezone_id="Europe/Berlin", locale="en-GB",
    )  # fmt: skip
    context.set_default_timeout(PATIENCE * 1000)
    opened = context.new_page()
    opened.on("console", lambda said: forbidden.append(said.text) if POLICY in said.text else None)
    yield opened
    context.close()
    assert forbidden == []


@pytest.fixture
def factory(tmp_path: Path) -> Iterator[Factory]:
    """An empty factory on SQLite."""
    made = Factory(tmp_path / "factory")
    yield made
    made.close()


@pytest.fixture(scope="session")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a factory in which the samples are filed; copy it before you change it."""
    return file_samples(tmp_path_factory.mktemp("filed") / "factory")


class Dashboard:
    """`photo-factory dashboard` (or `up`) as a process, answering on a free port."""

    def __init__(self, factory: Factory, log: Path, *command: str, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        if settings.get("DASHBOARD_URL") == OWN_URL:
            settings["DASHBOARD_URL"] = self.url
        environment = factory.environment(DASHBOARD_PORT=str(self.port), **settings)
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "photo_factory", *(command or ("dashboard",))],
                env=environment, stdout=file, stderr=file, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the dashboard did not start: {self.log.read_text()[-3000:]}")
            time.sleep(0.2)

    def answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(
            f"{self.url}/_stcore/health", timeout=5
        ) as answer:  # fmt: skip
            return bool(answer.status == 200)
        return False

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


Serve = Callable[..., Dashboard]


@pytest.fixture
def serve(factory: Factory, tmp_path: Path) -> Iterator[Serve]:
    """Starts the dashboard on the test's factory: serve(DASHBOARD_CONTROL="true"), serve("up")."""
    running: list[Dashboard] = []

    def started(*command: str, **settings: str) -> Dashboard:
        made = Dashboard(factory, tmp_path / f"log{len(running)}", *command, **settings)
        running.append(made)
        made.wait()
        return made

    yield started
    for one in running:
        one.stop()


def open_page(page: Page, dashboard: Dashboard, name: str = "") -> None:
    """Open a page by the name of its file, and wait until it has drawn itself."""
    page.goto(f"{dashboard.url}/{name}")
    settled(page)


def settled(page: Page) -> None:
    """Wait until the script has run to its end."""
    page.get_by_test_id("stApp").wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def screenshot(page: Page, path: Path, *, whole: bool = False) -> None:
    """A picture of the window, or of the whole page, for the docs and for the eye."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if whole:  # Streamlit scrolls inside the window, so the window has to grow
        main = page.get_by_test_id("stMain")
        height = int(main.evaluate("element => element.scrollHeight"))
        before = page.viewport_size
        page.set_viewport_size({"width": before["width"], "height": max(height, 600)})
        page.wait_for_timeout(500)
        page.screenshot(path=path)
        page.set_viewport_size(before)
        return
    page.screenshot(path=path)
