"""What becomes of claims: each ending is sorted, kept until the ledger knows, and counted."""

from __future__ import annotations

import errno
import logging
import os
import time
from concurrent.futures import CancelledError, Future
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from photo_factory.shared.claims import Claim, Claims
from photo_factory.shared.errors import LedgerAway, TryLater, Unprocessable
from photo_factory.shared.facts import Facts
from photo_factory.shared.files import DISK_AWAY, LACKING

log = logging.getLogger(__name__)


class Outcomes:
    """The endings of one process's claims."""

    def __init__(self, originals: Path) -> None:
        self.finished = self.failed = self.parked = 0
        self.failed_in_a_row = 0
        self.last_failure = ""
        self.per_second = 0.0
        """How fast it goes, over the last second or so."""
        self._originals = originals
        self._done: list[tuple[Claim, Facts]] = []
        self._to_fail: list[tuple[Claim, str]] = []
        self._to_park: list[tuple[Claim, str]] = []
        self._to_give_back: list[tuple[Claim, float, str | None]] = []
        self._pace_since, self._pace_count = time.monotonic(), 0

    @property
    def ended(self) -> int:
        """How many assets came to an end of any kind."""
        return self.finished + self.failed + self.parked

    def note(self, claim: Claim, future: Future[Facts]) -> str | None:
        """Sort one ending: done, parked, or to be tried again.

        What was nobody's fault is left to the caller, who gets the reason: something is away.
        """
        try:
            facts = future.result()
            if not isinstance(facts, Facts):
                raise TypeError(f"process returned {type(facts).__name__}, not Facts")
            self._done.append((claim, facts))
            self.failed_in_a_row = 0
        except Unprocessable as error:
            self._to_park.append((claim, str(error)))
            log.warning("%s is parked: %s", claim.asset.final_path, error)
        except (TryLater, LedgerAway, CancelledError) as error:
            return str(error) or "it was cancelled"
        except Exception as error:  # noqa: BLE001 -- an add-on may raise anything; all is told
            if (reason := self._who_is_away(claim, error)) is not None:
                return reason
            self._note_failure(claim, error)
        return None

    def give_back(self, claim: Claim, pause_s: float = 0, reason: str | None = None) -> None:
        """Let it be taken by anyone after a pause, its try returned."""
        self._to_give_back.append((claim, pause_s, reason))

    def write(self, claims: Claims) -> None:
        """Tell the ledger. What it does not take now (LedgerAway) is told the next time."""
        if self._done:
            self._finish(claims)
        if self._to_fail:
            gone = claims.fail(self._to_fail)
            self.parked += gone
            self.failed += len(self._to_fail) - gone
            self._to_fail.clear()
        if self._to_park:
            claims.park(self._to_park)
            self.parked += len(self._to_park)
            self._to_park.clear()
        while self._to_give_back:
            _, pause_s, reason = alike = self._to_give_back[-1]
            same = [one for one in self._to_give_back if one[1:] == alike[1:]]
            claims.give_back([claim for claim, *_ in same], pause_s, reason)
            self._to_give_back = [one for one in self._to_give_back if one[1:] != alike[1:]]

    def _finish(self, claims: Claims) -> None:
        try:
            self._count(claims.finish(self._done))
            self._done.clear()
        except (SQLAlchemyError, KeyError):  # one of them says what the ledger cannot hold
            while self._done:
                self._finish_one(claims, *self._done[-1])
                self._done.pop()

    def _finish_one(self, claims: Claims, claim: Claim, facts: Facts) -> None:
        try:
            self._count(claims.finish([(claim, facts)]))
        except (SQLAlchemyError, KeyError) as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            self._to_fail.append((claim, f"the ledger does not take what was found: {reason}"))
            log.error("%s: what was found cannot be written: %s", claim.asset.final_path, reason)

    def _who_is_away(self, claim: Claim, error: Exception) -> str | None:
        if not isinstance(error, OSError):
            return None
        # One bad sector or one lost file is that photo's; a disk that is gone has lost them all.
        if error.errno in (errno.ENOENT, errno.EIO) and (reason := self._storage_is_away()):
            return reason
        return f"{claim.asset.final_path}: {error}" if error.errno in DISK_AWAY | LACKING else None

    def _storage_is_away(self) -> str | None:
        try:
            with os.scandir(self._originals) as found:
                # The ledger knows photos: an empty archive is a disk that is not mounted.
                is_empty = next(found, None) is None
        except OSError as error:
            return f"the storage is away: {error}"
        return f"the storage is away: {self._originals} is empty" if is_empty else None

    def _note_failure(self, claim: Claim, error: Exception) -> None:
        self._to_fail.append((claim, f"{type(error).__name__}: {error}"))
        self.failed_in_a_row += 1
        self.last_failure = f"{claim.asset.final_path}: {type(error).__name__}: {error}"
        log.warning(
            "%s failed (%d tries left): %s", claim.asset.final_path, claim.tries_left, error,
            exc_info=error if log.isEnabledFor(logging.DEBUG) else None,
        )  # fmt: skip

    def _count(self, finished: int) -> None:
        self.finished += finished
        self._pace_count += finished
        took = time.monotonic() - self._pace_since
        if took >= 1:
            self.per_second = self._pace_count / took
            self._pace_since, self._pace_count = time.monotonic(), 0
