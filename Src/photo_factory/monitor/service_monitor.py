"""The service-monitor: sends the probes out, hands on what they bring, and tells people."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine

from photo_factory.monitor.alerts import Alerts, Subject
from photo_factory.monitor.cleanup import cleanup
from photo_factory.monitor.digest import digest
from photo_factory.monitor.in_time import InTime
from photo_factory.monitor.integrity import Integrity
from photo_factory.monitor.probes import ASK_THE_LEDGER, PROBES
from photo_factory.monitor.probes.database import AWAY_WITH_DISK
from photo_factory.monitor.reading import Reading, Watch
from photo_factory.monitor.rounds import AWAY, Rounds
from photo_factory.monitor.scheduling import scheduler
from photo_factory.monitor.sending import ping, ways
from photo_factory.monitor.spool import Spool
from photo_factory.monitor.subjects import Starts, of_breakers, of_readings, of_services
from photo_factory.shared import breakers, clock
from photo_factory.shared.errors import LedgerAway, PhotoFactoryError
from photo_factory.shared.heartbeat_service import STOPPED, Heartbeat, Status, lights
from photo_factory.shared.ledger.database import away, connect, migrate, reading
from photo_factory.shared.ledger.waits import heeding
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.roots import Guard
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

NAME = "service-monitor"

CLEANUP_HOUR = 4
LOOK_S = 1.0
"""Seconds the loop sleeps at most, so that it beats and hears of its end in time."""

TELL_S = 10
"""Seconds between two looks at the services' beats, so that a silence is soon known."""

DOCTOR_S = 60
"""Seconds between two looks at Syncthing: a folder that is new there waits for the first."""

LATE_S = 180.0
"""Seconds over its time that a round may be before the monitor calls itself ill."""
_TRY_THEM = "it is tried again. Is ALERT_URLS right? Try it: photo-factory alerts test"


