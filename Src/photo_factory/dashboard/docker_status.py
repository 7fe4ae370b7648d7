"""The factory's containers, as Docker's API tells of them."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from photo_factory.dashboard.units import Condition, Unit, UnitsAway, Usage, of_service
from photo_factory.shared.errors import PhotoFactoryError

if TYPE_CHECKING:
    from docker import APIClient

TIMEOUT_S = 5
"""Seconds an answer may take; one about usage takes one or two in Docker itself."""

STOP_S = 75
"""Seconds a container may take to end before Docker kills it: more than any `stop_grace_period` of
the compose file. A database that is killed at a checkpoint has to mend itself at its next start."""

ONE_SHOT = ("migrate",)
"""Containers that end when their work is done."""

_PROJECT, _SERVICE = "com.docker.compose.project", "com.docker.compose.service"
_NEVER = "0001-01-01"
_NOT_OURS = (403, 404)
"""It was removed meanwhile, or bears another name while compose puts a new one in its place."""
_CONDITIONS: dict[str, Condition] = {
    "running": "running",
    "created": "starting",
    "restarting": "restarting",
    "paused": "frozen",
    "removing": "stopped",
    "dead": "dead",
}
_ENDS = {0: "", 125: "not started", 137: "killed, perhaps for memory", 143: "asked to end"}


class Docker:
    """Docker's API at `host`, such as `tcp://docker-proxy:2375`; asked anew each time.

    `project` is the compose project whose containers these are."""

    name = "Docker"

    def __init__(self, host: str, project: str) -> None:
        self._host = host
        self._project = project
        self._client: APIClient | None = None

    def units(self) -> list[Unit]:
        """Every container of the compose project; UnitsAway."""
        with self._asking() as api:
            # Asked just so: the proxy of the stack lets no other question about containers pass.
            ours = {"label": [f"{_PROJECT}={self._project}"]}
            listed = api.containers(all=True, filters=ours)
            found = [self._unit(api, one) for one in listed]
        return sorted((one for one in found if one), key=lambda unit: (unit.service, unit.ident))

    def usage(self, unit: Unit) -> Usage:
        """CPU and memory; Docker takes about a second to say; UnitsAway."""
        with self._asking() as api:
            return _usage(api.stats(unit.ident, stream=False))

    def logs(self, unit: Unit, lines: int) -> list[str]:
        """The last lines of stdout and stderr; UnitsAway."""
        with self._asking() as api:
            said: bytes = api.logs(unit.ident, tail=lines)
        return said.decode("utf-8", "replace").splitlines()

    def start(self, service: str) -> None:
        """Start its containers; UnitsAway."""
        with self._asking() as api:
            for unit in of_service(self.units(), service, self._shown):
                api.start(unit.ident)

    def stop(self, service: str) -> None:
        """Stop its containers; `restart: unless-stopped` leaves them so; UnitsAway."""
        with self._asking(STOP_S) as api:
            for unit in of_service(self.units(), service, self._shown):
                api.stop(unit.ident, timeout=STOP_S)

    def restart(self, service: str) -> None:
        """Stop and start its containers; UnitsAway."""
        with self._asking(STOP_S) as api:
            for unit in of_service(self.units(), service, self._shown):
                api.restart(unit.ident, timeout=STOP_S)

    def scale(self, service: str, processes: int) -> None:
        """Not from here: PhotoFactoryError that says how."""
        # Whoever may make containers is root on the host; the dashboard must never be.
        raise PhotoFactoryError(
            f"containers are made by compose only: docker compose up -d --no-recreate "
            f"--scale {service}={processes} {service}"
        )

    def close(self) -> None:
        """Let go of the connection; the next question makes a new one."""
        if self._client:
            self._client.close()
        self._client = None

    def _unit(self, api: APIClient, listed: dict[str, Any]) -> Unit | None:
        service = listed["Labels"][_SERVICE]
        if service in ONE_SHOT or listed["Labels"].get("com.docker.compose.oneoff") == "True":
            return None
        from docker.errors import APIError

        name = _name(listed)
        try:
            told = api.inspect_container(name)
        except APIError as error:
            if error.status_code not in _NOT_OURS:
                raise
            return None
        state = told["State"]
        condition, note = _condition(state)
        return Unit(
            service=service,
            ident=name,
            kind="container",
            condition=condition,
            beats=f" run {service}" in f" {listed.get('Command', '')}",
            started_at=_moment(state.get("StartedAt")),
            restarts=told.get("RestartCount", 0),
            image=listed.get("Image", ""),
            note=note,
        )

    def _shown(self) -> str:
        return f"Docker at {self._host}"

    @contextmanager
    def _asking(self, longer_s: int = 0) -> Iterator[APIClient]:
        from docker.errors import APIError, DockerException
        from requests import RequestException

        try:
            if self._client is None:
                from docker import APIClient

                self._client = APIClient(self._host, version="auto", timeout=TIMEOUT_S)
            self._client.timeout = TIMEOUT_S + longer_s
            yield self._client
        except APIError as error:
            raise UnitsAway(f"Docker refuses: {error.explanation or error}") from error
        except (DockerException, RequestException, OSError, ValueError) as error:
            self.close()
            raise UnitsAway(
                f"{self._shown()} does not answer (is DOCKER_HOST right?): {_short(error)}"
            ) from error


def problem_of(host: str) -> str | None:
    """Why Docker's API at `host` cannot be asked, None where it answers; a socket is not asked."""
    if not host.startswith(("tcp://", "http://")):
        return None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{host.partition('://')[2]}/_ping", timeout=TIMEOUT_S):
            return None
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return f"Docker at {host} does not answer, so its containers are not seen: {reason}"


