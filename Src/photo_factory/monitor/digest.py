"""The day's digest: what came, what is done, what needs somebody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection, Engine, Table, func, select, text

from photo_factory.monitor.alerts import Subject
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import Arrival, Finding, MediaAsset, StageRun

_assets, _arrivals, _runs, _findings = (
    cast(Table, model.__table__) for model in (MediaAsset, Arrival, StageRun, Finding)
)


def digest(engine: Engine, subjects: Mapping[str, Subject], at: datetime) -> str:
    """The text; what the ledger cannot say while it is away, it says of itself."""
    try:
        with away(), reading(engine) as connection:
            lines = _of_the_ledger(connection, at)
    except LedgerAway as error:
        lines = [str(error)]
    return "\n".join([*lines, "", *_of_the_services(subjects)])


def _of_the_ledger(connection: Connection, at: datetime) -> list[str]:
    def count(table: Table, *conditions: object) -> int:
        query = select(func.count()).select_from(table).where(*conditions)  # type: ignore[arg-type]
        return connection.scalar(query) or 0

    pipeline = connection.execute(text("SELECT flag, waiting FROM v_pipeline")).all()
    waiting = [f"{row.flag.removeprefix('is_')} {row.waiting:,}" for row in pipeline if row.waiting]
    since_yesterday = _assets.c.ingested_at >= at - timedelta(days=1)
    return [
        f"{count(_assets):,} assets, {count(_assets, since_yesterday):,}"
        " of them filed since yesterday.",
        f"Waiting: {', '.join(waiting) or 'nothing'}.",
        f"Needs you: {count(_arrivals, _arrivals.c.state == 'held'):,} held in the inbox, "
        f"{count(_runs, _runs.c.parked_at.is_not(None)):,} parked, "
        f"{count(_findings, _findings.c.repaired_at.is_(None)):,} damaged originals.",
    ]


def _of_the_services(subjects: Mapping[str, Subject]) -> list[str]:
    bad = {name: one for name, one in subjects.items() if one.state != "OK"}
    if not bad:
        return ["Everything is OK."]
    return [f"{one.state:8} {name}: {one.message or ''}" for name, one in sorted(bad.items())]
