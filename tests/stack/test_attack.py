"""What somebody sees who means no good: few ports, no root, no secrets, a proxy that only tells."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request

import pytest
from dotenv import dotenv_values

from photo_factory.registry import SERVICES
from tests.stack.engine import Engine, Question, Stack

PUBLISHED = {
    "dashboard": {"127.0.0.1:8501/tcp"},
    "syncthing": {
        "127.0.0.1:8384/tcp", "127.0.0.1:22000/tcp", "127.0.0.1:22000/udp", "127.0.0.1:21027/udp",
    },
}  # fmt: skip
"""The tests keep the ports of phones on this machine by SYNC_BIND."""

OURS = "%7B%22label%22%3A+%5B%22com.docker.compose.project%3Dphoto-factory%22%5D%7D"
"""The one filter that may be asked for."""

ADDONS = {"geocode", "thumbnail", "backup"}

RUNNING = sorted((set(SERVICES) - {"face"}) | {"factory-db", "syncthing", "docker-proxy"})


@pytest.mark.parametrize("service", RUNNING)
def test_nothing_runs_as_root(stack: Stack, service: str) -> None:
    top = stack.engine.docker("top", stack.container(service), "-eo", "uid,pid,args").stdout
    rows = [line.split(None, 2) for line in top.splitlines()[1:]]
    assert rows
    # docker-init, which takes zombies in, comes before the entrypoint that gives root away.
    working = [row for row in rows if "docker-init" not in row[2]]
    assert all(int(uid) != 0 for uid, _, _ in working), top


@pytest.mark.parametrize("service", RUNNING)
def test_nothing_may_more_than_it_needs(stack: Stack, service: str) -> None:
    host = stack.engine.inspect(stack.container(service))["HostConfig"]
    assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["Privileged"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] > 0 and host["NanoCpus"] == (os.cpu_count() or 1) * 1_000_000_000
    assert host["CpuShares"] == (256 if service in ADDONS else 0)
    may_take = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
    assert set(host["CapAdd"] or ()) <= may_take


@pytest.mark.parametrize("service", RUNNING)
def test_only_the_ports_of_the_docs_are_open(stack: Stack, service: str) -> None:
    ports = stack.engine.inspect(stack.container(service))["NetworkSettings"]["Ports"]
    is_open = {
        f"{binding['HostIp']}:{port}"
        for port, bindings in ports.items()
        for binding in bindings or ()
    }
    assert is_open == PUBLISHED.get(service, set())


def test_no_image_holds_a_secret(stack: Stack, engine: Engine) -> None:
    secrets = [
        value
        for name, value in dotenv_values(stack.stack / ".env").items()
        if value and name.endswith(("PASSWORD", "API_KEY"))
    ]
    assert len(secrets) >= 4
    told = json.dumps(engine.inspect("photo-factory:core"))
    told += engine.docker("history", "--no-trunc", "photo-factory:core").stdout
    assert not any(secret in told for secret in secrets)


def test_no_image_holds_what_is_not_needed(engine: Engine, stack: Stack) -> None:
    look = "ls -d /src /data/Stack; find / -xdev -name '.env'; true"
    found = engine.docker("run", "--rm", "--entrypoint", "sh", "photo-factory:core", "-c", look)
    assert found.stdout == ""


def test_no_log_tells_a_secret(stack: Stack) -> None:
    values = dotenv_values(stack.stack / ".env")
    logs = stack.compose("logs", "--no-color").stdout
    for name in ("POSTGRES_PASSWORD", "SYNCTHING_API_KEY", "READER_PASSWORD"):
        assert str(values[name]) not in logs


ANSWERS = [
    ("GET", "/_ping", 200),
    ("GET", f"/v1.41/containers/json?all=1&filters={OURS}", 200),
    ("GET", "/v1.41/containers/json", 403),
    ("GET", "/v1.41/containers/json?all=1", 403),
    ("GET", f"/containers/json?filters={OURS.replace('factory', 'album')}", 403),
    ("GET", f"/containers/json?%66ilters=%7B%7D&filters={OURS}", 403),
    ("GET", f"/containers/json?filters=%7B%7D&filters={OURS}", 403),
    ("GET", "/info", 403),
    ("GET", "/containers/photo-factory-librarian-1/top?ps_args=e", 403),
    ("GET", "/containers/photo-factory-test-librarian-1/json", 403),
    ("POST", "/v1.41/containers/create", 403),
    ("POST", "/containers/photo-factory-librarian-1/stop", 403),
    ("POST", "/containers/photo-factory-librarian-1/exec", 403),
    ("DELETE", "/containers/photo-factory-librarian-1", 403),
    ("PUT", "/containers/photo-factory-librarian-1/archive?path=/", 403),
    ("GET", "/containers/photo-factory-librarian-1/archive?path=/", 403),
    ("GET", "/containers/photo-factory-librarian-1/json/../../../images/json", 403),
    ("GET", "/containers/%2e%2e/images/json", 403),
    ("GET", "/images/json", 403),
    ("GET", "/secrets", 403),
]
"""Method, path, and the status that the proxy answers with."""


@pytest.fixture(scope="module")
def answers(stack: Stack) -> dict[Question, int]:
    """What it answers to all of them."""
    return stack.ask_proxy((method, path) for method, path, _ in ANSWERS)


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_the_proxy_tells_and_does_nothing(
    answers: dict[Question, int], method: str, path: str, status: int
) -> None:
    assert answers[method, path] == status


def test_only_the_dashboard_reaches_the_proxy(stack: Stack) -> None:
    ask = "import socket; socket.create_connection(('docker-proxy', 2375), 3)"
    done = stack.compose("exec", "-T", "thumbnail", "python", "-c", ask, check=False)
    assert done.returncode != 0


def test_the_database_is_not_reached_from_outside(stack: Stack) -> None:
    ports = stack.engine.inspect(stack.container("factory-db"))["NetworkSettings"]["Ports"]
    assert not any(ports.values())


def test_an_add_on_cannot_change_an_original(stack: Stack) -> None:
    done = stack.compose(
        "exec", "-T", "thumbnail", "touch", "/data/Storage/Originals/mine", check=False
    )
    assert "Read-only file system" in done.stderr


@pytest.mark.parametrize("path", ["", "library", "reports", "_stcore/stream", "media/x"])
def test_the_dashboard_asks_for_a_password(stack: Stack, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"http://127.0.0.1:8501/{path}", timeout=20)


def test_without_a_password_compose_refuses_to_start(stack: Stack) -> None:
    (stack.stack / "empty.env").touch()
    done = stack.compose("--env-file", "empty.env", "config", check=False)
    assert done.returncode != 0
    assert "photo-factory init" in done.stderr


def test_syncthing_answers_nobody_without_its_key(stack: Stack) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen("http://127.0.0.1:8384/rest/system/status", timeout=20)


def test_the_env_is_for_its_owner_only(stack: Stack) -> None:
    done = subprocess.run(
        ["stat", "-c", "%a", stack.stack / ".env"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "600"