def _name(listed: dict[str, Any]) -> str:
    """As compose gave it; links of other containers put names with a path beside it."""
    names = [name.strip("/") for name in listed["Names"]]
    return str(next(name for name in names if "/" not in name))


def _short(error: Exception) -> str:
    """The innermost reason: requests wraps it four times."""
    found: BaseException = error
    while found.__cause__ or found.__context__:
        found = found.__cause__ or found.__context__ or found
    return str(found).splitlines()[0][:200] if str(found) else type(found).__name__


def _condition(state: dict[str, Any]) -> tuple[Condition, str]:
    status = str(state.get("Status", ""))
    health = str((state.get("Health") or {}).get("Status", ""))
    if status == "exited":
        code = int(state.get("ExitCode", 0))
        note = _ENDS.get(code)
        shown = f"exit code {code}" + (f" ({note})" if note else "")
        if state.get("OOMKilled"):
            shown = f"exit code {code} (it wanted more memory than it may have)"
        # 143 is what SIGTERM leaves of a program that does not catch it.
        return ("stopped" if code in (0, 143) else "dead"), shown
    condition = _CONDITIONS.get(status, "dead")
    if condition == "restarting":
        return condition, f"exit code {state.get('ExitCode', '?')}"
    if condition == "dead":
        return condition, str(state.get("Error") or status)
    return condition, health if health not in ("", "none", "healthy") else ""


def _moment(text: str | None) -> datetime | None:
    """Docker's times have nine digits of a second, of which Python takes six."""
    if not text or text.startswith(_NEVER):
        return None
    head, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{head}.{fraction[:6]:0<6}+00:00")


def _usage(told: dict[str, Any]) -> Usage:
    now, before = told.get("cpu_stats", {}), told.get("precpu_stats", {})
    used = now.get("cpu_usage", {}).get("total_usage", 0)
    used -= before.get("cpu_usage", {}).get("total_usage", 0)
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    cores = now.get("online_cpus") or 1
    memory = told.get("memory_stats", {})
    # As `docker stats` does it: what can be given back at once is not counted.
    cached = memory.get("stats", {}).get("inactive_file", 0)
    held = memory.get("usage")
    return Usage(
        cpu=100.0 * used * cores / passed if passed > 0 else None,
        memory=None if held is None else max(0, held - cached),
        memory_limit=memory.get("limit"),
    )
