"""Docker's view of the factory, told by a small server that speaks Docker's API."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from photo_factory.dashboard.docker_status import Docker, problem_of
from photo_factory.dashboard.units import Unit, UnitsAway, usages
from photo_factory.shared.errors import PhotoFactoryError
from tests.dashboard.conftest import OpenPage, text_of
from tests.factory import Factory


def container(service: str, **state: Any) -> dict[str, Any]:
    given = {"Status": "running", "ExitCode": 0, "StartedAt": "2026-03-01T11:00:00.123456789Z"}
    return {
        "Id": f"{service:f<64}", "Names": ["/web/alias", f"/photo-factory-{service}-1"],
        "Image": "photo-factory:core", "RestartCount": 2,
        "Command": f"photo-factory run {service}", "State": {**given, **state},
        "Labels": {
            "com.docker.compose.project": "photo-factory", "com.docker.compose.service": service,
        },
    }  # fmt: skip


def stats() -> dict[str, Any]:
    """Half a core of four was used, and 80 MB of which 20 are a cache."""
    return {
        "cpu_stats": {
            "cpu_usage": {"total_usage": 600}, "system_cpu_usage": 5000, "online_cpus": 4,
        },
        "precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 1000},
        "memory_stats": {
            "usage": 80_000_000, "limit": 500_000_000, "stats": {"inactive_file": 20_000_000},
        },
    }  # fmt: skip


def frames(*lines: str) -> bytes:
    """A log as Docker sends it, each piece with the stream's number and its length before."""
    pieces = [(1 + number % 2, f"{line}\n".encode()) for number, line in enumerate(lines)]
    return b"".join(bytes([at, 0, 0, 0]) + len(text).to_bytes(4, "big") + text
                    for at, text in pieces)  # fmt: skip


NO_SUCH = 404, {"message": "no such container"}


