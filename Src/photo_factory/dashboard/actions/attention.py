"""What is done about what needs a person; each act is asked for its right, and written down."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, update

from photo_factory.dashboard.actions import acting
from photo_factory.dashboard.actions.library import correct
from photo_factory.dashboard.context import Context
from photo_factory.dashboard.queries.attention import SEEN
from photo_factory.shared import clock, runs
from photo_factory.shared.action_log import Actor
from photo_factory.shared.ledger.database import away, notify
from photo_factory.shared.ledger.models import Arrival, Finding
from photo_factory.shared.roots import accept


@dataclass(frozen=True)
class Said:
    """When an asset was taken: the wall clock there, and its distance from UTC if it is known."""

    asset_id: uuid.UUID
    captured_at: datetime
    captured_utc_offset: str | None = None


_arrivals = cast(Table, Arrival.__table__)
_findings = cast(Table, Finding.__table__)


def retry(context: Context, actor: Actor, what: Sequence[tuple[str, uuid.UUID]]) -> int:
    """Let services try again what they gave up on, as (service, asset); how many runs."""
    tried = 0
    for service, asset_id in what:
        with acting(context, actor, "retry", str(asset_id), service=service):
            tried += runs.retry(context.engine, context.settings, service, str(asset_id))
    return tried


def retry_all(context: Context, actor: Actor, service: str | None) -> int:
    """Let a service, or (None) every one, try again all that failed; how many runs."""
    with acting(context, actor, "retry", service or "every service"):
        return runs.retry(context.engine, context.settings, service)


def try_held(context: Context, actor: Actor, arrivals: Sequence[int] | None) -> int:
    """Have the Librarian try held files at once, or (None) all of them; how many."""
    told = "every held file" if arrivals is None else f"{len(arrivals)} held files"
    with acting(context, actor, "try held files", told, arrivals=list(arrivals or ())):
        which = _arrivals.c.state.in_(("held", "failed")) & _arrivals.c.removed_at.is_(None)
        if arrivals is not None:
            which &= _arrivals.c.id.in_(arrivals)
        # The Librarian asks every two seconds for what is held and undecided.
        asked = update(_arrivals).where(which).values(settled_at=None)
        with away(), context.engine.begin() as connection:
            return connection.execute(asked).rowcount


def repair(context: Context, actor: Actor, findings: Sequence[int]) -> int:
    """Ask the service-monitor to mend originals from verified copies; how many."""
    with acting(context, actor, "repair", f"{len(findings)} originals", findings=list(findings)):
        which = _findings.c.id.in_(findings) & _findings.c.repaired_at.is_(None)
        asked = update(_findings).where(which).values(repair_asked_at=clock.now(), problem=None)
        with away(), context.engine.begin() as connection:
            number = connection.execute(asked).rowcount
            notify(connection)
        return number


def let_go_on(context: Context, actor: Actor, breaker: str) -> bool:
    """Reset a breaker; False where it was not tripped any more."""
    with acting(context, actor, "reset breaker", breaker):
        with away(), context.engine.begin() as connection:
            went = accept(context.settings, connection, breaker)
            notify(connection)
        return went


def seen(context: Context, actor: Actor, arrivals: Sequence[int]) -> int:
    """Say that these duplicates are in order; how many."""
    for arrival in arrivals:
        with acting(context, actor, SEEN, str(arrival)):
            pass
    return len(arrivals)


def say_dates(context: Context, actor: Actor, dates: Sequence[Said]) -> int:
    """Say when assets were taken, by the clock of the place; the Librarian re-files them."""
    for said in dates:
        moment, offset = said.captured_at, said.captured_utc_offset
        correct(
            context, actor, said.asset_id, captured_at=moment, captured_utc_offset=offset
        )  # fmt: skip
    return len(dates)
