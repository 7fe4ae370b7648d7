"""The ways out are real ones: what is sent arrives, and no secret is told on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from photo_factory.cli import app
from photo_factory.monitor.alerts import Subject
from photo_factory.monitor.digest import digest
from photo_factory.monitor.sending import ping, ways
from photo_factory.shared.errors import SettingsError
from photo_factory.shared.ledger import database
from photo_factory.shared.settings import Settings
from tests.factory import Factory


def settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **changes)  # type: ignore[call-arg]


class Mailbox(HTTPServer):
    """Takes what Apprise's JSON service posts, and counts who asks."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.letters: list[dict[str, Any]] = []
        self.asked = 0
        self.status = 200

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Mailbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.letters.append(json.loads(body))
        self._answer()

    def do_GET(self) -> None:
        self.server.asked += 1
        self._answer()

    def _answer(self) -> None:
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _serving() -> Iterator[Mailbox]:
    with Mailbox() as box:
        thread = threading.Thread(target=box.serve_forever, args=(0.05,))
        thread.start()
        yield box
        box.shutdown()
        thread.join()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with _serving() as box:
        yield box


def test_an_address_that_is_set_twice_is_told_once() -> None:
    twice = "json://127.0.0.1:1/a, json://127.0.0.1:1/a, json://127.0.0.1:1/b"
    assert len(ways(settings(ALERT_URLS=twice))) == 2


def test_an_alert_arrives_at_every_address(mailbox: Mailbox) -> None:
    with _serving() as other:
        both = ways(settings(ALERT_URLS=f"json://{mailbox.address},json://{other.address}"))
        assert [way.send("librarian is ERROR", "it burns") for way in both] == [None, None]
        assert len({way.id for way in both}) == 2
        for box in (mailbox, other):
            (letter,) = box.letters
            assert (letter["title"], letter["message"]) == ("librarian is ERROR", "it burns")


def test_an_address_that_refuses_is_told_without_its_secrets(mailbox: Mailbox) -> None:
    mailbox.status = 500
    (way,) = ways(settings(ALERT_URLS=f"json://user:geheim@{mailbox.address}"))
    problem = way.send("title", "text")
    assert (
        "geheim" not in way.id
        and problem
        and "did not take it" in problem
        and "geheim" not in problem
    )


def test_a_wrong_address_is_one_clear_line_without_its_secrets() -> None:
    with pytest.raises(SettingsError, match="ALERT_URLS") as caught:
        ways(settings(ALERT_URLS="nonsense-geheim"))
    assert "geheim" not in str(caught.value)


def test_without_addresses_there_is_no_way_out() -> None:
    assert ways(settings()) == []


def test_the_watcher_outside_is_asked(mailbox: Mailbox) -> None:
    ping(settings(DEAD_MAN_URL=f"http://{mailbox.address}/uuid"))
    assert mailbox.asked == 1


def test_a_watcher_that_is_away_is_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    ping(settings(DEAD_MAN_URL="http://127.0.0.1:1/geheim"))
    ping(settings(DEAD_MAN_URL="http://127.0.0.1:1/geheim key"))
    ping(settings(DEAD_MAN_URL="geheim"))
    assert "DEAD_MAN_URL cannot be reached" in caplog.text
    assert "geheim" not in caplog.text


def test_the_command_sends_a_test(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTO_FACTORY_ROOT", str(tmp_path))
    monkeypatch.setenv("ALERT_URLS", f"json://{mailbox.address}")
    assert CliRunner().invoke(app, ["alerts", "test"]).exit_code == 0
    assert mailbox.letters[0]["title"] == "Photo Factory: a test"
    monkeypatch.delenv("ALERT_URLS")
    assert CliRunner().invoke(app, ["alerts", "test"]).exit_code == 1


def test_the_digest_counts_and_names_what_is_not_well(engine: Engine, tmp_path: Path) -> None:
    factory = Factory(tmp_path, engine.url.render_as_string(hide_password=False))
    factory.drop("pixel-7/IMG_1.jpg")
    factory.ingest()
    text = digest(engine, {"backup": Subject("WARNING", "the NAS is away")}, datetime.now(UTC))
    assert "1 assets, 1 of them filed since yesterday." in text
    assert "thumbnailed 1" in text
    assert "WARNING  backup: the NAS is away" in text
    factory.close()


def test_the_digest_comes_without_a_ledger_too() -> None:
    nowhere = database.connect("postgresql://nobody@127.0.0.1:1/nothing")
    assert "cannot be reached" in digest(nowhere, {}, datetime.now(UTC))
