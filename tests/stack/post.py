"""Where the stack's alerts arrive, and the watcher outside that it pings: in the tests' process."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.stack.engine import PATIENCE, Engine, Stack, until

AFTER = 15
"""ALERT_AFTER in the tests: more than a slow machine needs to start a service again."""


@dataclass(frozen=True)
class Line:
    """One change that people were told of."""

    state: str
    name: str
    reason: str


class Post(ThreadingHTTPServer):
    """Takes what Apprise's JSON service posts, and notes when it was pinged."""

    daemon_threads = True

    def __init__(self, host: str) -> None:
        super().__init__((host, 0), _Handler)
        self.lines: list[Line] = []
        self.pinged_at = 0.0

    @property
    def settings(self) -> dict[str, str]:
        """What has the stack send everything here."""
        address = f"{self.server_address[0]!s}:{self.server_port}"
        return {
            "ALERT_URLS": f"json://{address}/alerts",
            "ALERT_AFTER": str(AFTER),
            "DEAD_MAN_URL": f"http://{address}/ping",
        }

    def state(self, name: str) -> str:
        """How it is, as far as people were told."""
        return next((one.state for one in reversed(self.lines) if one.name == name), "OK")

    def unwell(self) -> set[str]:
        """Everything that people were told of and not told to be well again."""
        return {one.name for one in self.lines if self.state(one.name) != "OK"}


class _Handler(BaseHTTPRequestHandler):
    server: Post

    def do_POST(self) -> None:
        letter = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for line in letter["message"].splitlines():
            head, _, reason = line.partition(": ")
            state, _, name = head.partition(" ")
            self.server.lines.append(Line(state, name.strip(), reason))
        self._answer()

    def do_GET(self) -> None:
        self.server.pinged_at = time.monotonic()
        self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiving(engine: Engine) -> Iterator[Post]:
    """A post office at the address by which containers reach the host."""
    (config,) = engine.inspect("bridge")["IPAM"]["Config"]
    host = config.get("Gateway") or config["Subnet"].rpartition(".")[0] + ".1"
    with Post(host) as post:
        thread = threading.Thread(target=post.serve_forever, args=(0.1,))
        thread.start()
        try:
            yield post
        finally:
            post.shutdown()
            thread.join()


class Outage:
    """What people were told from its beginning on, and how the dashboard saw it."""

    def __init__(self, stack: Stack, post: Post) -> None:
        self.stack, self.post, self._from = stack, post, len(post.lines)

    def told(self) -> dict[str, list[str]]:
        """The states that were told of each part, in their order."""
        found: dict[str, list[str]] = {}
        for one in self.post.lines[self._from :]:
            found.setdefault(one.name, []).append(one.state)
        return found

    def reason(self, name: str) -> str:
        """Why the last one came."""
        lines = self.post.lines[self._from :]
        return next(one.reason for one in reversed(lines) if one.name == name)

    def wait(self, expected: dict[str, list[str]], patience: float = PATIENCE) -> None:
        """Until exactly this was told; what else is told fails at once."""

        def is_told() -> bool:
            told = self.told()
            too_much = {
                name: states
                for name, states in told.items()
                if states != expected.get(name, [])[: len(states)]
            }
            assert not too_much, f"told {told}, and not {expected}: {self.post.lines[self._from :]}"
            return told == expected

        wait_for(is_told, lambda: f"told {self.told()}, and not yet {expected}", patience)


def wait_for(condition: Callable[[], bool], told: Callable[[], str], patience: float) -> None:
    """Wait, and say what there was when it does not come."""
    try:
        until(condition, patience)
    except AssertionError as error:
        raise AssertionError(f"{error}: {told()}") from None


_LOOK = """
import json
from photo_factory.dashboard.context import context
from photo_factory.dashboard.house import house
sight = house(context()).sight()
told = {one.name: [one.word, one.reason] for one in sight.verdicts}
print(json.dumps([told, sight.units_away or "", sight.ledger_away or ""]))
"""


@dataclass(frozen=True)
class Shown:
    """What the dashboard's pages draw now."""

    verdicts: dict[str, tuple[str, str]]
    """Word and reason of everything."""
    docker_away: str
    ledger_away: str

    def word(self, name: str) -> str:
        return self.verdicts[name][0]

    def reason(self, name: str) -> str:
        return self.verdicts[name][1]


def shown(stack: Stack) -> Shown:
    """Ask as its pages do, in the dashboard's own container."""
    done = stack.execute("dashboard", "python", "-c", _LOOK)
    told, docker_away, ledger_away = json.loads(done.stdout.splitlines()[-1])
    verdicts = {name: (word, reason) for name, (word, reason) in told.items()}
    return Shown(verdicts, docker_away, ledger_away)
