"""Which services exist: the name of each, and the module that runs it, imported when asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points

from photo_factory.shared.errors import SettingsError
from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.settings import Settings

Runner = Callable[[Settings, threading.Event, bool], bool]
AddonRunner = Callable[[Settings, threading.Event, bool, Callable[[int, int], None] | None], bool]

GROUP = "photo_factory.addons"
"""Add-ons of other packages: an entry point's name is the service's, its value the module."""


@dataclass(frozen=True)
class ServiceEntry:
    """A service's name, the module whose `run` is its loop, and what it does."""

    name: str
    module: str
    purpose: str
    is_addon: bool = True

    def runner(self) -> Runner:
        """The module's `run(settings, stop, once) -> all went well`."""
        run: Runner = import_module(self.module).run
        return run

    def addon_runner(self) -> AddonRunner:
        """The same of an add-on, which takes a fourth argument to tell its progress to."""
        run: AddonRunner = import_module(self.module).run
        return run

    def addon(self) -> FlagService:
        """The add-on's flag, and what it does with an asset."""
        service: FlagService = import_module(self.module).service
        return service


_OWN = (
    ServiceEntry(
        "librarian",
        "photo_factory.librarian.service",
        "files what arrives in the inbox and enters it in the ledger",
        is_addon=False,
    ),
    ServiceEntry("geocode", "photo_factory.addons.geocode", "names the places of photos and films"),
    ServiceEntry(
        "thumbnail",
        "photo_factory.addons.thumbnail",
        "makes small pictures of every photo and film",
    ),
    ServiceEntry(
        "face",
        "photo_factory.addons.face",
        "finds the faces on every photo, and whose they are",
    ),
    ServiceEntry("backup", "photo_factory.addons.backup", "keeps verified copies elsewhere"),
    ServiceEntry(
        "service-monitor",
        "photo_factory.monitor.service_monitor",
        "looks after what cannot speak for itself, and tells people",
        is_addon=False,
    ),
    ServiceEntry(
        "dashboard",
        "photo_factory.dashboard.service",
        "shows all of it in a browser",
        is_addon=False,
    ),
)


def _found() -> list[ServiceEntry]:
    """The add-ons that other installed packages bring along."""
    return [
        ServiceEntry(
            point.name,
            point.value,
            str(point.dist.metadata["Summary"]) if point.dist else "an add-on of another package",
        )
        for point in entry_points(group=GROUP)
    ]


# Ours come last: another package cannot take the place of a service of ours.
SERVICES = {entry.name: entry for entry in (*_OWN, *_found(), *_OWN)}


def find(name: str) -> ServiceEntry:
    """The service of that name; SettingsError with the known names otherwise."""
    if name not in SERVICES:
        raise SettingsError(f"no service is called {name!r}; there are: {', '.join(SERVICES)}")
    return SERVICES[name]


def addon(name: str) -> FlagService:
    """The add-on of that name; SettingsError with the known names otherwise."""
    if not find(name).is_addon:
        known = ", ".join(entry.name for entry in SERVICES.values() if entry.is_addon)
        raise SettingsError(f"{name} raises no flag; the add-ons are: {known}")
    return find(name).addon()


def addons() -> list[FlagService]:
    """Every add-on."""
    return [entry.addon() for entry in SERVICES.values() if entry.is_addon]
