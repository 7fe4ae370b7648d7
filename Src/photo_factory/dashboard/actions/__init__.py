"""What people do on the dashboard; every act is asked for its right, and written down."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from photo_factory.shared.action_log import Actor, record
from photo_factory.shared.errors import LedgerAway, PhotoFactoryError
from photo_factory.shared.ledger.database import away

if TYPE_CHECKING:
    from photo_factory.dashboard.context import Context

log = logging.getLogger(__name__)

_UNFINISHED = "it was not finished"


class NotAllowed(PhotoFactoryError):
    """Whoever asked for it may look, and not act."""


@contextmanager
def acting(
    context: Context, actor: Actor, action: str, subject: str, **details: Any
) -> Iterator[None]:
    """Do what is inside as `actor`, and log it with what came of it; NotAllowed for a viewer.

    `details` are for JSON. An act that fails is logged with its reason, and fails all the same.
    """
    problem: str | None = _UNFINISHED
    try:
        if actor.role != "owner":
            raise NotAllowed(f"{actor.who} may look, and not act: {action} needs an owner")
        yield
        problem = None
    except (PhotoFactoryError, OSError) as error:
        problem = str(error)
        raise
    finally:
        _log(context, actor, action, subject, details, problem)


def _log(
    context: Context,
    actor: Actor,
    action: str,
    subject: str,
    details: dict[str, Any],
    problem: str | None,
) -> None:
    log.info("%s (%s): %s %s: %s", actor.who, actor.role, action, subject, problem or "done")
    try:
        with away(), context.engine.begin() as connection:
            record(connection, actor, action, subject, details, problem)
    except LedgerAway as error:  # what was done is done; the process's own log has it
        log.warning("the log of actions has no row of this: %s", error)
