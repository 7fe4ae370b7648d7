"""What a service runs in, a container or a process, in the same words for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from photo_factory.shared.errors import PhotoFactoryError

Condition = Literal["running", "starting", "restarting", "frozen", "stopped", "dead"]
"""`stopped` is what somebody wanted, `dead` is what nobody did."""

Kind = Literal["container", "process"]


class UnitsAway(PhotoFactoryError):
    """Docker, or the supervisor, cannot be asked now."""


@dataclass(frozen=True)
class Unit:
    """One container or process of a service."""

    service: str
    ident: str
    """A container's name, a process's number; what the other verbs take."""
    kind: Kind
    condition: Condition
    beats: bool
    """Whether it is one of ours, which give signs of life."""
    started_at: datetime | None = None
    restarts: int = 0
    image: str = ""
    note: str = ""
    """More about the condition, such as `exit code 137 (killed)` or `unhealthy`."""


@dataclass(frozen=True)
class Usage:
    """What a unit uses now; `cpu` in percent of one core, `memory` in bytes."""

    cpu: float | None
    memory: int | None
    memory_limit: int | None = None


class Host(Protocol):
    """Where units run: Docker, or the supervisor of `photo-factory up`."""

    name: str

    def units(self) -> list[Unit]:
        """Every unit there is, stopped ones too; UnitsAway."""

    def usage(self, unit: Unit) -> Usage:
        """What it uses now; this may take a second; UnitsAway."""

    def logs(self, unit: Unit, lines: int) -> list[str]:
        """The last lines it said, the newest last; UnitsAway."""

    def start(self, service: str) -> None:
        """Start what was stopped; UnitsAway."""

    def stop(self, service: str) -> None:
        """Stop all its units, until somebody starts them; UnitsAway."""

    def restart(self, service: str) -> None:
        """Stop all its units and start them again; UnitsAway."""

    def scale(self, service: str, processes: int) -> None:
        """Run so many units of it; UnitsAway, or PhotoFactoryError saying how else."""

    def close(self) -> None:
        """Let go of connections."""


def usages(host: Host, units: Iterable[Unit]) -> dict[str, Usage]:
    """What all running units use, by their ident; asked at the same time, as each takes long."""
    running = [unit for unit in units if unit.condition == "running"]

    def asked(unit: Unit) -> Usage:
        try:
            return host.usage(unit)
        except UnitsAway:  # it ended meanwhile
            return Usage(None, None)

    if not running:
        return {}
    with ThreadPoolExecutor(max_workers=min(16, len(running))) as pool:
        return dict(zip([unit.ident for unit in running], pool.map(asked, running), strict=True))


def of_service(units: Sequence[Unit], service: str, host: Callable[[], str]) -> list[Unit]:
    """The units of a service; UnitsAway where there are none."""
    found = [unit for unit in units if unit.service == service]
    if not found:
        raise UnitsAway(f"{host()} knows nothing of a service {service!r}")
    return found
