"""What `integrity`, `findings`, `repair`, `breakers` and `correct` do."""

from __future__ import annotations

import getpass
import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from photo_factory.commands import console
from photo_factory.monitor.integrity import Integrity
from photo_factory.monitor.integrity_looks import Looked
from photo_factory.monitor.reading import Watch
from photo_factory.shared import action_log, breakers, corrections, findings, roots, runs
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.database import away, notify, reading
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

Done = TypeVar("Done")

_PLACE = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*[, ]\s*([+-]?\d+(?:\.\d+)?)\s*")


def run_round(settings: Settings, engine: Engine, sample: float, stop: threading.Event) -> Looked:
    """Look at every original, or at a sample of them, telling the progress on stderr."""
    from photo_factory.librarian.verify import total_bytes

    watch = Watch(settings, Paths.of(settings), engine)
    with console.progress(
        "reading originals", total=int(total_bytes(engine) * sample / 100)
    ) as bar:
        task = bar.task_ids[0]
        return Integrity(watch).round(stop, sample, lambda size: bar.advance(task, size))


def run_repair(settings: Settings, engine: Engine, what: str | None) -> dict[str, Any]:
    """Ask for the repair of one original or of all, and do it at once where targets are set.

    Where none are set here, or a Librarian is busy, the backup service does what was asked.
    """
    from photo_factory.addons.backup import copying, repairing, urls

    def ask(connection: Connection) -> int:
        asset_id = runs.find_asset(connection, what) if what else None
        return findings.ask_repair(connection, asset_id)

    asked = _acted(engine, "repair", what or "all", ask)
    told: dict[str, Any] = {"asked": asked, "repaired": 0, "not_repaired": 0, "waits_for": None}
    if asked and urls.urls(settings):
        try:
            told["repaired"], told["not_repaired"] = repairing.work_off(engine, settings)
        except repairing.Busy as error:
            told["waits_for"] = str(error)
        finally:
            copying.flush()
    elif asked:
        told["waits_for"] = "the backup service: no BACKUP_TARGETS are set here"
    return told


def reset_breaker(settings: Settings, engine: Engine, name: str) -> bool:
    """Let something go on; False when it did."""
    known = breakers.tripped(engine)
    if name != breakers.ARCHIVE and name not in known:
        names = ", ".join(known) or "none is tripped"
        raise PhotoFactoryError(f"no breaker is called {name!r}; there are: {names}")
    return _acted(
        engine, "reset breaker", name, lambda connection: roots.accept(settings, connection, name)
    )


def correct(
    engine: Engine, what: str, date: str | None, offset: str | None, place: str | None
) -> int:
    """Ask for another date or place of an asset; the correction's number."""
    said = corrections.Said(captured_at=date_of(date) if date else None, captured_utc_offset=offset)
    if place is not None:
        said["changes_location"] = True
        said["location"] = place_of(place)

    def ask(connection: Connection) -> int:
        asset_id = runs.find_asset(connection, what)
        return corrections.ask(connection, asset_id, getpass.getuser(), **said)

    return _acted(engine, "correct", what, ask)


def undo(engine: Engine, number: int) -> int:
    """Ask for what stood there before a correction; the new correction's number."""

    def ask(connection: Connection) -> int:
        return corrections.undo(connection, number, getpass.getuser())

    return _acted(engine, "undo correction", str(number), ask)


def corrections_of(engine: Engine, what: str) -> list[dict[str, Any]]:
    """Every correction of an asset."""
    with away(), reading(engine) as connection:
        return corrections.history(connection, runs.find_asset(connection, what))


def _acted(engine: Engine, action: str, subject: str, act: Callable[[Connection], Done]) -> Done:
    """Do something in one transaction, and log that and who did it; the services hear of it."""
    with away(), engine.begin() as connection:
        done = act(connection)
        actor = action_log.Actor(getpass.getuser(), "owner")
        action_log.record(connection, actor, action, subject)
        notify(connection)
    return done


def date_of(text: str) -> datetime:
    """A wall clock such as 2023-12-25 12:34."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise PhotoFactoryError(f"{text!r} is no date such as '2023-12-25 12:34'") from None
    if len(text) <= len("2023-12-25"):
        raise PhotoFactoryError(f"{text!r} has no time: write such as '2023-12-25 12:34'")
    return found


def place_of(text: str) -> dict[str, float] | None:
    """A position such as 50.11,8.68 in degrees; None for `none`."""
    if text == "none":
        return None
    found = _PLACE.fullmatch(text)
    if not found:
        raise PhotoFactoryError(f"{text!r} is no place such as 50.11,8.68, nor none")
    return {"lat": float(found[1]), "lon": float(found[2])}
