"""From verdicts to breakers: what the doctor forbids, the Librarian does not empty."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from photo_factory.monitor.syncthing.doctor import Verdict
from photo_factory.shared import breakers
from photo_factory.shared.breakers import inbox_breaker
from photo_factory.shared.ledger.database import away
from photo_factory.shared.settings import Settings

SIGNED = "Syncthing's doctor: "
"""How the reasons of the doctor's own breakers begin; it resets no others."""


def forbidden(verdicts: Sequence[Verdict], settings: Settings) -> dict[str, str]:
    """The breakers there should be, with their reasons: none in mode `keep`."""
    overridden = settings.overridden_folders
    if settings.inbox_mode != "move" or "*" in overridden:
        return {}
    red = [one for one in verdicts if one.verdict == "ERROR" and one.inbox not in overridden]
    # The first verdict on a folder speaks for it.
    return {inbox_breaker(one.inbox): _reason(one) for one in reversed(red)}


def enforce(engine: Engine, wanted: dict[str, str]) -> None:
    """Trip what is wanted and not tripped, reset what the doctor tripped and is mended.

    Raises LedgerAway.
    """
    found = breakers.tripped(engine)
    mine = {name: reason for name, reason in found.items() if reason.startswith(SIGNED)}
    stale = {name for name, reason in mine.items() if wanted.get(name) != reason}
    missing = {name for name in wanted if name in stale or name not in found}
    if not stale and not missing:
        return
    with away(), engine.begin() as connection:
        for name in stale:
            breakers.reset(connection, name)
        for name in missing:
            breakers.trip(connection, name, wanted[name])


def _reason(verdict: Verdict) -> str:
    way_out = f"SYNCTHING_OVERRIDE={verdict.inbox or '*'} empties it all the same"
    return f"{SIGNED}{verdict.folder!r} is {verdict.reason}. {verdict.advice}. {way_out}"
