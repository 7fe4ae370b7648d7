"""A server that answers like a Syncthing of some version: shapes as they were recorded."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "a-key-nobody-may-see"
NAS = "AAAAAAA-NAS"
PHONE = "BBBBBBB-PHONE"


class Pretender:
    """Answers by path; `said` may be changed by a test, None standing for 404."""

    def __init__(self, version: str = "v1.19.2", path: str = "/inbox/pixel-7", **folder: Any):
        self.said: dict[str, Any] = {
            "system/version": {"version": version, "arch": "amd64"},
            "system/status": {"myID": NAS, "tilde": "/home/anna"},
            "config/folders": [configured_folder(version, path, **folder)],
            "config/devices": [{"deviceID": NAS, "name": "nas"}, {"deviceID": PHONE, "name": "p7"}],
            "db/status": folder_status(version),
            "folder/errors": {"folder": "pix", "errors": None, "page": 1, "perpage": 10},
            "db/ignores": {"ignore": None, "expanded": None},
            "db/completion": {"completion": 100, "needItems": 0},
            "stats/device": {PHONE: {"lastSeen": "2026-11-21T09:58:30Z"}},
            "system/connections": {"connections": {PHONE: {"connected": True}}, "total": {}},
        }
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []
        self.got: list[tuple[str, str, Any]] = []
        self.keys: list[str | None] = []
        self.url = ""

    @property
    def folder(self) -> dict[str, Any]:
        """The configuration of its first folder."""
        found: dict[str, Any] = self.said["config/folders"][0]
        return found

    def answer(self, path: str, query: Mapping[str, str]) -> Any:
        """What is said to a GET; a test may say more in a subclass."""
        return self.said.get(path)

    @contextmanager
    def running(self) -> Iterator[Pretender]:
        """Serve on a free port of 127.0.0.1."""
        with ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) as server:
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


def configured_folder(version: str, path: str, **changes: Any) -> dict[str, Any]:
    """A folder as /rest/config/folders gives it."""
    folder: dict[str, Any] = {
        "id": "pix", "label": "Pixel camera", "filesystemType": "basic", "path": path,
        "type": "receiveonly", "devices": [{"deviceID": NAS}, {"deviceID": PHONE}],
        "rescanIntervalS": 3600, "fsWatcherEnabled": True, "ignoreDelete": True, "paused": False,
        "versioning": {"type": "", "params": {}}, "markerName": ".stfolder",
    }  # fmt: skip
    if version.startswith("v2"):
        folder |= {"syncOwnership": False, "syncXattrs": False, "blockIndexing": True}
        del folder["fsWatcherEnabled"]
    return {**folder, **changes}


def folder_status(version: str, **changes: Any) -> dict[str, Any]:
    """How a folder is, as /rest/db/status gives it."""
    status = {
        "errors": 0, "pullErrors": 0, "needFiles": 0, "needBytes": 0, "state": "idle",
        "receiveOnlyChangedDeletes": 4, "receiveOnlyTotalItems": 4, "localDeleted": 4,
    }  # fmt: skip
    if version.startswith("v1.19"):
        status |= {"invalid": "", "version": 7}
    if version.startswith("v2"):
        status |= {"error": "", "watchError": "", "remoteSequence": {}}
    return {**status, **changes}


def _handler(pretender: Pretender) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = self._asked()
            pretender.asked.append(("GET", path, query))
            self._say(pretender.answer(path, query))

        def do_PUT(self) -> None:
            path, _ = self._asked()
            text = self.rfile.read(int(self.headers["Content-Length"]))
            pretender.got.append((self.command, path, json.loads(text)))
            self._say({})

        do_PATCH = do_PUT

        def _asked(self) -> tuple[str, Mapping[str, str]]:
            url = urlsplit(self.path)
            pretender.keys.append(self.headers["X-API-Key"])
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            return url.path.removeprefix("/rest/"), query

        def _say(self, what: Any) -> None:
            if self.headers["X-API-Key"] != KEY:
                self._send(403, b"CSRF Error\n")
            elif what is None:
                self._send(404, b"404 page not found\n")
            elif isinstance(what, tuple):
                self._send(*what)
            else:
                self._send(200, json.dumps(what).encode())

        def _send(self, status: int, body: bytes, location: str = "") -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
