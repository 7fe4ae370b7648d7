"""What the `syncthing` verbs say."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from photo_factory.commands import console
from photo_factory.monitor.syncthing.client import Client
from photo_factory.monitor.syncthing.examination import Examination, Examiner
from photo_factory.monitor.syncthing.phones import Added, add_phone
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.heartbeat_service import Heartbeat
from photo_factory.shared.ledger.database import connect, migrate
from photo_factory.shared.paths import database_url
from photo_factory.shared.settings import Settings

_NEVER = "never"


def examine(settings: Settings) -> Examination:
    """Do what the service-monitor does in its turn: look, enforce, and beat for `syncthing`.

    Raises SyncthingError. Where the ledger is away, the examination says so.
    """
    engine = _ledger(settings)
    found = Examiner().examine(settings, engine)
    if engine is not None:
        probe = Heartbeat(engine, "syncthing", settings.probe_interval, is_probe=True)
        probe.beat(found.status, found.task, found.message, found.details())
    return found


def add(settings: Settings, name: str, device: str) -> Added:
    """Add a phone; SyncthingError."""
    return add_phone(Client.of(settings), settings, name, device)


def show_verdicts(found: Examination) -> None:
    """The doctor's verdicts, and everything else that is wrong."""
    rows = [
        (one.verdict, one.folder, one.inbox or "the whole inbox", one.reason, one.advice)
        for one in found.verdicts
    ]
    console.table("", ("", "folder", "inbox", "reason", "advice"), rows)
    _show_problems(found)


def show_status(found: Examination) -> None:
    """How Syncthing's folders and devices are."""
    console.table("", ("", ""), [("version", found.picture.version)])
    folders = [
        (one.label or one.id, one.type, one.state, one.pull_errors, one.need_files)
        for one in found.picture.states
    ]
    console.table("\nfolders", ("", "type", "state", "pull errors", "missing files"), folders)
    devices = [
        (one.name, "yes" if one.connected else "no", one.last_seen or _NEVER, one.completion)
        for one in found.picture.devices
    ]
    console.table("\ndevices", ("", "connected", "last seen", "has % of it"), devices)
    _show_problems(found)


def show_added(added: Added) -> None:
    """What was done, and what is left to do on the phone."""
    for change in added.changes or ("nothing to do: it is all there already",):
        console.say(change)
    console.say(
        f"\nNow on the phone, in Syncthing:\n"
        f"1. Add this device: {added.own_id}, with Addresses: tcp://ADDRESS-OF-THE-NAS:22000, "
        "dynamic\n"
        f"2. Accept the folder {added.name!r} ({added.folder}) when it is offered, and choose the "
        "camera's folder (DCIM) for it\n"
        "3. Set its Folder Type to Send Only, before anything else\n"
        "Then `photo-factory syncthing doctor` says whether this side is right."
    )


def as_json(found: Examination) -> dict[str, Any]:
    """The examination for programs."""
    problems = [{"status": word, "message": text} for word, text in found.problems]
    return {"status": found.status, **found.details(), "problems": problems}


def _show_problems(found: Examination) -> None:
    if found.problems:
        console.table("", ("", ""), found.problems)


def _ledger(settings: Settings) -> Engine | None:
    engine = connect(database_url(settings))
    try:
        migrate(engine)
    except LedgerAway as error:
        console.say(f"{error}: the Librarian cannot be told now")
        return None
    return engine
