"""Integrity: every original is read again within INTEGRITY_DAYS, evenly, the oldest look first.

Once a day, and whenever a file was not where it should be, a sweep looks for all of them by name
(see integrity_sweep), and what has another size is read at once. What a restart must not forget is
kept: each look and each finding in the ledger, the last whole sweep in the monitor's folder. What
was seen of the findings (see integrity_again) is not; they are looked at once more, then.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table, select

from photo_factory.monitor.integrity_again import Again, stamp_of
from photo_factory.monitor.integrity_looks import Brake, Interrupted, Looked, Original, Wrong, look
from photo_factory.monitor.integrity_many import IN_A_ROW, too_many
from photo_factory.monitor.integrity_pace import DAY_S, MIB, figures_of, pace
from photo_factory.monitor.integrity_probe import probe
from photo_factory.monitor.integrity_sweep import (
    COLUMNS,
    Sweep,
    is_found_wrong,
    note_sweep,
    seconds_since_last,
)
from photo_factory.monitor.reading import Watch
from photo_factory.shared import breakers, findings
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.roots import Guard, Halted

__all__ = ["Integrity", "probe"]

log = logging.getLogger(__name__)

SWEEP_EVERY_S = DAY_S
LOOK_AGAIN_S = 300.0
"""Seconds after which it is seen whether a file that was found wrong became another one."""

AT_ONCE = 20
REST_S = 5.0
_WEIGH_EVERY_S = 3600.0
_assets = cast(Table, MediaAsset.__table__)


class Integrity:
    """The work of the service-monitor's own thread; one slice of it at a time."""

    def __init__(self, watch: Watch, *, rest_s: float = REST_S) -> None:
        self._watch, self._rest_s = watch, rest_s
        self._guard = Guard(watch.settings, watch.paths, watch.engine)
        self._figures = figures_of(watch)
        self._again, self._is_agains_turn = Again(watch), False
        self._sweep: Sweep | None = None
        self._suspects: list[Original] = []
        """Those of the last sweep that are still to be read."""
        self._sweep_at = self._look_again_at = self._free_at = 0.0
        since = seconds_since_last(watch.paths)
        if since is not None:
            self._sweep_at = time.monotonic() + SWEEP_EVERY_S - since
        self._pace, self._weigh_at = 0.0, 0.0
        self._in_a_row = 0
        self._blamed: set[uuid.UUID] = set()
        """What everything stopped for; a person looked since, so it is the photos."""

    def work(self, stop: threading.Event) -> None:
        """Do what is due and rest a little; LedgerAway. Nothing while the archive is away."""
        if self._figures.moved_at is None:
            self._figures.move()
        if not self._drops_sweep():
            try:
                self._step(stop)
                self._figures.move()
            except (Interrupted, Halted) as error:
                log.info("integrity pauses: %s", error)
        stop.wait(self._rest_s)

    def _step(self, stop: threading.Event) -> None:
        now = time.monotonic()
        if self._suspects:
            self._look_at_suspects(stop)
        elif self._sweep or now >= self._sweep_at:
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
        if not self._stops(ended) and not self._drops_sweep(at_once=True):
            ended.mark()
            self._suspects = ended.suspects
            self._look_at_suspects(stop)

    def _look_at_suspects(self, stop: threading.Event) -> None:
        """Read the next ones, and enter what was found: all of them may take hours."""
        some, self._suspects = self._suspects[:AT_ONCE], self._suspects[AT_ONCE:]
        try:
            self._look_at(some, self._brake(stop))
        except Halted:
            self._sweep_anew()
            raise
        if not self._suspects and not self._drops_sweep(at_once=True):
            note_sweep(self._watch.paths)

    def _drops_sweep(self, *, at_once: bool = False) -> bool:
        """What a sweep saw of an archive that went away is worth nothing."""
        if not self._guard.trouble(at_once=at_once):
            return False
        if at_once or self._suspects:
            self._sweep_anew()
        self._sweep = None
        return True

    def _sweep_anew(self) -> None:
        """When it goes on, the first thing is to look again."""
        self._suspects, self._sweep_at = [], 0.0

    def _stops(self, sweep: Sweep) -> bool:
        """Trip the breaker when too much is missing; then nothing is marked."""
        reason = sweep.too_many()
        if reason is None:
            return False
        with away(), self._watch.engine.begin() as connection:
            if breakers.trip(connection, breakers.ARCHIVE, reason):
                log.error("everything stops: %s", reason)
        self._sweep_anew()
        return True

    def _look_at(
        self, originals: Sequence[Original], told: Callable[[int], None], *, paced: bool = False
    ) -> list[Wrong]:
        """Look at some, and enter what was found; Halted when that is too much.

        `paced`: only until the pace is used up. After one that cannot be read it goes on until
        one can: is it the photo, or the disk?
        """
        right: list[Original] = []
        wrong: list[Wrong] = []
        try:
            for original in originals:
                self._look(original, told, right, wrong)
                has_used = paced and self._has_used(original.size_bytes)
                if self._in_a_row >= IN_A_ROW or (has_used and not self._in_a_row):
                    break
        finally:
            reason = self._enter(right, wrong)
        if reason:
            raise Halted(reason)
        return wrong

    def _look(
        self,
        original: Original,
        told: Callable[[int], None],
        right: list[Original],
        wrong: list[Wrong],
    ) -> None:
        path = self._watch.paths.on_disk(original.final_path)
        stamp = stamp_of(path)
        found = look(original, path, told)
        if found is None:
            right.append(original)
            self._blamed.discard(original.id)
        else:
            wrong.append(found)
            self._again.note(original.id, stamp)
        if found is None or found.kind == "changed":
            self._in_a_row = 0  # it could be read
        elif found.kind == "unreadable" and self._is_news(original):
            self._in_a_row += 1

    def _is_news(self, original: Original) -> bool:
        if original.id in self._blamed:
            return False
        with away(), reading(self._watch.engine) as connection:
            return not findings.is_open(connection, original.id)

    def _has_used(self, size: int) -> bool:
        now = time.monotonic()
        self._free_at = max(self._free_at, now - self._rest_s) + size / self._pace_now()
        return self._free_at > now

    def _enter(self, right: Sequence[Original], wrong: Sequence[Wrong]) -> str | None:
        """Enter what was found; the reason when it is so much that everything stops instead."""
        if not right and not wrong:
            return None
        if wrong and self._guard.trouble(at_once=True):
            wrong = ()  # it went away while we looked
        with away(), self._watch.engine.begin() as connection:
            if findings.still_right(connection, [one.id for one in right]):
                log.warning("originals that were found wrong are right again")
            known = [one for one in wrong if findings.is_open(connection, one.original.id)]
            news = [one for one in wrong if one not in known]
            reason = self._stops_for(connection, news)
            for one in known if reason else wrong:
                self._enter_wrong(connection, one, is_news=one in news)
        return reason

    def _stops_for(self, connection: Connection, news: Sequence[Wrong]) -> str | None:
        """Trip the breaker when too much is wrong; what is missing is the sweep's matter."""
        days, in_a_row = self._watch.settings.integrity_days, self._in_a_row
        told = [one for one in news if one.kind != "missing"]
        reason = too_many(connection, told, in_a_row, days)
        if in_a_row >= IN_A_ROW:
            self._in_a_row = 0
            self._blamed |= {one.original.id for one in told}
        if reason and breakers.trip(connection, breakers.ARCHIVE, reason):
            log.error("everything stops: %s", reason)
        return reason

    def _enter_wrong(self, connection: Connection, wrong: Wrong, *, is_news: bool) -> None:
        if is_news and wrong.kind == "missing":
            self._sweep_at = min(self._sweep_at, time.monotonic())  # is it the only one?
        elif findings.found(connection, wrong.original.id, wrong.kind, wrong.message):
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
            if sample and not looked.hashed:  # a round that reads nothing must not say well
                chosen = chosen or [random.choice(some)]
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
