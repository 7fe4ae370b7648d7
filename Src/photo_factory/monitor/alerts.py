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
_PAUSES_MIN = (1, 2, 5, 15, 60)


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
    bad_since: str = ""
    """Since when it has not been well for long enough; it counts what flaps, too."""


@dataclass
class _Book:
    """All that must survive a restart: else everything would be told again."""

    subjects: dict[str, _Memory] = field(default_factory=dict)
    outboxes: dict[str, list[Change]] = field(default_factory=dict)
    """What each address has not got yet: it did not answer, or the hours are quiet."""
    untold: list[Change] = field(default_factory=list)
    """What no address has got yet."""
    unwritten: list[dict[str, Any]] = field(default_factory=list)
    """Rows for the ledger, which was away."""
    digests: dict[str, str] = field(default_factory=dict)
    """The day of the last digest each address got."""


@dataclass(frozen=True)
class Way:
    """One address people are told by; `send` takes title and text, and says why it could not."""

    id: str
    name: str
    send: Callable[[str, str], str | None]


@dataclass
class _Patience:
    """How long a way that failed is left alone."""

    failed: int = 0
    next_try: datetime | None = None
    problem: str = ""

    def is_over(self, at: datetime) -> bool:
        return self.next_try is None or at >= self.next_try

    def note(self, problem: str | None, at: datetime) -> None:
        if problem is None:
            self.failed, self.next_try, self.problem = 0, None, ""
            return
        minutes = _PAUSES_MIN[min(self.failed, len(_PAUSES_MIN) - 1)]
        self.failed += 1
        self.next_try, self.problem = at + timedelta(minutes=minutes), problem


class Alerts:
    """Watches states change; kept in one file, so that a ledger that is away is told of, too."""

    def __init__(self, settings: Settings, book: Path, engine: Engine, ways: Sequence[Way]) -> None:
        self._settings = settings
        self._keeper = Keeper(book)
        self._engine = engine
        self._ways = ways
        self._patience = {way.id: _Patience() for way in ways}
        self._book = _read(book)
        self._begin_ways()

    def _begin_ways(self) -> None:
        """A new address, perhaps one that was mended, gets what none has got; old ones go."""
        ids, book = [way.id for way in self._ways], self._book
        book.outboxes = {one: book.outboxes.get(one, [*book.untold]) for one in ids}
        book.digests = {one: day for one, day in book.digests.items() if one in ids}

    @property
    def problems(self) -> list[str]:
        """Which addresses do not take what they are sent."""
        return [one.problem for one in self._patience.values() if one.problem]

    def tell(self, subjects: Mapping[str, Subject], at: datetime) -> list[Change]:
        """Look at how everything is now and tell what changed; what was told for the first time."""
        news = [one for name in subjects if (one := self._changed(name, subjects[name], at))]
        for outbox in self._book.outboxes.values():
            outbox.extend(news)
            del outbox[:-_LONGEST_OUTBOX]
        self._book.untold += news
        del self._book.untold[:-_LONGEST_OUTBOX]
        told = self._send_outboxes(at)
        self._write_rows()
        self._keep()
        return told

    def names(self) -> set[str]:
        """Everything that was ever looked at."""
        return set(self._book.subjects)

    def digest(self, text: Callable[[], str], at: datetime) -> bool:
        """Send the day's digest to whom it is due; whether somebody got it."""
        local = at.astimezone(ZoneInfo(self._settings.timezone))
        due = self._settings.digest_at
        if not due or local.time() < _clock(due):
            return False
        today, late = (
            f"{local:%Y-%m-%d}",
            local - datetime.combine(local, _clock(due), local.tzinfo),
        )
        sent = [way for way in self._ways if self._send_digest(way, today, late, text, at)]
        return bool(sent)

    def _send_digest(
        self, way: Way, today: str, late: timedelta, text: Callable[[], str], at: datetime
    ) -> bool:
        last, patience = self._book.digests.get(way.id), self._patience[way.id]
        if last == today or not patience.is_over(at):
            return False
        is_new = last is None and late > timedelta(hours=1)  # the first one comes tomorrow
        problem = None if is_new else way.send("Photo Factory: the day", text())
        patience.note(problem, at)
        self._book.digests[way.id] = today if problem is None else last or "tried"
        self._keep()
        return problem is None and not is_new

    def _changed(self, name: str, now: Subject, at: datetime) -> Change | None:
        """The change, once it has lasted; a state that comes and goes is nobody's business."""
        memory = self._book.subjects.setdefault(name, _Memory(seen_since=at.isoformat()))
        long = timedelta(seconds=self._settings.alert_after)
        lasted = at - datetime.fromisoformat(memory.seen_since)
        if memory.seen == "OK" and lasted >= long:
            memory.bad_since = ""
        if now.state != "OK" and not memory.bad_since:
            memory.bad_since = at.isoformat()
        if now.state != memory.seen:
            memory.seen, memory.seen_since = now.state, at.isoformat()
            lasted = timedelta(0)
        if now.state == (memory.told or "OK"):
            return None
        # What was well is told once it has been ill for so long, flapping or not; what was told
        # to be ill, only once it has been something else all the time.
        if memory.told in (None, "OK"):
            lasted = at - datetime.fromisoformat(memory.bad_since or memory.seen_since)
        if lasted < long:
            return None
        before, memory.told = memory.told, now.state
        return Change(name, before, now.state, _told(now, before), at.isoformat())

    def _send_outboxes(self, at: datetime) -> list[Change]:
        if not self._ways:
            told, self._book.untold = self._book.untold, []
            self._book.unwritten += [_row(one, at, "no ALERT_URLS are set") for one in told]
            return told
        got = [one for way in self._ways for one in self._send_outbox(way, at)]
        told = [one for one in self._book.untold if one in got]
        self._book.untold = [one for one in self._book.untold if one not in got]
        self._book.unwritten += [_row(one, at, None) for one in told]
        return told

    def _send_outbox(self, way: Way, at: datetime) -> list[Change]:
        """Send what this address has not got; what it took."""
        outbox, patience = self._book.outboxes[way.id], self._patience[way.id]
        is_quiet = _is_quiet(self._settings, at)
        due = [one for one in outbox if not is_quiet or one.state in URGENT]
        if not due or not patience.is_over(at):
            return []
        problem = way.send(*_letter(due))
        patience.note(problem, at)
        if problem:
            log.warning("an alert was not sent and is tried again: %s", problem)
            return []
        self._book.outboxes[way.id] = [one for one in outbox if one not in due]
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
            {way: [Change(**one) for one in box] for way, box in kept["outboxes"].items()},
            [Change(**one) for one in kept["untold"]],
            kept["unwritten"],
            kept["digests"],
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
    order = {"ERROR": 0, "SILENT": 1, "WARNING": 2, "STOPPED": 3, "OK": 4}
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
