"""S3 stores that know less than Amazon's, lie, or have an unreliable line before them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from photo_factory.addons.backup.targets import READ_BACK, STORE_CHECKSUM, Corrupted
from photo_factory.shared import files
from photo_factory.shared.errors import TryLater, Unprocessable
from photo_factory.shared.files import sha256_of
from tests.addons.backup.conftest import Place
from tests.backup_parts import BUCKET

PATH = "Originals/2024/2024-05-01/a.jpg"


class Proxy(BaseHTTPRequestHandler):
    """Between us and the store, which it makes one that knows less, or lies."""

    upstream = 0
    flips = drops_sums = echoes_sums = False
    """One bit of each upload; sums are not kept; sums are said to be right, and not kept."""
    refuses_conditions = False
    """As OpenStack Swift does: 501 to what has an If-None-Match."""
    told_of_conditions = b"<Error><Code>NotImplemented</Code><Message>No.</Message></Error>"
    comes_between: bytes | None = None
    """What somebody else puts under the name while we are refused."""
    protocol_version = "HTTP/1.1"  # which lets the client send a body at once

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.refuses_conditions and "If-None-Match" in self.headers:
            self.refuse()
            return
        if self.flips and len(body) > 1000:
            body = bytes([body[0] ^ 1]) + body[1:]
        drop = {"host", "connection", "expect"}
        headers = {n: v for n, v in self.headers.items() if n.lower() not in drop}
        sums = {n: v for n, v in headers.items() if "checksum" in n.lower()}
        if self.drops_sums or self.echoes_sums:
            headers = {n: v for n, v in headers.items() if n not in sums}
        with self.ask(self.command, body or None, headers) as answer:
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            if self.echoes_sums and self.command == "PUT":
                for name, value in sums.items():
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)

    def ask(self, method: str, body: bytes | None, headers: dict[str, str]) -> Any:
        headers.setdefault("Content-Type", "application/octet-stream")
        url = f"http://127.0.0.1:{self.upstream}{self.path}"
        try:
            return urlopen(Request(url, body, headers, method=method), timeout=10)
        except HTTPError as error:
            return error

    def refuse(self) -> None:
        if self.comes_between is not None:
            self.path = self.path.partition("?")[0]
            self.ask("PUT", self.comes_between, {}).close()
        self.send_response(501)
        self.send_header("Content-Length", str(len(self.told_of_conditions)))
        self.end_headers()
        self.wfile.write(self.told_of_conditions)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def proxied(port: int, **faults: bool | bytes) -> Iterator[int]:
    handler = type("Faulty", (Proxy,), {"upstream": port, **faults})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def through(place: Place, port: int) -> Place:
    assert place.server
    place.url = place.url.replace(f":{place.server.port}", f":{port}")
    return place


WEAK: list[dict[str, bool | bytes]] = [
    {"drops_sums": True},
    {"echoes_sums": True},
    {"refuses_conditions": True, "drops_sums": True},
    {"refuses_conditions": True, "told_of_conditions": b"", "echoes_sums": True},
]


@pytest.mark.parametrize("faults", WEAK, ids=["drops", "echoes", "Swift", "no word"])
def test_a_store_that_keeps_no_sums_or_knows_no_conditions_is_read_back(
    faults: dict[str, bool | bytes],
    place_of: Callable[[str], Place],
    source: Path,
    big_source: Path,
) -> None:
    place = place_of("s3")
    assert place.server
    with proxied(place.server.port, **faults) as port:
        target = through(place, port).open()
        for path, one in ((PATH, source), ("Originals/film.mp4", big_source)):
            assert target.put(one, path, sha256_of(one)).how == READ_BACK
            assert target.sha256(path) == sha256_of(one)
            assert target.put(one, path, sha256_of(one)).how == READ_BACK, "adopted"


def test_a_store_without_conditions_that_keeps_sums_is_believed(
    place_of: Callable[[str], Place], source: Path, big_source: Path
) -> None:
    place = place_of("s3")
    assert place.server
    with proxied(place.server.port, refuses_conditions=True) as port:
        target = through(place, port).open()
        assert target.put(source, PATH, sha256_of(source)).how == STORE_CHECKSUM
        how = target.put(big_source, "Originals/film.mp4", sha256_of(big_source)).how
        assert how == STORE_CHECKSUM


@pytest.mark.parametrize("sums", ["drops_sums", "echoes_sums"])
@pytest.mark.parametrize("size", ["whole", "in parts"])
def test_an_upload_that_is_changed_on_its_way_to_a_store_is_caught(
    sums: str, size: str, place_of: Callable[[str], Place], source: Path, big_source: Path
) -> None:
    place, sent = place_of("s3"), source if size == "whole" else big_source
    assert place.server
    with proxied(place.server.port, flips=True, **{sums: True}) as port:
        target = through(place, port).open()
        with pytest.raises(Corrupted):
            target.put(sent, PATH, sha256_of(sent))
        assert target.size(PATH) is None


@pytest.mark.parametrize("size", ["whole", "in parts"])
def test_what_is_read_differently_when_it_is_sent_is_no_copy(
    size: str,
    place_of: Callable[[str], Place],
    source: Path,
    big_source: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As failing memory or a failing disk does: the store proves only what it got."""
    place, sent = place_of("s3"), source if size == "whole" else big_source
    file_hash, target = sha256_of(sent), place.open()
    bad = sent.with_name("bad")
    bad.write_bytes(bytes([sent.read_bytes()[0] ^ 1]) + sent.read_bytes()[1:])
    opened, as_it_is = [sent], files.open_regular

    def failing(path: Path) -> int:
        opened.append(bad)
        return as_it_is(opened[-2])

    with monkeypatch.context() as memory:
        memory.setattr(files, "open_regular", failing)
        with pytest.raises(Unprocessable, match="does not hold the bytes"):
            target.put(sent, PATH, file_hash)
    assert target.size(PATH) is None
    assert target.put(sent, PATH, file_hash).how == STORE_CHECKSUM
    assert target.sha256(PATH) == file_hash


@pytest.mark.parametrize("size", ["whole", "in parts"])
def test_a_store_without_conditions_overwrites_nothing_that_came_meanwhile(
    size: str, place_of: Callable[[str], Place], source: Path, big_source: Path
) -> None:
    place, sent = place_of("s3"), source if size == "whole" else big_source
    assert place.server
    with proxied(place.server.port, refuses_conditions=True, comes_between=b"theirs") as port:
        target = through(place, port).open()
        with pytest.raises(Unprocessable, match="another file"):
            target.put(sent, PATH, sha256_of(sent))
        assert target.read(PATH) == b"theirs"


def test_a_bucket_that_is_not_there_is_told(place_of: Callable[[str], Place]) -> None:
    place = place_of("s3")
    place.url = place.url.replace(f"@{BUCKET}/", "@no-such-bucket/")
    with pytest.raises(TryLater, match="no-such-bucket"):
        place.open().check()
