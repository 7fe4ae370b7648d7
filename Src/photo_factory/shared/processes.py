"""Processes of one machine: what the supervisor tells of them, and what it is wished to do.

Below `Paths.services` stand `processes.json` (what runs), `NAME.log` (what each service said) and
`wishes/NAME.json` (what should be): the supervisor writes the first two and heeds the third.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

from photo_factory.shared.files import make_folder, naming, replace_durably

Wanted = Literal["running", "stopped", "restart"]

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_MOST_PROCESSES = 64


def end_with_parent(parent: int) -> None:
    """Have this process stop as on SIGTERM when `parent`, which started it, is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was gone before it could be asked for
            os.kill(os.getpid(), signal.SIGTERM)


@dataclass(frozen=True)
class Running:
    """One process of a service; `pid` is None while it waits to be started (again)."""

    name: str
    pid: int | None
    started_at: datetime | None
    restarts: int
    wanted: Wanted
    last_end: str | None = None
    """How its last process ended, such as `signal SIGKILL`."""


@dataclass(frozen=True)
class Wish:
    """What a service should be; `processes` is how many of it."""

    wanted: Wanted
    processes: int = 1


@dataclass(frozen=True)
class Told:
    """What the supervisor told last: its own process, when, and what it looks after."""

    supervisor: int
    told_at: datetime
    processes: tuple[Running, ...]


def tell(folder: Path, told: Told) -> None:
    """Write `processes.json`; OSError."""
    make_folder(folder)
    content = json.dumps(asdict(told), default=_as_json, indent=1)
    replace_durably(folder / "processes.json", content.encode())


def told(folder: Path) -> Told | None:
    """What `processes.json` says; None where no supervisor ever was; OSError, ValueError."""
    given = _read(folder / "processes.json")
    if given is None:
        return None
    running = tuple(
        Running(**{**one, "started_at": _moment(one["started_at"])}) for one in given["processes"]
    )
    return Told(given["supervisor"], datetime.fromisoformat(given["told_at"]), running)


def wish(folder: Path, name: str, wish: Wish) -> None:
    """Ask the supervisor for something; it looks for wishes every half second. OSError."""
    make_folder(folder / "wishes")
    replace_durably(_wish_path(folder, name), json.dumps(asdict(wish)).encode())


def wished(folder: Path, name: str) -> Wish | None:
    """What is wished of a service; None where nothing is, or nothing that can be read."""
    try:
        given = _read(_wish_path(folder, name))
        return None if given is None else _as_wish(given)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def forget_wish(folder: Path, name: str) -> None:
    """Wish nothing of a service any more."""
    _wish_path(folder, name).unlink(missing_ok=True)


def log_path(folder: Path, name: str) -> Path:
    """Where the supervisor writes down what a service says."""
    return folder / f"{name}.log"


def _wish_path(folder: Path, name: str) -> Path:
    if not name or "/" in name or name.startswith("."):
        raise ValueError(f"{name!r} is no service's name")
    return folder / "wishes" / f"{name}.json"


def _as_wish(given: dict[str, Any]) -> Wish:
    wanted, processes = given["wanted"], int(given.get("processes", 1))
    if wanted not in get_args(Wanted) or not 1 <= processes <= _MOST_PROCESSES:
        raise ValueError(f"{given!r} is no wish")
    return Wish(wanted, processes)


def _read(path: Path) -> dict[str, Any] | None:
    with naming(path):
        try:
            return cast(dict[str, Any], json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return None


def _as_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def names(told: Told | None) -> Sequence[str]:
    """The services it looks after, each once."""
    return list(dict.fromkeys(one.name for one in told.processes)) if told else []
