"""Integrity: every original is read again within INTEGRITY_DAYS, evenly, the oldest look first.

`verified_at` is all that has to be known, so a restart forgets nothing. Once a day, and whenever
a file was not where it should be, a sweep looks for all of them by name (see integrity_sweep).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Table, select

from photo_factory.monitor.integrity_again import Again, stamp_of
from photo_factory.monitor.integrity_looks import Brake, Interrupted, Looked, Original, Wrong, look
from photo_factory.monitor.integrity_pace import (
    DAY_S,
    MIB,
    STANDS_AFTER_S,
    figures_of,
    is_overdue,
    oldest_look,
    pace,
)
from photo_factory.monitor.integrity_sweep import COLUMNS, Sweep, is_found_wrong
from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import breakers, findings
from photo_factory.shared.heartbeat_service import Status
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.roots import Guard, Halted

log = logging.getLogger(__name__)

SWEEP_EVERY_S = DAY_S
LOOK_AGAIN_S = 300.0
"""Seconds after which it is seen whether a file that was found wrong became another one."""

AT_ONCE = 20
REST_S = 5.0
_WEIGH_EVERY_S = 3600.0
_assets = cast(Table, MediaAsset.__table__)
_NOTHING = {"open": 0, "hashed_bytes": 0, "round_ends_on": None, "rate": 0.0}


class Integrity:
    """The work of the service-monitor's own thread; one slice of it at a time."""

    def __init__(self, watch: Watch, *, rest_s: float = REST_S) -> None:
        self._watch, self._rest_s = watch, rest_s
        self._guard = Guard(watch.settings, watch.paths, watch.engine)
        self._figures = figures_of(watch)
        self._again, self._is_agains_turn = Again(watch), False
        self._sweep: Sweep | None = None
        self._sweep_at = self._look_again_at = self._free_at = 0.0
        self._pace, self._weigh_at = 0.0, 0.0

    def work(self, stop: threading.Event) -> None:
        """Do what is due and rest a little; LedgerAway. Nothing while the archive is away."""
        if self._figures.moved_at is None:
            self._figures.move()
        if self._guard.trouble():
            self._sweep = None
        else:
            try:
                self._step(stop)
                self._figures.move()
            except Interrupted as error:
                log.info("integrity pauses: %s", error)
        stop.wait(self._rest_s)

    def _step(self, stop: threading.Event) -> None:
        now = time.monotonic()
        if self._sweep or now >= self._sweep_at:
            self._sweep_on(stop)
        elif now >= self._look_again_at:
            self._look_again(stop)
        elif self._watch.settings.integrity_days and now >= self._free_at:
            self._look_at(self._next(), self._brake(stop), paced=True)

    def _look_again(self, stop: threading.Event) -> None:
        try:
            self._look_at(self._again.changed(), self._brake(stop))
        finally:
            self._look_again_at = time.monotonic() + LOOK_AGAIN_S

    def _next(self) -> list[Original]:
        """By turns what was found wrong a day ago, and the oldest looks."""
        self._is_agains_turn = not self._is_agains_turn
        if self._is_agains_turn and (stale := self._again.stale()):
            return stale
        return self._oldest()

    def _sweep_on(self, stop: threading.Event) -> None:
        self._sweep = self._sweep or Sweep(self._watch)
        until = time.monotonic() + self._rest_s
        while self._sweep.slice() and not self._stops(self._sweep):
            if time.monotonic() >= until or stop.is_set():
                return
        ended, self._sweep = self._sweep, None
        self._sweep_at = time.monotonic() + SWEEP_EVERY_S
        if not self._stops(ended) and not self._guard.trouble(at_once=True):
            ended.mark()
            self._look_at(ended.suspects, self._brake(stop))

    def _stops(self, sweep: Sweep) -> bool:
        """Trip the breaker when too much is missing; then nothing is marked."""
        reason = sweep.too_many()
        if reason is None:
            return False
        with away(), self._watch.engine.begin() as connection:
            if breakers.trip(connection, breakers.ARCHIVE, reason):
                log.error("everything stops: %s", reason)
        self._sweep_at = 0.0  # when it goes on, the first thing is to look again
        return True

    def _look_at(
        self, originals: Sequence[Original], told: Callable[[int], None], *, paced: bool = False
    ) -> list[Wrong]:
        """Look at some, and enter what was found; `paced`: only until the pace is used up."""
        right: list[Original] = []
        wrong: list[Wrong] = []
        try:
            for original in originals:
                path = self._watch.paths.on_disk(original.final_path)
                stamp = stamp_of(path)
                if found := look(original, path, told):
                    wrong.append(found)
                    self._again.note(original.id, stamp)
                else:
                    right.append(original)
                if paced and self._has_used(original.size_bytes):
                    break
        finally:
            self._enter(right, wrong)
        return wrong

    def _has_used(self, size: int) -> bool:
        now = time.monotonic()
        self._free_at = max(self._free_at, now - self._rest_s) + size / self._pace_now()
        return self._free_at > now

    def _enter(self, right: Sequence[Original], wrong: Sequence[Wrong]) -> None:
        if not right and not wrong:
            return
        if wrong and self._guard.trouble(at_once=True):
            wrong = ()  # it went away while we looked
        with away(), self._watch.engine.begin() as connection:
            if findings.still_right(connection, [one.id for one in right]):
                log.warning("originals that were found wrong are right again")
            for one in wrong:
                self._enter_wrong(connection, one)

    def _enter_wrong(self, connection: Connection, wrong: Wrong) -> None:
        asset_id = wrong.original.id
        if wrong.kind == "missing" and not findings.is_open(connection, asset_id):
            self._sweep_at = min(self._sweep_at, time.monotonic())  # is it the only one?
        elif findings.found(connection, asset_id, wrong.kind, wrong.message):
            log.error("%s", wrong.message)

    def _oldest(self) -> list[Original]:
        never = select(*COLUMNS).where(_assets.c.verified_at.is_(None), ~is_found_wrong)
        ever = select(*COLUMNS).where(_assets.c.verified_at.is_not(None))
        with away(), reading(self._watch.engine) as connection:
            rows = connection.execute(never.limit(AT_ONCE)).all()
            if not rows:
                oldest = ever.order_by(_assets.c.verified_at).limit(AT_ONCE)
                rows = connection.execute(oldest).all()
        return [Original(*row) for row in rows]

    def _brake(self, stop: threading.Event) -> Callable[[int], None]:
        brake = Brake(self._watch.settings.integrity_rate * MIB, stop)

        def told(count: int) -> None:
            self._figures.move(count)
            brake(count)

        return told

    def _pace_now(self) -> float:
        now = time.monotonic()
        if now >= self._weigh_at:
            self._weigh_at = now + _WEIGH_EVERY_S
            self._pace = pace(self._watch)
        return self._pace

    def round(self, stop: threading.Event, sample: float, told: Callable[[int], None]) -> Looked:
        """Look at all, or at so many percent, as fast as it goes; raises Halted."""
        self._guard.check()
        looked = Looked()
        self._sweep_all(looked, stop)
        for some in self._portions():
            looked.assets += len(some)
            chosen = [o for o in some if sample >= 100 or random.uniform(0, 100) < sample]
            for one in self._look_at(chosen, told):
                getattr(looked, one.kind).append(one.original.final_path)
            looked.hashed += len(chosen)
            looked.bytes += sum(one.size_bytes for one in chosen)
            if stop.is_set():
                break
        looked.missing = sorted({*looked.missing})
        return looked

    def _sweep_all(self, looked: Looked, stop: threading.Event) -> None:
        sweep = Sweep(self._watch)
        while sweep.slice() and not stop.is_set():
            pass
        if self._stops(sweep):
            raise Halted(sweep.too_many() or "")
        if not stop.is_set():
            sweep.mark()
            known = findings.listed(self._watch.engine)
            looked.missing += [one.final_path for one in known if one.kind == "missing"]

    def _portions(self) -> Any:
        query = select(*COLUMNS).order_by(_assets.c.id).limit(AT_ONCE * 10)
        after: Any = None
        while True:
            with away(), reading(self._watch.engine) as connection:
                some = query if after is None else query.where(_assets.c.id > after)
                rows = connection.execute(some).all()
            if not rows:
                return
            after = rows[-1].id
            yield [Original(*row) for row in rows]


