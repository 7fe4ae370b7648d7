"""Runs every service as processes of its own, starts again what dies, and heeds wishes."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from photo_factory.commands.child import PATIENCE, SUPERVISOR, Child, Log
from photo_factory.registry import SERVICES
from photo_factory.shared import clock
from photo_factory.shared.files import make_folder
from photo_factory.shared.processes import (
    Told,
    Wish,
    end_with_parent,
    forget_wish,
    log_path,
    tell,
    wish,
    wished,
)

log = logging.getLogger(__name__)

_TURN = 0.5
_RUNNING = Wish("running")


def end_with_supervisor() -> None:
    """In a supervised service: stop as on SIGTERM when the supervisor is gone, however it died."""
    if SUPERVISOR in os.environ:
        end_with_parent(int(os.environ[SUPERVISOR]))


@dataclass
class Service:
    """One service, how many processes of it there shall be, and those there are."""

    name: str
    log: Log | None = None
    wish: Wish = _RUNNING
    children: list[Child] = field(default_factory=list)
    leaving: list[Child] = field(default_factory=list)
    """Those that were asked to end."""

    def heed(self, given: Wish | None) -> None:
        """Take up what is wished; one that is never to be doubled stays one."""
        asked = given or _RUNNING
        entry = SERVICES.get(self.name)
        if entry and not entry.is_addon:
            asked = replace(asked, processes=1)
        if asked != self.wish:
            log.info("%s shall be %s, in %d processes", self.name, asked.wanted, asked.processes)
        if asked.wanted == "restart":
            self._let_go(0)
            asked = replace(asked, wanted="running")
        self.wish = asked

    def look_after(self) -> None:
        """Have as many processes as are wished, and no others."""
        wanted = 0 if self.wish.wanted == "stopped" else self.wish.processes
        self._let_go(wanted)
        self._end_those_that_leave()
        if self.leaving and not self.children:  # the new one comes when the old one is gone
            return
        while len(self.children) < wanted:
            self.children.append(Child(self.name, self.log))
        for child in self.children:
            child.look_after()

    def _let_go(self, keep: int) -> None:
        self.leaving += self.children[keep:]
        del self.children[keep:]

    def _end_those_that_leave(self) -> None:
        for child in self.leaving:
            child.end()
        self.leaving = [child for child in self.leaving if not child.is_gone]

    def end(self) -> bool:
        """Ask all its processes to end, kill those that do not; whether all are gone."""
        self._let_go(0)
        self._end_those_that_leave()
        return not self.leaving


class Supervisor:
    """All services, and the folder through which others see and wish."""

    def __init__(self, names: Sequence[str], folder: Path | None = None) -> None:
        self._folder = folder
        self._told: object = None
        if folder:
            with suppress(OSError):  # the storage may come later
                make_folder(folder)
        self._services = [
            Service(name, Log(log_path(folder, name)) if folder else None) for name in names
        ]

    def turn(self) -> None:
        """Heed what is wished, look after what runs, and tell of it."""
        for service in self._services:
            self._heed(service)
            service.look_after()
        self._tell()

    def end(self) -> None:
        """End everything."""
        while sum(not service.end() for service in self._services):  # each is asked at once
            time.sleep(0.05)
        self._tell()
        for service in self._services:
            if service.log:
                service.log.close()

    def _heed(self, service: Service) -> None:
        if self._folder is None:
            return
        given = wished(self._folder, service.name)
        service.heed(given)
        if given and given.wanted == "restart":  # a wish for once; the others stay
            self._fulfil(service)

    def _fulfil(self, service: Service) -> None:
        if self._folder is None:
            return
        try:
            if service.wish == _RUNNING:
                forget_wish(self._folder, service.name)
            else:
                wish(self._folder, service.name, service.wish)
        except OSError as error:
            log.warning("the wish for %s cannot be put away: %s", service.name, error)

    def _tell(self) -> None:
        """Write down what runs, where that has changed."""
        if self._folder is None:
            return
        running = tuple(
            child.as_running(service.wish.wanted)
            for service in self._services
            for child in (service.children or service.leaving or [Child(service.name)])
        )
        if running == self._told:
            return
        self._told = running
        try:
            tell(self._folder, Told(os.getpid(), clock.now(), running))
        except OSError as error:  # the storage is away: the services say so as well
            self._told = None
            log.debug("what runs cannot be written down: %s", error)


def supervise(names: Sequence[str], stop: threading.Event, folder: Path | None = None) -> None:
    """Keep all services running until asked to stop, then end them all.

    Through `folder` (`Paths.services`) others see what runs, and wish for something else.
    """
    supervisor = Supervisor(names, folder)
    try:
        while not stop.is_set():
            supervisor.turn()
            stop.wait(_TURN)
    finally:
        supervisor.end()
        log.info("all services are stopped")


__all__ = ["PATIENCE", "end_with_supervisor", "supervise"]
