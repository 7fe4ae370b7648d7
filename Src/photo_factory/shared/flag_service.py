"""The loop that turns a FALSE flag TRUE: an add-on says how to do one asset, this does the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import InstrumentedAttribute

from photo_factory.shared.claims import Asset, Facts
from photo_factory.shared.settings import Settings

__all__ = ["Asset", "Facts", "FlagService"]

Process = Callable[[Asset, Settings], Facts]


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
    of what has to be done again. `complaint` is asked now and then: what it returns is told as an
    ERROR until it returns None.
    """

    name: str
    flag: InstrumentedAttribute[bool]
    process: Process
    in_child: bool = False
    preload: tuple[str, ...] = ()
    at_once: int | None = None
    prepare: Callable[[Settings, Engine], None] | None = None
    complaint: Callable[[Settings, Engine], str | None] | None = None

    def run(
        self,
        settings: Settings,
        stop: threading.Event,
        once: bool = False,
        told: Callable[[int, int], None] | None = None,
    ) -> bool:
        """Work until asked to stop (`once`: until nothing is due); False when all was not well.

        `told(done, total)` hears of the progress of a run `once`.
        """
        raise NotImplementedError
