"""What people are told of: each service, each probe, each phone and what stands still, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from photo_factory.monitor.alerts import Subject
from photo_factory.monitor.reading import Reading
from photo_factory.shared.heartbeat_service import STOPPED, Light

RESTARTS_WITHIN = timedelta(minutes=15)
OFTEN = 4

_BREAKER = "breaker "
_START_IT = "the page Services, or `docker compose up -d` in the stack"


class Starts:
    """When services began: one that dies and comes back looks well whenever it is looked at."""

    def __init__(self) -> None:
        self._seen: dict[str, set[datetime]] = {}

    def note(self, name: str, started_at: datetime, at: datetime) -> int:
        """How often it was started lately, if that is often; else 0."""
        seen = self._seen.setdefault(name, set())
        seen.add(started_at)
        seen -= {one for one in seen if at - one > RESTARTS_WITHIN}
        return len(seen) if len(seen) >= OFTEN else 0


def of_services(found: Iterable[Light], starts: Starts, at: datetime) -> dict[str, Subject]:
    """How the services are by their own beats; probes are told by their readings."""
    return {one.name: _of_service(one, starts, at) for one in found if not one.is_probe}


def _of_service(light: Light, starts: Starts, at: datetime) -> Subject:
    # Of several processes started_at is now this one's, now that one's.
    often = starts.note(light.name, light.started_at, at) if light.instances <= 1 else 0
    if light.state == "SILENT":
        return _of_silent(light)
    if often and light.state == "OK":
        return Subject("WARNING", _of_starts(light.name, often))
    return Subject(light.state, light.message)


def _of_starts(name: str, often: int) -> str:
    minutes = RESTARTS_WITHIN // timedelta(minutes=1)
    return (
        f"it was started {often} times within {minutes} minutes. Its log says why: "
        f"`docker compose logs {name}` in the stack"
    )


def _of_silent(light: Light) -> Subject:
    """What it said last is not how it is now, and whoever said good-bye is not missed."""
    since = f"{light.last_heartbeat:%H:%M} UTC"
    if light.current_task == STOPPED:
        last = f"; its last word: {light.message}" if light.message else ""
        told = f"it was stopped at {since} and rests until somebody starts it ({_START_IT}){last}"
        return Subject("STOPPED", told)
    told = f"no sign of life since {since}: it died or hangs (start it by {_START_IT})"
    return Subject("SILENT", told)


def of_breakers(tripped: Mapping[str, str], known: Iterable[str]) -> dict[str, Subject]:
    """What stands still, and why; what stood still once and goes on is well again."""
    gone = {name: Subject("OK") for name in known if name.startswith(_BREAKER)}
    return gone | {_BREAKER + name: Subject("ERROR", why) for name, why in tripped.items()}


def of_readings(found: Mapping[str, Reading], silent_days: int) -> dict[str, Subject]:
    """What alerts are told of: every probe, and each phone by its own name."""
    subjects = {name: Subject(one.status, one.message) for name, one in found.items()}
    phones = found.get("devices")
    if phones is None or not all(isinstance(one, dict) for one in phones.details.values()):
        return subjects
    if phones.status != "OK" and not phones.details:  # it could not look
        return subjects
    del subjects["devices"]
    for name, one in phones.details.items():
        is_quiet = 0 < silent_days <= one["days"]
        told = f"this phone has sent nothing for {one['days']} days" if is_quiet else None
        subjects[f"phone {name}"] = Subject("WARNING" if is_quiet else "OK", told)
    return subjects
