"""A server on 127.0.0.1 that answers like Nominatim or Photon, and can be as bad as a real one."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ADDRESS = {
    "city": "Berlin", "state": "Berlin", "country": "Deutschland", "country_code": "de",
}  # fmt: skip


@dataclass
class Provider:
    """What it was asked, and how it answers."""

    url: str = ""
    status: int = 200
    body: bytes | None = None
    delay: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def provider() -> Iterator[Provider]:
    state = Provider()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {
                name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()
            }
            state.asked.append(
                {**query, "at": time.monotonic(), "agent": self.headers["User-Agent"]}
            )
            time.sleep(state.delay)
            body = state.body
            if body is None:
                body = json.dumps(
                    {"display_name": "Mitte, Berlin, Deutschland", "lat": query["lat"],
                     "lon": query["lon"], "address": ADDRESS}
                ).encode()  # fmt: skip
            with contextlib.suppress(BrokenPipeError):  # whoever asked has given up
                self.answer(body)

        def answer(self, body: bytes) -> None:
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
