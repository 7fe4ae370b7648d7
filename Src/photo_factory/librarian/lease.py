"""One Librarian at a time files for a ledger: a second one, on whatever host, waits its turn.

The lock beside the journal keeps two of them out of each other's batches, as far as the file system
carries locks from host to host. The lease needs no more than the ledger both of them write to.
"""

from __future__ import annotations

import logging
import time

from photo_factory.librarian.librarian import ArchiveInUse
from photo_factory.librarian.records import Records
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.heartbeat_service import this_process

log = logging.getLogger(__name__)

ASK_EVERY = 3.0
"""Seconds between two questions who has the lease."""


class Lease:
    """The right of this process to file, as it was when it last asked."""

    def __init__(self, records: Records) -> None:
        self._lease = records.lease(this_process())
        self._records = records
        self._ask_from = 0.0
        self._other: str | None = None

    @property
    def waits_for(self) -> str | None:
        """What to tell people while another Librarian has the lease."""
        if self._other is None:
            return None
        return (
            f"another Librarian ({self._other}) files for this ledger: this one waits, and takes "
            "over when that one ends. Only one is needed"
        )

    def check(self) -> None:
        """Raise ArchiveInUse while another Librarian has the lease."""
        if time.monotonic() >= self._ask_from:
            self._ask()
            self._ask_from = time.monotonic() + ASK_EVERY
        if told := self.waits_for:
            raise ArchiveInUse(told)

    def _ask(self) -> None:
        before = self._other
        try:
            self._other = self._records.ask(self._lease)
        except LedgerAway as error:
            # Filing goes on while the ledger is away; but who waited does not know better yet.
            log.debug("%s", error)
        if self._other != before:
            log.warning("%s", self.waits_for or "no other Librarian files any more: this one does")

    def end(self) -> None:
        """Let the next one file."""
        self._lease.close()
