"""The probe `devices`: which phone has sent nothing for long?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, func, select

from photo_factory.monitor.reading import Reading, Watch
from photo_factory.shared import clock
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import Arrival

_arrivals = cast(Table, Arrival.__table__)
_ASK_EVERY = timedelta(minutes=15)


@dataclass
class Devices:
    """Asks the ledger four times an hour: the answer takes a look at every arrival."""

    _asked: dict[str, datetime] = field(default_factory=dict)
    _last: dict[str, dict[str, datetime]] = field(default_factory=dict)

    def __call__(self, watch: Watch) -> Reading:
        """WARNING with the name of each; what has no folder in the inbox any more is not missed."""
        at = clock.now()
        days = {
            name: (at - last).days
            for name, last in sorted(self._last_arrivals(watch, at).items())
            if (watch.paths.inbox / name).is_dir()
        }
        limit = watch.settings.silent_phone_days
        quiet = [
            f"{name} has sent nothing for {n} days" for name, n in days.items() if 0 < limit <= n
        ]
        details = {
            name: {"last_arrival_at": self._last[_of(watch)][name].isoformat(), "days": number}
            for name, number in days.items()
        }
        task = f"{len(days)} devices" + (f", {len(quiet)} of them quiet" if quiet else "")
        return Reading("WARNING" if quiet else "OK", task, "; ".join(quiet) or None, details)

    def _last_arrivals(self, watch: Watch, at: datetime) -> dict[str, datetime]:
        whose = _of(watch)
        if whose not in self._asked or at - self._asked[whose] >= _ASK_EVERY:
            query = select(_arrivals.c.source_device, func.max(_arrivals.c.first_seen_at))
            query = query.where(_arrivals.c.source_device.is_not(None))
            with away(), reading(watch.engine) as connection:
                rows = connection.execute(query.group_by(_arrivals.c.source_device)).all()
            self._last[whose] = {str(name): last for name, last in rows}
            self._asked[whose] = at
        return self._last[whose]


def _of(watch: Watch) -> str:
    return str(watch.engine.url)


devices = Devices()
"""The service-monitor's."""
