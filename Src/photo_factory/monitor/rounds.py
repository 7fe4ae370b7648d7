"""One round: all probes side by side, so that one that hangs keeps nobody else waiting."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.ledger.waits import heeding

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds a probe may take before the round goes on without it; a disk that hangs never answers."""

AWAY = "the ledger is away"
"""The task of a reading that saw nothing, because the ledger went while it looked."""

_LOOK_S = 0.1

Probe = Callable[[Watch], Reading]


@dataclass
class _Look:
    """A probe on its way, and what it brought."""

    thread: threading.Thread
    since: float
    reading: Reading | None = None


class Rounds:
    """Runs probes; one that has not come back is not sent out a second time."""

    def __init__(self, probes: Mapping[str, Probe], patience: float = PATIENCE) -> None:
        self._probes = probes
        self._patience = patience
        self._looks: dict[str, _Look] = {}
        self._lock = threading.Lock()
        """Several rounds may go at once; a probe that is on its way already is waited for."""

    def run(self, watch: Watch, names: set[str], stop: threading.Event) -> dict[str, Reading]:
        """The readings of these probes; fewer when asked to stop meanwhile."""
        with self._lock:
            for name in names - set(self._looks):
                self._send_out(name, watch, stop)
            looks = {name: self._looks[name] for name in sorted(names)}
        deadline = time.monotonic() + self._patience
        while not stop.is_set() and time.monotonic() < deadline:
            if not any(look.thread.is_alive() for look in looks.values()):
                break
            stop.wait(_LOOK_S)
        return {} if stop.is_set() else {name: self._brought(name, looks[name]) for name in looks}

    def _send_out(self, name: str, watch: Watch, stop: threading.Event) -> None:
        def work() -> None:
            with heeding(stop):
                look.reading = _read(self._probes[name], name, watch)

        # A daemon: what hangs in the kernel must not keep the program from ending.
        thread = threading.Thread(target=work, name=f"probe {name}", daemon=True)
        look = self._looks[name] = _Look(thread, time.monotonic())
        thread.start()

    def _brought(self, name: str, look: _Look) -> Reading:
        if look.thread.is_alive():
            waited = time.monotonic() - look.since
            return Reading("ERROR", "does not answer", f"it has not answered for {waited:.0f} s")
        with self._lock:
            if self._looks.get(name) is look:
                del self._looks[name]
        return look.reading or Reading("ERROR", "failed", "it ended without an answer")


def _read(probe: Probe, name: str, watch: Watch) -> Reading:
    try:
        return probe(watch)
    except LedgerAway as error:
        return Reading("WARNING", AWAY, str(error))
    except OSError as error:
        return Reading("ERROR", "failed", f"{error.filename or name}: {error.strerror or error}")
    except Exception as error:  # a fault of one probe is told, and keeps none of the others
        log.exception("the probe %s failed", name)
        reason = str(error).partition("\n")[0]
        return Reading("ERROR", "failed", f"the probe failed: {type(error).__name__}: {reason}")