class Service:
    """What it knows between two rounds. The rounds run beside the loop that beats."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop
        self._engine = connect(database_url(settings), application=NAME)
        paths = Paths.of(settings)
        started = clock.now()
        spool = paths.monitor / "spool.json"
        self._spool = Spool.open(spool, settings.probe_interval, started)
        self._watch = Watch(settings, paths, self._engine, self._spool.sample)
        self._rounds = Rounds(PROBES)
        book = paths.monitor / "alerts.json"
        self._alerts = Alerts(settings, book, self._engine, ways(settings))
        self._has_ledger = InTime(lambda: Guard(settings, paths, self._engine).has_ledger)
        self._starts = Starts()
        self._heart = Heartbeat(
            self._ready,
            NAME,
            settings.heartbeat_interval,
            restarts=int(os.environ.get("PHOTO_FACTORY_RESTARTS", "0")),
        )
        self._last: dict[str, Reading] = {}
        self._desk = threading.Lock()
        """Whoever handles the spool holds it: rounds and the doctor's looks run side by side."""
        self._round_ended = time.monotonic()
        self._troubles: dict[str, str] = {}
        """Why a job could not do its work, by its name."""

    def run(self, *, once: bool = False) -> bool:
        """Watch until asked to stop; `once`: one round. False when a probe is not OK."""
        with heeding(self._stop):
            if once:
                self._round()
                self._tell()
            else:
                self._watch_on()
            self._heart.last_beat(self._state()[0], STOPPED, self._state()[1])
        self._engine.dispose()
        return all(one.status == "OK" for one in self._last.values())

    def _watch_on(self) -> None:
        jobs = self._scheduler()
        jobs.start()
        reader = threading.Thread(target=self._read_originals, name="integrity", daemon=True)
        reader.start()
        try:
            while not self._stop.is_set():
                status, message = self._state()
                self._heart.beat(status, self._task(), message)
                self._stop.wait(LOOK_S)
        finally:
            jobs.shutdown(wait=False)

    def _scheduler(self) -> Any:
        made, add = scheduler(self._settings.timezone)
        every = self._settings.probe_interval
        add(self._job("round", self._round), "interval", seconds=every, next_run_time=clock.now())
        add(self._job("alerts", self._tell), "interval", seconds=min(every, TELL_S))
        if every > DOCTOR_S and self._settings.syncthing_url:
            doctor = self._job("doctor", partial(self._probe, {"syncthing"}))
            add(doctor, "interval", seconds=DOCTOR_S)
        if every > TELL_S:
            add(self._job("glance", self._glance), "interval", seconds=TELL_S)
        add(self._job("cleanup", self._clean), "cron", hour=CLEANUP_HOUR)
        return made

    def _job(self, name: str, work: Callable[[], None]) -> Callable[[], None]:
        """In its own thread it heeds the stop, too, and what it fails with is told in the beats."""

        def job() -> None:
            with heeding(self._stop):
                try:
                    work()
                    self._troubles.pop(name, None)
                except LedgerAway as error:
                    log.info("%s", error)
                except PhotoFactoryError as error:  # a ledger that is newer than this program, …
                    self._is_in_trouble(name, str(error))
                except OSError as error:  # no room for what must be kept, or not our folder
                    reason = f"{error.filename or 'the storage'}: {error.strerror or error}"
                    self._is_in_trouble(name, reason)
                except Exception as error:  # a fault of ours: else the job died without a word
                    log.exception("%s failed", name)
                    reason = str(error).partition("\n")[0]
                    self._is_in_trouble(name, f"{name} failed: {type(error).__name__}: {reason}")

        return job

    def _is_in_trouble(self, job: str, reason: str) -> None:
        if self._troubles.get(job) != reason:
            log.error("%s: %s", job, reason)
        self._troubles[job] = reason

    def _read_originals(self) -> None:
        """In a thread of its own: a large film takes longer than a round."""
        integrity = Integrity(self._watch)
        step = self._job("integrity", partial(integrity.work, self._stop))
        while not self._stop.is_set():
            step()
            self._stop.wait(LOOK_S)  # also when it failed at once

    def _ready(self) -> Engine:
        if not self._has_ledger():
            raise LedgerAway(AWAY_WITH_DISK)
        migrate(self._engine)  # this may be the first command of all
        return self._engine

    def _round(self) -> None:
        with self._desk:
            self._keep()  # makes the folder, which the probe of the clocks writes to
        self._probe({"factory-db"})
        in_vain = set() if self._is_there() else ASK_THE_LEDGER
        self._probe(set(PROBES) - {"factory-db"} - in_vain)
        self._round_ended = time.monotonic()
        ping(self._settings)

    def _glance(self) -> None:
        """Between two rounds only whether the ledger came or went: all others depend on it."""
        was_there = self._is_there()
        found = self._asked({"factory-db"})
        if found and was_there == (found["factory-db"].status == "ERROR"):
            self._note(found)

    def _probe(self, names: set[str]) -> None:
        """Send these out, and hand on what they bring."""
        self._note(self._asked(names))

    def _asked(self, names: set[str]) -> dict[str, Reading]:
        found = self._rounds.run(self._watch, names, self._stop)
        # One that lost the ledger while it looked has seen nothing; `factory-db` says so.
        lost = {name for name in ASK_THE_LEDGER if name in found and found[name].task == AWAY}
        return {name: one for name, one in found.items() if name not in lost}

    def _note(self, found: dict[str, Reading]) -> None:
        with self._desk:
            self._last |= found
            self._spool.add(found, clock.now())
            if self._is_there() and not self._stop.is_set():
                self._spool.deliver(self._ready())
            self._keep()

    def _keep(self) -> None:
        """A disk that takes nothing is told, and is no reason to look and tell no more."""
        try:
            self._spool.keep()
            self._troubles.pop("spool", None)
        except OSError as error:
            reason = f"{error.filename or 'the storage'}: {error.strerror or error}"
            self._is_in_trouble("spool", reason)

    def _is_there(self) -> bool:
        """Whether the ledger answered when it was last asked."""
        return "factory-db" in self._last and self._last["factory-db"].status != "ERROR"

    def _tell(self) -> None:
        """Look at how everything is, and tell people what changed."""
        at = clock.now()
        subjects = of_readings(self._last, self._settings.silent_phone_days)
        if self._is_there() and self._has_ledger():
            subjects |= self._of_services(at)
        # That readings wait goes without saying where `factory-db` is told to be away.
        subjects[NAME] = Subject(*self._trouble() or ("OK",))
        try:
            for change in self._alerts.tell(subjects, at):
                log.info("told: %s", change.line())
        finally:  # a book that cannot be kept keeps nobody from hearing
            self._alerts.digest(lambda: digest(self._engine, subjects, at), at)

    def _of_services(self, at: datetime) -> dict[str, Subject]:
        """How the services are, by their own beats, and what stands still."""
        try:
            with away(), reading(self._engine) as connection:
                known = lights(connection, at)
            tripped = breakers.tripped(self._engine)
        except LedgerAway as error:
            log.info("%s", error)
            return {}
        others = [one for one in known.values() if one.name != NAME]
        services = of_services(others, self._starts, at)
        return services | of_breakers(tripped, self._alerts.names())

    def _clean(self) -> None:
        cleaned = cleanup(self._ready(), self._settings, clock.now())
        log.info("history: %d thinned, %d removed", cleaned.thinned, cleaned.removed)

    def _state(self) -> tuple[Status, str | None]:
        if trouble := self._trouble():
            return trouble
        if self._spool.waiting:
            return "WARNING", f"{len(self._spool.waiting)} readings wait for the ledger"
        return "OK", None

    def _trouble(self) -> tuple[Status, str] | None:
        """What keeps it from looking or from telling."""
        late = time.monotonic() - self._round_ended - self._settings.probe_interval
        if late > LATE_S:
            return "ERROR", f"no round has ended for {late + self._settings.probe_interval:.0f} s"
        if troubles := list(self._troubles.values()):
            return "ERROR", "; ".join(dict.fromkeys(troubles))
        if problems := self._alerts.problems:
            return "WARNING", f"an alert was not sent: {', '.join(problems)}; {_TRY_THEM}"
        return None

    def _task(self) -> str:
        bad = [f"{name} {one.status}" for name, one in self._last.items() if one.status != "OK"]
        return "watching" + (f": {', '.join(bad)}" if bad else "")


def run(settings: Settings, stop: threading.Event, once: bool) -> bool:
    """What `photo-factory run service-monitor` does."""
    return Service(settings, stop).run(once=once)
