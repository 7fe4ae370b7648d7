"""The factory's processes under `photo-factory up`, in the place of containers."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil

from photo_factory.dashboard.units import Condition, Unit, UnitsAway, Usage
from photo_factory.shared import processes
from photo_factory.shared.processes import Running, Told, Wish

_TAIL_BYTES = 512 * 1024


class Processes:
    """What the supervisor tells in `folder` (`Paths.services`), and what the kernel adds."""

    name = "the supervisor"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spent: dict[int, tuple[float, float]] = {}
        """By process: when we asked, and the CPU seconds it had used then."""

    def units(self) -> list[Unit]:
        """Every process the supervisor looks after; UnitsAway where none does."""
        told = self._told()
        return [_unit(one) for one in told.processes]

    def usage(self, unit: Unit) -> Usage:
        """CPU since we last asked, and memory, children counted in."""
        try:
            root = psutil.Process(int(unit.ident))
            family = [root, *root.children(recursive=True)]
        except (psutil.Error, ValueError) as error:
            raise UnitsAway(f"process {unit.ident} is gone") from error
        memory = spent = 0.0
        for process in family:
            with suppress(psutil.Error):  # a child that ended meanwhile
                memory += process.memory_info().rss
                times = process.cpu_times()
                spent += times.user + times.system
        return Usage(self._share(root.pid, spent), int(memory))

    def _share(self, pid: int, spent: float) -> float | None:
        now = time.monotonic()
        before_at, before = self._spent.get(pid, (0.0, 0.0))
        self._spent[pid] = (now, spent)
        if not before_at or now - before_at < 0.1:
            return None
        return max(0.0, 100 * (spent - before) / (now - before_at))

    def logs(self, unit: Unit, lines: int) -> list[str]:
        """The last lines of the service's file."""
        path = processes.log_path(self._folder, unit.service)
        try:
            return list(deque(_tail(path), maxlen=lines))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UnitsAway(f"{path} cannot be read: {error}") from error

    def start(self, service: str) -> None:
        """Wish for it to run."""
        self._wish(service, wanted="running")

    def stop(self, service: str) -> None:
        """Wish for it to rest, until somebody starts it."""
        self._wish(service, wanted="stopped")

    def restart(self, service: str) -> None:
        """Wish for it to be stopped and started."""
        self._wish(service, wanted="restart")

    def scale(self, service: str, processes: int) -> None:
        """Wish for so many processes."""
        self._wish(service, processes=processes)

    def close(self) -> None:
        """There is none."""

    def _wish(self, service: str, **changes: str | int) -> None:
        self._told()  # nobody would heed it otherwise
        before = processes.wished(self._folder, service) or Wish("running")
        try:
            processes.wish(self._folder, service, replace(before, **changes))  # type: ignore[arg-type]
        except (OSError, ValueError) as error:
            raise UnitsAway(f"the wish for {service} cannot be written: {error}") from error

    def _told(self) -> Told:
        try:
            told = processes.told(self._folder)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UnitsAway(f"processes.json cannot be read: {error}") from error
        if told is None:
            raise UnitsAway("no `photo-factory up` has run here yet")
        if not _is_there(told.supervisor, told.told_at.timestamp()):
            raise UnitsAway("`photo-factory up` does not run: nobody starts again what dies")
        return told


def of_machine(folder: Path) -> bool:
    """Whether a supervisor ever ran here."""
    return (folder / "processes.json").exists()


def _is_there(pid: int, since: float) -> bool:
    """Whether the process lives that had this number then; another may have got it later."""
    try:
        process = psutil.Process(pid)
        is_older = process.create_time() <= since + 1
        return bool(is_older and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _unit(one: Running) -> Unit:
    condition, note = _condition(one)
    return Unit(
        service=one.name,
        ident=str(one.pid or ""),
        kind="process",
        condition=condition,
        beats=True,
        started_at=one.started_at,
        restarts=one.restarts,
        image="",
        note=note,
    )


def _condition(one: Running) -> tuple[Condition, str]:
    if one.pid is None:
        if one.wanted == "stopped":
            return "stopped", ""
        return ("restarting", one.last_end) if one.last_end else ("starting", "")
    return _condition_of(one, one.pid)


def _condition_of(one: Running, pid: int) -> tuple[Condition, str]:
    """What the kernel says of it: the supervisor may be behind by half a second, or gone."""
    try:
        process = psutil.Process(pid)
        status = process.status()
        if one.started_at and process.create_time() > one.started_at.timestamp() + 2:
            return "dead", "another process has its number"
    except psutil.NoSuchProcess:
        return "dead", "its process is gone"
    if status == psutil.STATUS_ZOMBIE:
        return "dead", "its process has ended"
    if status in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP):
        return "frozen", "stopped by a signal"
    return "running", ""


def _tail(path: Path) -> list[str]:
    """The last half megabyte of a file, in lines; the first of them may be torn and is left out."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = file.read(_TAIL_BYTES).decode("utf-8", "replace").splitlines()
    return lines[1:] if size > _TAIL_BYTES else lines
