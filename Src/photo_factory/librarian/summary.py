"""What one run of the Librarian did, in numbers that add up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from photo_factory.librarian.arrivals import Arrival, Outcome

_COUNTED_AS = {
    "filed": "filed",
    "duplicate": "duplicates",
    "ignored": "ignored",
    "held": "held",
    "failed": "failed",
}


@dataclass
class Summary:
    """seen = filed + duplicates + ignored + held + failed, always; bytes are those filed."""

    filed: int = 0
    duplicates: int = 0
    ignored: int = 0
    held: int = 0
    failed: int = 0
    pending_ledger: int = 0
    bytes: int = 0
    stays: int = 0
    """Filed files and duplicates that could not be removed from the inbox."""
    started: float = field(default_factory=time.monotonic)

    @property
    def seen(self) -> int:
        """Every arrival that came to an end in this run."""
        return self.filed + self.duplicates + self.ignored + self.held + self.failed

    @property
    def all_went_well(self) -> bool:
        """Whether nothing is left in the inbox for a reason, and every row is in the ledger."""
        return not (self.held or self.failed or self.pending_ledger or self.stays)

    def count(self, arrival: Arrival, outcome: Outcome) -> None:
        """Add one end state."""
        name = _COUNTED_AS[outcome.state]
        setattr(self, name, getattr(self, name) + 1)
        if outcome.state == "filed":
            self.bytes += arrival.size

    def as_json(self) -> dict[str, Any]:
        """The numbers as `ingest --json` gives them."""
        return {
            "seen": self.seen,
            "filed": self.filed,
            "duplicates": self.duplicates,
            "ignored": self.ignored,
            "held": self.held,
            "failed": self.failed,
            "pending_ledger": self.pending_ledger,
            "bytes": self.bytes,
            "seconds": round(time.monotonic() - self.started, 3),
        }
