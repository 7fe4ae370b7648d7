"""What an add-on is: a flag, and how one asset earns it. The loop around that is `flag_loop`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import InstrumentedAttribute

from photo_factory.shared.executors import Job, Process
from photo_factory.shared.facts import Asset, Facts
from photo_factory.shared.flag_loop import FlagLoop, Told
from photo_factory.shared.settings import Settings

__all__ = ["Asset", "Facts", "FlagService"]


@dataclass(frozen=True)
class FlagService:
    """An add-on: the flag it raises, and what it does with one asset to earn that.

    `process` is a function of a module (it travels to other processes by its name), may be called
    more than once for the same asset, and at the same time for different ones. It returns Facts,
    raises Unprocessable (the asset is parked), TryLater (the service rests, nobody is blamed), or
    anything else (the asset is tried again later, and parked when its tries are used up).

    `in_child`: `process` reads strangers' bytes with native code. Each call then runs in a child
    process with DECODER_TIMEOUT and DECODER_MEMORY; `preload` names modules to load there first.

    `at_once`: at most so many assets at the same time; WORKERS where it is None.

    `prepare` is called with the migrated ledger before work begins, for example to lower the flag
    of what has to be done again. `idle` may give a reason why there is nothing to do at all, such
    as a target that nobody has set: then the flag applies to nothing. `complaint` is asked now and
    then: what it returns is told as an ERROR until it returns None.
    """

    name: str
    flag: InstrumentedAttribute[bool]
    process: Process
    in_child: bool = False
    preload: tuple[str, ...] = ()
    at_once: int | None = None
    prepare: Callable[[Settings, Engine], None] | None = None
    idle: Callable[[Settings], str | None] | None = None
    complaint: Callable[[Settings, Engine], str | None] | None = None

    @property
    def flag_name(self) -> str:
        """The flag's column, such as `is_thumbnailed`."""
        return self.flag.key

    def job(self, settings: Settings) -> Job:
        """How it works one asset."""
        return Job(self.process, settings, self.in_child, self.preload)

    def run(
        self,
        settings: Settings,
        stop: threading.Event,
        once: bool = False,
        told: Told | None = None,
    ) -> bool:
        """Work until asked to stop (`once`: until nothing is due); False when all was not well.

        `told(done, total)` hears of the progress of a run `once`.
        """
        return FlagLoop(self, settings, stop, told).run(once=once)