class Engine:
    """What the server knows, and what it was asked to do."""

    def __init__(self) -> None:
        self.containers: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.is_forbidden = False
        self.url = ""
        self.clients: list[Docker] = []

    def answer(self, method: str, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        parts = (
            path.strip("/").split("/")[1:] if path.startswith("/v1") else path.strip("/").split("/")
        )
        if parts == ["_ping"]:
            return (403 if self.is_forbidden else 200), b"OK"
        if parts == ["version"]:
            return 200, {"ApiVersion": "1.43", "Version": "24.0"}
        if parts == ["containers", "json"]:
            return 200, self._listed(json.loads(query["filters"][0]))
        if parts[0] == "containers":
            found = [one for one in self.containers if f"/{unquote(parts[1])}" in one["Names"]]
            return self._of_one(method, parts[2], found[0]) if found else NO_SUCH
        return 404, {"message": "page not found"}

    def _listed(self, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
        wanted = filters["label"][0].partition("=")[2]
        project = "com.docker.compose.project"
        return [one for one in self.containers if one["Labels"][project] == wanted]

    def _of_one(self, method: str, verb: str, found: dict[str, Any]) -> tuple[int, Any]:
        if found["Names"][-1].startswith("/0123_"):  # what compose is replacing
            return 403, {"message": "forbidden"}
        if method == "POST":
            if self.is_forbidden:
                return 403, {"message": "forbidden"}
            service = found["Labels"]["com.docker.compose.service"]
            self.asked.append(f"{verb} {service}")
            return 204, b""
        if verb == "stats":
            return 200, stats()
        if verb == "logs":
            return 200, frames("one", "two", "drei ü")
        return 200, {**found, "Config": {"Labels": found["Labels"], "Tty": False}}


@pytest.fixture
def engine_() -> Iterator[Engine]:
    """A server of Docker's API on 127.0.0.1."""
    engine = Engine()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            split = urlsplit(self.path)
            status, told = engine.answer(self.command, split.path, parse_qs(split.query))
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            is_log = split.path.endswith("/logs")
            self.send_header(
                "Content-Type",
                "application/vnd.docker.raw-stream" if is_log else "application/json",
            )
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    engine.url = f"tcp://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield engine
    for client in engine.clients:
        client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def connect(engine: Engine) -> Docker:
    engine.clients.append(Docker(engine.url, "photo-factory"))
    return engine.clients[-1]


def test_it_tells_how_the_containers_are(engine_: Engine) -> None:
    engine_.containers = [
        container("backup", Status="exited", ExitCode=137),
        container("dashboard", Status="paused"),
        container("face", Status="exited", ExitCode=137, OOMKilled=True),
        container("geocode"),
        container("librarian", Health={"Status": "unhealthy"}),
        container("syncthing", Status="exited"),
        container("thumbnail", Status="restarting", ExitCode=2),
    ]
    units = {unit.service: unit for unit in connect(engine_).units()}
    told = {name: (unit.condition, unit.note) for name, unit in units.items()}
    assert told == {
        "backup": ("dead", "exit code 137 (killed, perhaps for memory)"),
        "dashboard": ("frozen", ""),
        "face": ("dead", "exit code 137 (it wanted more memory than it may have)"),
        "geocode": ("running", ""),
        "librarian": ("running", "unhealthy"),
        "syncthing": ("stopped", "exit code 0"),
        "thumbnail": ("restarting", "exit code 2"),
    }
    geocode = units["geocode"]
    assert (geocode.restarts, geocode.image) == (2, "photo-factory:core")
    assert geocode.started_at is not None
    assert geocode.started_at.isoformat() == "2026-03-01T11:00:00.123456+00:00"


def test_it_leaves_other_projects_and_what_has_done_its_work_alone(engine_: Engine) -> None:
    other = container("web")
    other["Labels"]["com.docker.compose.project"] = "blog"
    once = container("geocode")
    once["Labels"]["com.docker.compose.oneoff"] = "True"
    engine_.containers = [other, once, container("migrate", Status="exited")]
    assert connect(engine_).units() == []


def test_it_shows_the_project_that_compose_names(engine_: Engine) -> None:
    own, other = container("librarian"), container("geocode")
    own["Labels"]["com.docker.compose.project"] = "album"
    engine_.containers = [own, other]
    engine_.clients.append(Docker(engine_.url, "album"))
    assert [unit.service for unit in engine_.clients[-1].units()] == ["librarian"]


def test_a_container_that_is_being_replaced_hides_none_of_the_others(engine_: Engine) -> None:
    former = container("face")
    former["Names"] = ["/0123_photo-factory-face-1"]
    engine_.containers = [former, container("geocode")]
    assert [unit.ident for unit in connect(engine_).units()] == ["photo-factory-geocode-1"]


def test_it_says_in_one_line_whether_docker_answers(engine_: Engine) -> None:
    assert problem_of(engine_.url) is None
    engine_.is_forbidden = True
    assert "Forbidden" in str(problem_of(engine_.url))
    assert "tcp://127.0.0.1:1 does not answer" in str(problem_of("tcp://127.0.0.1:1"))
    assert problem_of("") is None and problem_of("unix:///nowhere.sock") is None


def test_it_knows_which_containers_are_ours_and_beat(engine_: Engine) -> None:
    database = container("factory-db")
    database["Command"] = "docker-entrypoint.sh postgres"
    engine_.containers = [database, container("geocode")]
    units = connect(engine_).units()
    assert {unit.service: unit.beats for unit in units} == {"factory-db": False, "geocode": True}


def test_it_measures_as_docker_stats_does(engine_: Engine) -> None:
    engine_.containers = [container("geocode"), container("face", Status="exited")]
    docker = connect(engine_)
    used = usages(docker, docker.units())
    (usage,) = used.values()
    assert usage.cpu == pytest.approx(50.0)
    assert (usage.memory, usage.memory_limit) == (60_000_000, 500_000_000)


def test_it_reads_logs(engine_: Engine) -> None:
    engine_.containers = [container("geocode")]
    docker = connect(engine_)
    assert docker.logs(docker.units()[0], 100) == ["one", "two", "drei ü"]


def test_it_starts_stops_and_restarts(engine_: Engine) -> None:
    engine_.containers = [container("geocode"), container("face")]
    docker = connect(engine_)
    for verb in (docker.stop, docker.start, docker.restart):
        verb("geocode")
    assert engine_.asked == ["stop geocode", "start geocode", "restart geocode"]
    with pytest.raises(UnitsAway, match="gardener"):
        docker.stop("gardener")
    with pytest.raises(PhotoFactoryError, match="--scale geocode=3"):
        docker.scale("geocode", 3)


def test_it_says_when_it_may_not(engine_: Engine) -> None:
    engine_.containers = [container("geocode")]
    engine_.is_forbidden = True
    with pytest.raises(UnitsAway, match="Docker refuses: forbidden"):
        connect(engine_).stop("geocode")


# Docker's library leaves the closing of a unix socket that nobody listens on to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "unix:///nowhere.sock", "nonsense"])
def test_it_says_when_docker_is_away(host: str) -> None:
    with pytest.raises(UnitsAway, match="does not answer"):
        Docker(host, "photo-factory").units()
    gc.collect()


def test_it_is_there_again_when_docker_is(engine_: Engine) -> None:
    docker = connect(engine_)
    docker.units()
    url, docker._host = docker._host, "tcp://127.0.0.1:1"
    docker.close()
    with pytest.raises(UnitsAway):
        docker.units()
    docker._host = url
    assert docker.units() == []


def test_what_ended_meanwhile_uses_nothing(engine_: Engine) -> None:
    gone = Unit("geocode", "gone", "container", "running", beats=True)
    used = usages(connect(engine_), [gone])
    assert (used["gone"].cpu, used["gone"].memory) == (None, None)


@pytest.mark.parametrize("page", ["overview", "services"])
def test_the_pages_join_it_with_the_beats(
    page: str, open_page: OpenPage, factory: Factory, engine_: Engine
) -> None:
    assert factory.engine
    engine_.containers = [container("geocode"), container("face", Status="exited", ExitCode=1)]
    opened = open_page(page, DOCKER_HOST=engine_.url)
    assert not opened.exception
    told = text_of(opened).replace("\\", "")  # Markdown's marks are escaped
    assert "its container runs, but it has never given a sign of life" in told
    assert "its container is down (exit code 1): `docker compose up -d` starts it" in told
