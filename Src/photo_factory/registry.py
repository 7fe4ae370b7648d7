"""Which services exist: the name of each, and the module that runs it, imported when asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from photo_factory.shared.errors import SettingsError
from photo_factory.shared.settings import Settings

Runner = Callable[[Settings, threading.Event, bool], bool]


@dataclass(frozen=True)
class ServiceEntry:
    """A service's name, the module whose `run` is its loop, and what it does."""

    name: str
    module: str
    purpose: str

    def runner(self) -> Runner:
        """The module's `run(settings, stop, once) -> all went well`."""
        run: Runner = import_module(self.module).run
        return run


SERVICES = {
    entry.name: entry
    for entry in (
        ServiceEntry(
            "librarian",
            "photo_factory.librarian.service",
            "files what arrives in the inbox and enters it in the ledger",
        ),
    )
}


def find(name: str) -> ServiceEntry:
    """The service of that name; SettingsError with the known names otherwise."""
    if name not in SERVICES:
        raise SettingsError(f"no service is called {name!r}; there are: {', '.join(SERVICES)}")
    return SERVICES[name]
