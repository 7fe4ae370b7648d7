"""What the Overview and the Services page see of the factory, asked once for all sessions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from photo_factory.dashboard.context import Context
from photo_factory.dashboard.docker_status import Docker
from photo_factory.dashboard.fresh import Fresh
from photo_factory.dashboard.process_status import Processes, of_machine
from photo_factory.dashboard.queries import attention, overview
from photo_factory.dashboard.queries.services import HOUR, Slot, slots
from photo_factory.dashboard.units import Host, Unit, UnitsAway, Usage, usages
from photo_factory.dashboard.verdict import Seen, Verdict, verdicts
from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.heartbeat_service import Light

DAY, LONGEST, TEN_MINUTES = timedelta(days=1), timedelta(days=60), timedelta(minutes=10)

_MOST_COUNTED = 20_000


@dataclass(frozen=True)
class Sight:
    """What was seen, and why the rest was not."""

    verdicts: tuple[Verdict, ...]
    lights: Mapping[str, Light]
    units_away: str | None
    ledger_away: str | None


@dataclass(frozen=True)
class Inbox:
    """The files that lie in the inbox now."""

    files: int
    is_more: bool = False
    """There are more, which were not counted."""


@dataclass(frozen=True)
class History:
    """What the beats said, as of when that was asked."""

    at: datetime
    slots: Sequence[Slot]


@dataclass(frozen=True)
class Disk:
    """Free space where something of ours lies."""

    name: str
    path: str
    free: int
    total: int
    full_on: str | None


class House:
    """One factory's answers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        engine, paths = context.engine, context.paths
        self.host: Host = host_of(context)
        self._units = Fresh(self.host.units, least_s=0.5)
        self._usages = Fresh(self._asked_usages, least_s=2.0)
        self._lights = Fresh(lambda: overview.all_lights(engine), least_s=0.5)
        self.totals = Fresh(lambda: overview.totals(engine), least_s=2.0)
        self.flags = Fresh(
            lambda: overview.flags(engine, self.totals.get(), self._lights.get()), least_s=2.0
        )
        self.months = Fresh(
            lambda: self._asked_history(self.longest, HOUR), least_s=30, first_s=0.5
        )
        self.day = Fresh(lambda: self._asked_history(DAY, TEN_MINUTES), least_s=2)
        self.undecided = Fresh(lambda: attention.counts(engine), least_s=5.0)
        self.inbox = Fresh(lambda: count_files(paths.inbox), least_s=2.0)
        self._now: dict[datetime, Fresh[overview.Now]] = {}

    @property
    def longest(self) -> timedelta:
        """How far back every beat is kept, 60 days at most: older ones are thinned."""
        return min(LONGEST, timedelta(days=self._context.settings.history_days))

    def sight(self) -> Sight:
        """How everything is, as far as it can be seen."""
        units, units_away = _or_reason(self._units.get)
        lights, ledger_away = _or_reason(self._lights.get)
        seen = Seen(units, lights, clock.now())
        return Sight(tuple(verdicts(seen)), lights or {}, units_away, ledger_away)

    def now(self, midnight: datetime) -> overview.Now:
        """What happens now; LedgerAway."""
        if midnight not in self._now:
            engine = self._context.engine
            self._now = {midnight: Fresh(lambda: overview.now(engine, midnight))}
        return self._now[midnight].get()

    def usages(self) -> dict[str, Usage]:
        """What the running units use, by their ident; UnitsAway."""
        return self._usages.get()

    def changed(self) -> None:
        """Somebody started or stopped something."""
        self._units.forget()
        self._lights.forget()

    def disks(self, lights: Mapping[str, Light]) -> list[Disk]:
        """Free space, by the service-monitor's probes, else by a look of our own; OSError."""
        probed = [
            _disk(light)
            # The storage first: where all are one disk, it is the one people think of.
            for name, light in sorted(lights.items(), reverse=True)
            if name.startswith("disk-") and light.state != "SILENT" and "path" in light.details
        ]
        if probed:
            return probed
        paths = {"storage": self._context.paths.storage, "inbox": self._context.paths.inbox}
        return [_looked(name, path) for name, path in paths.items()]

    def close(self) -> None:
        """Wait for questions under way, before the ledger's engine is let go of."""
        asked = (
            self._units,
            self._usages,
            self._lights,
            self.totals,
            self.flags,
            self.inbox,
            self.undecided,
        )
        for one in (*asked, self.months, self.day, *self._now.values()):
            cast(Fresh[Any], one).close()
        self.host.close()

    def _asked_history(self, window: timedelta, slice_: timedelta) -> History:
        at = clock.now().replace(microsecond=0)
        return History(at, slots(self._context.engine, at, window, slice_))

    def _asked_usages(self) -> dict[str, Usage]:
        return usages(self.host, self._units.get())


def house(context: Context) -> House:
    """The answers about the factory of this context."""
    return context.keep("house", lambda: House(context))


def host_of(context: Context) -> Host:
    """Docker where the settings name it, else the supervisor of this machine."""
    if context.settings.docker_host:
        return Docker(context.settings.docker_host, context.settings.docker_project)
    return Processes(context.paths.services)


def is_alone(context: Context) -> bool:
    """Whether neither Docker nor a supervisor was ever here: services run by hand."""
    return not context.settings.docker_host and not of_machine(context.paths.services)


def count_files(folder: Path) -> Inbox:
    """How many files lie below a folder, hidden ones not counted; OSError."""
    files = 0
    os.stat(folder)
    for _path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += sum(not name.startswith((".", "~syncthing~")) for name in names)
        if files > _MOST_COUNTED:
            return Inbox(files, is_more=True)
    return Inbox(files)


def _or_reason(ask: Callable[[], Any]) -> tuple[Any, str | None]:
    try:
        return ask(), None
    except (PhotoFactoryError, OSError) as error:
        return None, str(error)


def _disk(light: Light) -> Disk:
    told = light.details
    return Disk(
        light.name.removeprefix("disk-"),
        str(told["path"]),
        int(told.get("free_bytes") or 0),
        int(told.get("total_bytes") or 0),
        told.get("full_on"),
    )


def _looked(name: str, path: Path) -> Disk:
    there = next(one for one in (path, *path.parents) if one.exists())
    usage = shutil.disk_usage(there)
    return Disk(name, str(path), usage.free, usage.total, None)


__all__ = ["Disk", "House", "Inbox", "Sight", "Unit", "UnitsAway", "host_of", "house", "is_alone"]
