"""`safe-to-delete`: which files of a phone are filed, proven and copied, and why others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Engine, Row, TextClause, bindparam, text

from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.addon_models import BackupCopy
from photo_factory.shared.ledger.database import away, reading

_RECEIPTS = """
SELECT path, source_device, size_bytes, state, reason, file_hash, asset_id, final_path,
       rehashed_at, verified_copies, copies_verified_at,
       (SELECT COUNT(*) FROM backup_copies
        WHERE backup_copies.asset_id = v_safe_to_delete.asset_id
          AND backup_copies.verified_at >= :since
          AND backup_copies.problem IS NULL) AS recent_copies
FROM v_safe_to_delete
"""
_ADDED_UP = """
SELECT source_device, state, reason, asset_id, MIN(rehashed_at) AS rehashed_at,
       verified_copies, recent_copies, COUNT(*) AS files, SUM(size_bytes) AS size_bytes
FROM (SELECT arrivals.source_device, arrivals.size_bytes,
             CASE WHEN media_assets.id IS NULL THEN arrivals.state END AS state,
             CASE WHEN media_assets.id IS NULL THEN arrivals.reason END AS reason,
             CASE WHEN media_assets.id IS NOT NULL THEN 1 END AS asset_id,
             media_assets.verified_at AS rehashed_at,
             CASE WHEN media_assets.verified_at IS NULL THEN 0
                  WHEN media_assets.verified_at < :since THEN 1 ELSE 2 END AS freshness,
             CASE WHEN COALESCE(copies.verified, 0) > :copies THEN :copies
                  ELSE COALESCE(copies.verified, 0) END AS verified_copies,
             CASE WHEN COALESCE(copies.recent, 0) > :copies THEN :copies
                  ELSE COALESCE(copies.recent, 0) END AS recent_copies
      FROM arrivals
      LEFT JOIN media_assets ON media_assets.id = arrivals.asset_id
      LEFT JOIN (SELECT asset_id, COUNT(verified_at) AS verified,
                        COUNT(*) FILTER (WHERE verified_at >= :since) AS recent
                 FROM backup_copies WHERE problem IS NULL GROUP BY asset_id) AS copies
             ON copies.asset_id = media_assets.id
      WHERE arrivals.source_device IS NOT NULL) AS judged
