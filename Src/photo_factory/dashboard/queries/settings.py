"""How this factory is set up: settings, versions, places, the doctor, and what people did."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any, cast

from sqlalchemy import Engine, Table, select, text

from photo_factory.shared.ledger.database import away, reading, redacted
from photo_factory.shared.ledger.migrations import HEAD
from photo_factory.shared.ledger.models import Action, SystemStatus
from photo_factory.shared.paths import Paths

_actions = cast(Table, Action.__table__)
_status = cast(Table, SystemStatus.__table__)

PROBE = "syncthing"
LAST = 200


@dataclass(frozen=True)
class Done:
    """One thing somebody did."""

    at: datetime
    who: str
    role: str
    action: str
    subject: str
    details: Mapping[str, Any]
    problem: str | None


@dataclass(frozen=True)
class Advice:
    """What the doctor says of one folder: OK, WARNING or ERROR, why, and what to do."""

    folder: str
    verdict: str
    reason: str
    advice: str


@dataclass(frozen=True)
class Doctor:
    """The last look of Syncthing's doctor."""

    at: datetime
    state: str
    message: str | None
    folders: tuple[Advice, ...]


def doctor(engine: Engine) -> Doctor | None:
    """What the doctor found last; None before the first look. LedgerAway."""
    names = ("last_heartbeat", "status", "message", "details")
    query = select(*(_status.c[name] for name in names)).where(_status.c.service_name == PROBE)
    with away(), reading(engine) as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    told = row.details.get("doctor") or ()
    return Doctor(row.last_heartbeat, row.status, row.message, tuple(_advice(one) for one in told))


def _advice(told: Mapping[str, Any]) -> Advice:
    names = ("folder", "verdict", "reason", "advice")
    return Advice(*(str(told.get(name) or "") for name in names))


def last_actions(engine: Engine) -> list[Done]:
    """What people did, the latest first; LedgerAway."""
    names = ("done_at", "who", "role", "action", "subject", "details", "problem")
    query = select(*(_actions.c[name] for name in names))
    query = query.order_by(_actions.c.done_at.desc(), _actions.c.id.desc()).limit(LAST)
    with away(), reading(engine) as connection:
        return [Done(*row) for row in connection.execute(query)]


def versions(engine: Engine) -> dict[str, str]:
    """What runs here; the database's own only while it answers."""
    told = {
        "Photo Factory": version("photo-factory"),
        "Python": platform.python_version(),
        "Streamlit": version("streamlit"),
        "Ledger's shape, of this program": HEAD,
    }
    return told | _database(engine)


def _database(engine: Engine) -> dict[str, str]:
    is_sqlite = engine.dialect.name == "sqlite"
    asked = "SELECT sqlite_version()" if is_sqlite else "SHOW server_version"
    with away(), reading(engine) as connection:
        step = connection.scalar(text("SELECT version_num FROM alembic_version"))
        number = connection.scalar(text(asked))
    return {"Ledger's shape, as it is": str(step), "SQLite" if is_sqlite else "PostgreSQL": number}


def places(paths: Paths, engine: Engine) -> dict[str, str]:
    """Where things are; the database's address without its password."""
    return {
        "Inbox": str(paths.inbox),
        "Originals": str(paths.originals),
        "Small pictures": str(paths.thumbnails),
        "Damaged copies that were replaced": str(paths.quarantine),
        "Journal": str(paths.journal),
        "Ledger": redacted(engine.url.render_as_string(hide_password=True)),
    }
