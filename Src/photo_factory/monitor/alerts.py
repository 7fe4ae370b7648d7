"""Alerts: people are told when a state changes, once, and not of what passes by itself."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Table, insert

from photo_factory.monitor.keeping import Keeper
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.ledger.database import away
from photo_factory.shared.ledger.models import Alert
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

URGENT = ("ERROR", "SILENT")
"""States that are told in quiet hours, too."""

_alerts = cast(Table, Alert.__table__)
_LONGEST_OUTBOX = 1000


@dataclass(frozen=True)
class Subject:
    """How something is now: a service, a probe, or a phone."""

    state: str
    message: str | None = None


@dataclass(frozen=True)
class Change:
    """One state that became another, and is to be told."""

    name: str
    before: str | None
    state: str
    message: str
    made_at: str

    def line(self) -> str:
        """As it stands in the message."""
        return f"{self.state:8} {self.name}: {self.message}"


@dataclass
class _Memory:
    """What was told of one subject, and what it has been since without being told."""

    told: str | None = None
    seen: str = "OK"
    seen_since: str = ""
    message: str = ""


@dataclass
class _Book:
    """All that must survive a restart: else everything would be told again."""

    subjects: dict[str, _Memory] = field(default_factory=dict)
    outbox: list[Change] = field(default_factory=list)
    """Told by nobody yet: sending failed, or the hours are quiet."""
    unwritten: list[dict[str, Any]] = field(default_factory=list)
    """Rows for the ledger, which was away."""
    digest_on: str = ""


Send = Callable[[str, str], str | None]
"""Sends a title and a text; why it could not, or None."""


class Alerts:
    """Watches states change; kept in one file, so that a ledger that is away is told of, too."""

    def __init__(self, settings: Settings, book: Path, engine: Engine, send: Send | None) -> None:
        self._settings = settings
        self._keeper = Keeper(book)
        self._engine = engine
        self._send = send
        self._book = _read(book)

    def tell(self, subjects: Mapping[str, Subject], at: datetime) -> list[Change]:
        """Look at how everything is now and tell what changed; what was told."""
        self._book.outbox += [
            change for name in subjects if (change := self._changed(name, subjects[name], at))
        ]
        del self._book.outbox[:-_LONGEST_OUTBOX]
        told = self._send_outbox(at)
        self._write_rows()
        self._keep()
        return told

    def names(self) -> set[str]:
        """Everything that was ever looked at."""
        return set(self._book.subjects)

    def digest(self, text: Callable[[], str], at: datetime) -> bool:
        """Send the day's digest when its time has come; whether it was sent."""
        local = at.astimezone(ZoneInfo(self._settings.timezone))
        due = self._settings.digest_at
        if not due or self._book.digest_on == f"{local:%Y-%m-%d}" or local.time() < _clock(due):
            return False
        is_first = not self._book.digest_on
        self._book.digest_on = f"{local:%Y-%m-%d}"
        late = local - datetime.combine(local, _clock(due), local.tzinfo)
        if self._send is None or (is_first and late > timedelta(hours=1)):
            self._keep()  # set up after its time: the first one comes tomorrow
            return False
        problem = self._send("Photo Factory: the day", text())
        if problem:
            log.warning("the digest was not sent: %s", problem)
            self._book.digest_on = ""
        self._keep()
        return problem is None

    def _changed(self, name: str, now: Subject, at: datetime) -> Change | None:
        """The change, once it has lasted; a state that comes and goes is nobody's business."""
        memory = self._book.subjects.setdefault(name, _Memory(seen_since=at.isoformat()))
        if now.state != memory.seen or not memory.seen_since:
            memory.seen, memory.seen_since = now.state, at.isoformat()
        memory.message = now.message or ""
        if memory.seen == (memory.told or "OK"):
            memory.told = memory.seen
            return None
        lasted = at - datetime.fromisoformat(memory.seen_since)
        if lasted < timedelta(seconds=self._settings.alert_after):
            return None
        before, memory.told = memory.told, memory.seen
        return Change(name, before, now.state, _told(now, before), at.isoformat())

    def _send_outbox(self, at: datetime) -> list[Change]:
        is_quiet = _is_quiet(self._settings, at)
        due = [one for one in self._book.outbox if not is_quiet or one.state in URGENT]
        if not due:
            return []
        problem = "no ALERT_URLS are set" if self._send is None else self._send(*_letter(due))
        if problem and self._send:
            log.warning("an alert was not sent and is tried again: %s", problem)
            return []
        self._book.outbox = [one for one in self._book.outbox if one not in due]
        self._book.unwritten += [_row(one, at, problem) for one in due]
        return due

    def _write_rows(self) -> None:
        if not self._book.unwritten:
            return
        rows = [_with_moments(row) for row in self._book.unwritten]
        try:
            with away(), self._engine.begin() as connection:
                connection.execute(insert(_alerts), rows)
        except LedgerAway as error:
            log.debug("%s", error)
            return
        self._book.unwritten.clear()

    def _keep(self) -> None:
        self._keeper.keep(json.dumps(asdict(self._book), indent=1).encode())


def _read(path: Path) -> _Book:
    try:
        kept = json.loads(path.read_text())
        return _Book(
            {name: _Memory(**one) for name, one in kept["subjects"].items()},
            [Change(**one) for one in kept["outbox"]],
            kept["unwritten"],
            kept["digest_on"],
        )
    except FileNotFoundError:
        return _Book()
    except (ValueError, KeyError, TypeError, OSError) as error:
        # Better told twice than never again.
        log.warning("%s cannot be read (%s): alerts begin anew", path, error)
        return _Book()


def _told(now: Subject, before: str | None) -> str:
    if now.state == "OK":
        return f"well again (it was {before})"
    return now.message or ("no sign of life" if now.state == "SILENT" else "no reason was given")


def _letter(changes: Sequence[Change]) -> tuple[str, str]:
    """One title and one text for all that changed, the worst first."""
    order = {"ERROR": 0, "SILENT": 1, "WARNING": 2, "OK": 3}
    lines = sorted(changes, key=lambda one: (order.get(one.state, 9), one.name))
    bad = [one for one in lines if one.state != "OK"]
    first = (bad or lines)[0]
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    title = f"Photo Factory: {first.name} is {first.state}{more}"
    return title, "\n".join(one.line() for one in lines)


def _is_quiet(settings: Settings, at: datetime) -> bool:
    if not settings.quiet_hours:
        return False
    start, end = (_clock(part) for part in settings.quiet_hours.split("-"))
    local = at.astimezone(ZoneInfo(settings.timezone)).time()
    return start <= local < end if start <= end else local >= start or local < end


def _clock(text: str) -> time:
    return time.fromisoformat(text)


def _row(change: Change, at: datetime, problem: str | None) -> dict[str, Any]:
    return {
        "made_at": change.made_at,
        "service_name": change.name,
        "status_before": change.before,
        "status": change.state,
        "message": change.message,
        "sent_at": None if problem else at.isoformat(),
        "problem": problem,
    }


def _with_moments(row: Mapping[str, Any]) -> dict[str, Any]:
    moments = {
        name: row[name] and datetime.fromisoformat(row[name]) for name in ("made_at", "sent_at")
    }
    return {**row, **moments}
