"""One examination: ask Syncthing, have the doctor judge, enforce the verdicts, sum it up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from photo_factory.monitor.syncthing import doctor, holding
from photo_factory.monitor.syncthing.client import Client
from photo_factory.monitor.syncthing.doctor import Verdict, Word
from photo_factory.monitor.syncthing.state import Device, FolderState, Picture, look
from photo_factory.shared import clock
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.settings import Settings

_WORST_FIRST: tuple[Word, ...] = ("ERROR", "WARNING", "OK")

Problem = tuple[Word, str]

NOTHING: Mapping[str, Any] = {
    "version": None, "folders": [], "devices": [], "doctor": [], "judged": None,
}  # fmt: skip
"""The details when Syncthing could not be asked."""


@dataclass(frozen=True)
class Examination:
    """What one look found; `problems` in the order in which they are told."""

    picture: Picture
    verdicts: list[Verdict]
    problems: list[Problem]
    judged: Mapping[str, str] | None
    """When, and for which mode, the Librarian may rely on the verdicts; None: it may not."""

    @property
    def status(self) -> Word:
        """The worst of the problems."""
        words = [word for word, _ in self.problems]
        return next((word for word in _WORST_FIRST if word in words), "OK")

    @property
    def task(self) -> str:
        """What was looked at, in a few words."""
        folders, devices = len(self.picture.folders), len(self.picture.devices)
        return f"Syncthing {self.picture.version}, folders: {folders}, devices: {devices}"

    @property
    def message(self) -> str | None:
        """All problems in one line, the worst first."""
        ordered = sorted(self.problems, key=lambda one: _WORST_FIRST.index(one[0]))
        return "; ".join(text for _, text in ordered) or None

    def details(self) -> dict[str, Any]:
        """Everything measured, as the heartbeat keeps it."""
        verdicts = [one.as_json() for one in self.verdicts]
        return {**self.picture.details(), "doctor": verdicts, "judged": self.judged}


@dataclass
class Examiner:
    """Examines again and again, and remembers since when files have been missing."""

    _missing_since: dict[str, datetime] = field(default_factory=dict)

    def examine(self, settings: Settings, engine: Engine | None) -> Examination:
        """Look once, and trip or reset breakers; raises SyncthingError."""
        at = clock.now()  # what is changed from now on may not have been seen
        picture = look(Client.of(settings), settings)
        verdicts = doctor.examine(picture, settings.inbox_mode)
        problems = [*_of_verdicts(verdicts, settings), *_of_path(picture)]
        problems += [
            problem for state in picture.states for problem in self._of_folder(state, at, settings)
        ]
        problems += [
            problem for one in picture.devices for problem in _of_device(one, at, settings)
        ]
        is_known = doctor.may_be_trusted(picture) and _enforce(engine, verdicts, settings, problems)
        judged = {"at": at.isoformat(), "mode": settings.inbox_mode} if is_known else None
        return Examination(picture, verdicts, problems, judged)

    def _of_folder(self, state: FolderState, at: datetime, settings: Settings) -> Iterator[Problem]:
        name = state.label or state.id
        if state.error or state.state == "error":
            yield "ERROR", f"folder {name!r} has stopped: {state.error or 'it does not say why'}"
        if failed := max(state.errors, state.pull_errors):
            yield _failing(name, failed, state.failures)
        if not state.need_files:
            self._missing_since.pop(state.id, None)
            return
        since = self._missing_since.setdefault(state.id, at)
        if at - since >= timedelta(hours=settings.backlog_warning):
            yield (
                "WARNING",
                (
                    f"folder {name!r} has waited for {state.need_files} files since "
                    f"{since:%Y-%m-%d %H:%M} UTC: is the phone connected?"
                ),
            )


def _of_verdicts(verdicts: list[Verdict], settings: Settings) -> Iterator[Problem]:
    for one in verdicts:
        overridden = settings.overridden_folders & {one.inbox, "*"}
        if one.verdict == "ERROR" and overridden and settings.inbox_mode == "move":
            yield "WARNING", f"folder {one.folder!r} is emptied by SYNCTHING_OVERRIDE: {one.reason}"
        elif one.verdict != "OK":
            yield one.verdict, f"folder {one.folder!r}: {one.reason}. {one.advice}"


def _of_path(picture: Picture) -> Iterator[Problem]:
    if not doctor.may_be_trusted(picture):
        yield "WARNING", doctor.lost(picture)


def _failing(name: str, count: int, failures: tuple[str, ...]) -> Problem:
    first = failures[0] if failures else "Syncthing does not say why"
    # Syncthing stays "idle" on a full disk; other failures mostly end by its own next try.
    is_full = any("no space left" in one or "insufficient space" in one for one in failures)
    return "ERROR" if is_full else "WARNING", f"folder {name!r}: {count} files fail ({first})"


def _of_device(device: Device, at: datetime, settings: Settings) -> Iterator[Problem]:
    limit = settings.silent_phone_days
    if device.connected or device.paused or not device.last_seen or not limit:
        return
    silent = at - datetime.fromisoformat(device.last_seen)
    if silent > timedelta(days=limit):
        yield "WARNING", f"{device.name} was last connected {silent.days} days ago"


def _enforce(
    engine: Engine | None, verdicts: list[Verdict], settings: Settings, problems: list[Problem]
) -> bool:
    """Whether the ledger knows what is forbidden."""
    try:
        if engine is None:
            raise LedgerAway("the ledger is away")
        holding.enforce(engine, holding.forbidden(verdicts, settings))
    except LedgerAway as error:
        # Said, and no state of Syncthing's: that the ledger is away is told by `factory-db`.
        problems.append(("OK", f"the Librarian could not be told: {error}"))
        return False
    return True
