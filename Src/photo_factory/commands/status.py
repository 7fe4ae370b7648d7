"""`status` and `healthcheck`: what the ledger knows of the services and of the photos."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from photo_factory.commands import console
from photo_factory.registry import SERVICES, addons
from photo_factory.shared import clock, runs
from photo_factory.shared.heartbeat_service import Light, lights
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.extensions import extend
from photo_factory.shared.ledger.models import Arrival, MediaAsset
from photo_factory.shared.settings import Settings


@dataclass(frozen=True)
class ServiceState:
    """One service as its last beat shows it."""

    name: str
    state: str
    current_task: str
    age: timedelta | None
    restarts: int
    message: str | None

    @property
    def shown_age(self) -> str:
        """The age of the last beat to the second."""
        return (
            "never" if self.age is None else str(timedelta(seconds=int(self.age.total_seconds())))
        )

    def as_json(self) -> dict[str, Any]:
        """As `status --json` gives it; ages in seconds."""
        age = None if self.age is None else round(self.age.total_seconds(), 1)
        return {**vars(self), "age": age}


def service_states(engine: Engine) -> list[ServiceState]:
    """Every service that exists (one that never beat is SILENT), then every probe."""
    at = clock.now()
    with away(), reading(engine) as connection:
        known = lights(connection, at)
    probes = sorted(name for name, light in known.items() if light.is_probe)
    return [_state(name, known.get(name), at) for name in (*SERVICES, *probes)]


def _state(name: str, light: Light | None, at: datetime) -> ServiceState:
    if light is None:
        return ServiceState(name, "SILENT", "", None, 0, "it has given no sign of life yet")
    return ServiceState(
        name,
        light.state,
        light.current_task,
        at - light.last_heartbeat,
        light.restarts,
        light.message,
    )


def counts(engine: Engine) -> dict[str, Any]:
    """How many assets there are, and how many arrivals ended how."""
    with away(), reading(engine) as connection:
        assets = connection.scalar(select(func.count()).select_from(MediaAsset.__table__))
        size = connection.scalar(select(func.sum(MediaAsset.size_bytes)))
        errors = connection.scalar(
            select(func.count()).select_from(MediaAsset.__table__).where(MediaAsset.has_errors)
        )
        ends = connection.execute(select(Arrival.state, func.count()).group_by(Arrival.state)).all()
    return {
        "assets": assets or 0,
        "bytes": int(size or 0),
        "with_errors": errors or 0,
        "arrivals": {state: number for state, number in ends},  # noqa: C416 -- rows, not pairs
    }


def flag_progress(engine: Engine, settings: Settings) -> list[runs.Progress]:
    """How far every add-on is."""
    services = addons()
    extend(engine)  # with the flags of add-ons that never ran so far
    return runs.progress(engine, services, settings)


def show_progress(flags: list[runs.Progress]) -> None:
    """A line a flag: what is done, what is left, how fast it goes and until when."""
    columns = ("flag", "done", "waiting", "running", "parked", "n/a", "last hour", "time left")
    rows = [
        (o.flag, o.done, o.waiting, o.running, o.parked, o.not_applicable, o.last_hour, _left(o))
        for o in flags
    ]
    console.table("", columns, rows)


def _left(flag: runs.Progress) -> str:
    if flag.idle:
        return flag.idle
    if not flag.waiting + flag.running:
        return "none"
    if flag.seconds_left is None:
        return "unknown: nothing was done in the last hour"
    return str(timedelta(seconds=int(flag.seconds_left)))
