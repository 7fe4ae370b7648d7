"""The log of what people did: who, when, to what, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import Connection, Table, insert

from photo_factory.shared import clock
from photo_factory.shared.ledger.models import Action

Role = Literal["owner", "viewer"]

_actions = cast(Table, Action.__table__)


@dataclass(frozen=True)
class Actor:
    """Who does something: an owner may do everything, a viewer may only look."""

    who: str
    role: Role


def record(
    connection: Connection,
    actor: Actor,
    action: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
    problem: str | None = None,
) -> None:
    """Write down what was done, or (`problem`) could not be done."""
    row = {
        "done_at": clock.now(),
        "who": actor.who,
        "role": actor.role,
        "action": action,
        "subject": subject,
        "details": dict(details or {}),
        "problem": problem,
    }
    connection.execute(insert(_actions), row)