def probe(watch: Watch) -> Reading:
    """How the originals are: an ERROR while one of them is wrong, or the archive is away.

    A WARNING while they are not read as they should be: then nobody knows.
    """
    if reason := Guard(watch.settings, watch.paths, watch.engine).trouble():
        return Reading("ERROR", "standing still", reason, _NOTHING)
    wrong = findings.listed(watch.engine)
    oldest = oldest_look(watch)
    told = [*_of_wrong(wrong), *_of_the_reader(watch, oldest)]
    details = _details(watch, len(wrong), oldest)
    if not told:
        days = watch.settings.integrity_days
        well = f"each is read again within {days} days" if days else "none is read again"
        return Reading("OK", "reading originals again", well, details)
    status: Status = "ERROR" if wrong else "WARNING"
    return Reading(status, "reading originals again", ". ".join(told), details)


def _of_wrong(wrong: Sequence[findings.Open]) -> Iterator[str]:
    if wrong:
        noun = "original is" if len(wrong) == 1 else "originals are"
        yield f"{len(wrong)} {noun} not what was filed, the first: {wrong[0].message}"
        yield "Repair from a backup copy: photo-factory repair --all"


def _of_the_reader(watch: Watch, oldest: datetime | None) -> Iterator[str]:
    stands_s = figures_of(watch).stands_s
    if stands_s > STANDS_AFTER_S:
        yield (
            f"the reader of originals has not got on for {stands_s / 3600:.1f} hours: does the "
            "disk answer? The service-monitor's log has more"
        )
    if oldest and is_overdue(watch, oldest):
        yield (
            f"the oldest look at an original is of {oldest.date().isoformat()}, "
            f"INTEGRITY_DAYS is {watch.settings.integrity_days}: they are read as fast as "
            "INTEGRITY_RATE allows. Does the service-monitor run all day?"
        )


def _details(watch: Watch, number: int, oldest: datetime | None) -> dict[str, Any]:
    """The figures; `rate` in MiB a second, `hashed_bytes` since the service-monitor started."""
    days = watch.settings.integrity_days
    ends = oldest + timedelta(days=days) if oldest and days else None
    return {
        "open": number,
        "hashed_bytes": figures_of(watch).hashed_bytes,
        "round_ends_on": ends.date().isoformat() if ends else None,
        "rate": round(pace(watch) / MIB, 3) if days else 0.0,
    }
