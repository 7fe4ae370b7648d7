"""`alerts list`: what people were told, as the ledger keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.ledger.models import Alert


@dataclass(frozen=True)
class Told:
    """One alert."""

    made_at: datetime
    service_name: str
    status_before: str | None
    status: str
    message: str
    sent_at: datetime | None
    problem: str | None

    def as_json(self) -> dict[str, Any]:
        """For programs; moments as ISO 8601."""
        sent_at = self.sent_at.isoformat() if self.sent_at else None
        return {**vars(self), "made_at": self.made_at.isoformat(), "sent_at": sent_at}

    def as_row(self) -> tuple[str, ...]:
        """For people; moments in UTC."""
        told = f"{self.sent_at:%H:%M:%S}" if self.sent_at else f"no: {self.problem}"
        made = f"{self.made_at:%Y-%m-%d %H:%M:%S}"
        return made, self.service_name, self.status_before or "", self.status, self.message, told


def newest(engine: Engine, number: int) -> list[Told]:
    """The newest alerts first."""
    columns = [getattr(Alert, name) for name in Told.__dataclass_fields__]
    query = select(*columns).order_by(Alert.made_at.desc(), Alert.id.desc()).limit(number)
    with away(), reading(engine) as connection:
        return [Told(*row) for row in connection.execute(query)]