GROUP BY source_device, state, reason, asset_id, freshness, verified_copies, recent_copies
"""
_OF_DEVICE = " WHERE source_device = :device"
_ORDER = " ORDER BY path, arrival_id"
_AT_ONCE = 5000


@dataclass(frozen=True)
class Demands:
    """What a file needs before it may go from the phone."""

    days: int
    """Within so many days the original was hashed, and the copies were verified."""

    copies: int


@dataclass(frozen=True)
class Verdict:
    """One file that came from a device; `why_not` is None where it is safe to delete there."""

    path: str
    size_bytes: int
    file_hash: str | None
    final_path: str | None
    rehashed_at: datetime | None
    verified_copies: int
    recent_copies: int
    """Those of them that were verified within the days demanded."""

    copies_verified_at: datetime | None
    """When the one that was verified longest ago was."""

    why_not: str | None

    def as_json(self) -> dict[str, Any]:
        """The receipt for programs."""
        moments = {n: getattr(self, n) for n in ("rehashed_at", "copies_verified_at")}
        return {**vars(self), **{n: at.isoformat() if at else None for n, at in moments.items()}}


@dataclass
class Answer:
    """All verdicts added up."""

    safe: int = 0
    safe_bytes: int = 0
    not_safe: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def counting(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """Pass on what it is given, adding it up."""
        for verdict in verdicts:
            self.count(verdict)
            yield verdict

    def count(self, verdict: Verdict) -> None:
        """Add one."""
        self.add(verdict.why_not, 1, verdict.size_bytes)

    def add(self, why_not: str | None, files: int, size_bytes: int) -> None:
        """Add files that share one verdict."""
        if why_not is None:
            self.safe += files
            self.safe_bytes += size_bytes
        else:
            self.not_safe += files
            self.reasons[why_not] += files


def verdicts(engine: Engine, demands: Demands, device: str | None) -> Iterator[Verdict]:
    """One file after the other, so that a million of them fit in any memory.

    PhotoFactoryError where nothing ever came from that device.
    """
    if device is not None:
        _check(engine, device)
    query = _since(_RECEIPTS + (_OF_DEVICE if device is not None else "") + _ORDER, demands)
    given = {} if device is None else {"device": device}
    with away(), reading(engine) as connection:
        found = connection.execution_options(yield_per=_AT_ONCE).execute(query, given)
        for row in found:
            yield _verdict(row, demands)


def safe_paths(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """The paths of which all is safe; the verdicts on one path stand one after the other.

    A phone may have sent another file under the same name since: that is what lies there now.
    """
    for path, of_path in groupby(verdicts, key=attrgetter("path")):
        if not any(verdict.why_not for verdict in of_path):
            yield path


def by_device(engine: Engine, demands: Demands) -> dict[str, Answer]:
    """The verdicts of each device added up; the database counts, so that a million take seconds."""
    answers: dict[str, Answer] = {}
    with away(), reading(engine) as connection:
        for row in connection.execute(_since(_ADDED_UP, demands), {"copies": demands.copies}):
            why_not = _why_not(row, _moment(row.rehashed_at), demands)
            answer = answers.setdefault(row.source_device, Answer())
            answer.add(why_not, row.files, int(row.size_bytes))
    return dict(sorted(answers.items()))


def _since(query: str, demands: Demands) -> TextClause:
    since = clock.now() - timedelta(days=demands.days)
    return text(query).bindparams(bindparam("since", since, type_=BackupCopy.verified_at.type))


def last_drill(engine: Engine) -> datetime | None:
    """When a restore was last tried, and every file came back right."""
    query = text("SELECT MAX(finished_at) FROM restore_drills WHERE failed = 0 AND assets > 0")
    with away(), reading(engine) as connection:
        return _moment(connection.scalar(query))


def _check(engine: Engine, device: str) -> None:
    query = text("SELECT DISTINCT source_device FROM arrivals WHERE source_device IS NOT NULL")
    with away(), reading(engine) as connection:
        known = sorted(connection.scalars(query))
    if device not in known:
        raise PhotoFactoryError(
            f"nothing ever came from {device!r}; the devices are: {', '.join(known) or 'none yet'}"
        )


def _verdict(row: Row[Any], demands: Demands) -> Verdict:
    rehashed_at = _moment(row.rehashed_at)
    return Verdict(
        row.path, row.size_bytes, row.file_hash, row.final_path, rehashed_at, row.verified_copies,
        row.recent_copies, _moment(row.copies_verified_at), _why_not(row, rehashed_at, demands),
    )  # fmt: skip


def _why_not(row: Row[Any], rehashed_at: datetime | None, demands: Demands) -> str | None:
    if row.asset_id is None:
        return f"not filed, but {row.state}: {row.reason}"
    if rehashed_at is None:
        return "its original was found missing or different: run `photo-factory verify`"
    if clock.now() - rehashed_at > timedelta(days=demands.days):
        return f"its original was not hashed for {demands.days} days: run `photo-factory verify`"
    if row.verified_copies < demands.copies:
        return f"{row.verified_copies} of {demands.copies} verified copies"
    if row.recent_copies < demands.copies:
        return (
            f"{row.recent_copies} of {demands.copies} copies verified within {demands.days} days, "
            "the others longer ago: run `photo-factory backup verify`"
        )
    return None


def _moment(value: Any) -> datetime | None:
    """A moment of a raw query: SQLite gives text, in UTC."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).replace(tzinfo=clock.now().tzinfo)
