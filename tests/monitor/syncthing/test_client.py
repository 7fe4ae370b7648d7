"""The REST client: patient, discreet with its key, and clear about what is wrong."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from photo_factory.monitor.syncthing.client import (
    Away,
    Client,
    NotSetUp,
    Refused,
    SyncthingError,
    WrongKey,
    below,
)
from photo_factory.shared.settings import Settings
from tests.monitor.syncthing.pretender import KEY, Pretender
from tests.parts import free_port, require_part


def settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **changes)  # type: ignore[call-arg]


def test_it_asks_with_the_key_in_a_header() -> None:
    with Pretender().running() as pretender:
        assert Client(pretender.url, KEY).get("system/version")["version"] == "v1.19.2"
        assert Client(pretender.url, KEY).get("db/status", folder="a b&c")["state"] == "idle"
    assert pretender.asked[1] == ("GET", "db/status", {"folder": "a b&c"})
    assert set(pretender.keys) == {KEY}


def test_it_says_what_to_set_when_nothing_is_set() -> None:
    with pytest.raises(NotSetUp, match="SYNCTHING_URL"):
        Client.of(settings())
    with pytest.raises(NotSetUp, match="SYNCTHING_API_KEY is not set"):
        Client.of(settings(SYNCTHING_URL="http://127.0.0.1:8384"))


def test_it_tells_a_wrong_key_from_an_absent_syncthing() -> None:
    with Pretender().running() as pretender, pytest.raises(WrongKey, match="copy the key again"):
        Client(pretender.url, "wrong").get("system/version")
    with pytest.raises(Away, match="Connection refused"):
        Client(pretender.url, KEY).get("system/version")


@pytest.mark.parametrize(
    ("said", "error", "text"),
    [
        ((200, b"<html>a router</html>"), Away, "is no Syncthing"),
        ((200, b"\xff\xfe"), Away, "is no Syncthing"),
        ((500, b"folder marker missing\nmore"), Refused, r"\(500\): folder marker missing$"),
        (None, Refused, "1.12 or later"),
        ((307, b"", "http://127.0.0.1:1/"), Refused, "sends us elsewhere"),
    ],
    ids=["html", "garbage", "refused", "too old", "redirect"],
)
def test_it_says_what_else_is_wrong(said: Any, error: type[SyncthingError], text: str) -> None:
    with Pretender().running() as pretender:
        pretender.said["config/folders"] = said
        with pytest.raises(error, match=text):
            Client(pretender.url, KEY).get("config/folders")


def test_it_takes_its_key_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with Pretender().running() as thief, Pretender().running() as pretender:
        monkeypatch.setenv("http_proxy", thief.url)
        pretender.said["system/version"] = (302, b"", f"{thief.url}/rest/system/version")
        with pytest.raises(Refused):
            Client(pretender.url, KEY).get("system/version")
    assert (pretender.keys, thief.keys) == ([KEY], [])


@pytest.mark.parametrize("key", [KEY, f"{KEY}\nX: y", f"{KEY}é\N{SNOWMAN}"])
def test_it_never_tells_its_key(key: str) -> None:
    for url in ("http://127.0.0.1:1", "http://[::1", "http://127.0.0.1:99999"):
        with pytest.raises(SyncthingError) as caught:
            Client(url, key).get("system/version")
        assert KEY not in f"{caught.value!r} {caught.value}"


def test_it_does_not_wait_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", KEY, timeout=0.3)
        begun = time.monotonic()
        with pytest.raises(Away, match="timed out"):
            client.get("system/version")
    assert time.monotonic() - begun < 5


def test_it_is_not_confused_by_an_answer_that_is_cut_off() -> None:
    def cut(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=cut, args=(server,))
        thread.start()
        with pytest.raises(Away, match="cut off"):
            Client(f"http://127.0.0.1:{server.getsockname()[1]}", KEY).get("system/version")
        thread.join()


def test_it_accepts_the_certificate_syncthing_made_on_this_machine_only(tmp_path: Path) -> None:
    require_part("OpenSSL", "openssl", shutil.which("openssl") is not None)
    port = free_port()
    server = _tls_server(tmp_path, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        assert Client(f"https://127.0.0.1:{port}", KEY).get("system/ping") == {"ping": "pong"}
        strict = Client(f"https://127.0.0.1:{port}", KEY)
        strict._opener = Client("https://nas.example", KEY)._opener  # as for another machine
        with pytest.raises(Away, match="nobody vouches for"):
            strict.get("system/ping")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_quotes_what_stands_in_a_path() -> None:
    assert below("config", "folders", "a/../b c") == "config/folders/a%2F..%2Fb%20c"


def _tls_server(home: Path, port: int) -> HTTPServer:
    pair = home / "pair.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=syncthing",
         "-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    pair.write_text((home / "key.pem").read_text() + (home / "cert.pem").read_text())

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # a client that hangs up at the certificate is what the test is about

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"ping": "pong"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server
