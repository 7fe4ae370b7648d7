"""The dashboard in a real browser: the frame around the pages, and the door."""

from __future__ import annotations

import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from photo_factory.dashboard.doors import hashed
from tests.browser.conftest import PATIENCE, Serve, open_page, settled
from tests.dashboard.household import household
from tests.factory import Factory

pytestmark = pytest.mark.part("chromium")

PASSWORD = "correct horse battery"


def tile_server() -> tuple[ThreadingHTTPServer, list[str]]:
    """A tile server that answers with the same tile always, and what it is asked."""
    asked: list[str] = []
    tile = io.BytesIO()
    Image.new("RGB", (256, 256), "lightblue").save(tile, "PNG")

    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.end_headers()
            self.wfile.write(tile.getvalue())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, asked


def test_it_asks_no_other_machine(page: Page, serve: Serve) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.split("/")[2].split(":")[0]))
    page.on("websocket", lambda socket: asked.add(socket.url.split("/")[2].split(":")[0]))
    open_page(page, serve())
    expect(page.get_by_role("link", name="Overview")).to_be_visible()
    assert asked == {"127.0.0.1"}


SHOWS = {
    "": "[data-testid=stMetric]", "services": ".js-plotly-plot", "library": ".tile img",
    "map": ".cluster", "timeline": "[data-day]", "people": "[data-testid=stMain] img",
    "attention": "[role=radiogroup]", "backup": "[data-testid=stMetric], [data-testid=stMarkdown]",
    "reports": "[data-testid=stDataFrame], .js-plotly-plot",
    "settings": "[data-testid=stDataFrame]",
}  # fmt: skip
"""Something of each page that is drawn by its own script, style, picture or font."""


def test_every_page_lives_with_what_its_policy_allows(
    page: Page, serve: Serve, factory: Factory, forbidden: list[str]
) -> None:
    household(factory)
    dashboard = serve()
    for name, shown in SHOWS.items():
        open_page(page, dashboard, name)
        expect(page.locator(shown).first).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        assert forbidden == [], name


def test_a_script_that_got_into_a_page_can_ask_nobody_else(
    page: Page, serve: Serve, forbidden: list[str]
) -> None:
    open_page(page, serve())
    server, asked = tile_server()
    page.evaluate(
        """async stranger => {
            const add = (kind, name, value) => {
                const made = document.createElement(kind); made[name] = value
                document.body.append(made)
            }
            add('img', 'src', stranger); add('script', 'src', stranger)
            add('iframe', 'src', stranger); add('script', 'text', 'window.ran = true')
            await fetch(stranger).catch(() => null)
        }""",
        f"http://127.0.0.1:{server.server_port}",
    )
    with server:
        deadline = time.monotonic() + PATIENCE
        while len(forbidden) < 5 and time.monotonic() < deadline:
            page.wait_for_timeout(100)
        server.shutdown()
    assert len(forbidden) >= 5
    assert page.evaluate("window.ran") is None
    assert asked == []
    page.close()
    forbidden.clear()  # they were meant to be told of


def test_the_map_may_show_the_tiles_one_chose(page: Page, serve: Serve, factory: Factory) -> None:
    household(factory)
    server, asked = tile_server()
    with server:
        tiles = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
        open_page(page, serve(DASHBOARD_TILES=tiles), "map")
        expect(page.locator(".leaflet-tile-loaded").first).to_be_visible()
        server.shutdown()
    assert asked


def test_it_lets_in_and_out(page: Page, serve: Serve) -> None:
    dashboard = serve(DASHBOARD_PASSWORD=hashed(PASSWORD), DASHBOARD_ADDRESS="127.0.0.1")
    page.goto(dashboard.url)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("That password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("owner at 127.0.0.1")).to_be_visible()
    page.reload()  # the session is the browser's, not one page's
    expect(page.get_by_text("owner at 127.0.0.1")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto(f"{dashboard.url}/library")
    expect(page.get_by_label("Password")).to_be_visible()
