"""What people do to the photos they chose: another date or place, once more, another thumbnail."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

from sqlalchemy import Table, select

from photo_factory.dashboard.actions import acting
from photo_factory.shared import corrections, runs
from photo_factory.shared.action_log import Actor
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.ledger.database import away, notify
from photo_factory.shared.ledger.models import MediaAsset

if TYPE_CHECKING:
    from photo_factory.dashboard.context import Context

_assets = cast(Table, MediaAsset.__table__)


class Said(TypedDict, total=False):
    """A date, or a place; a place that is None while it changes is removed."""

    captured_at: datetime | None
    captured_utc_offset: str | None
    location: dict[str, float] | None
    changes_location: bool


def correct(context: Context, actor: Actor, asset_id: uuid.UUID, **said: Unpack[Said]) -> int:
    """Say what the date or the place of an asset is; the Librarian re-files it. Its number."""
    moment = said.get("captured_at")
    told = {"captured_at": moment and moment.isoformat(), "location": said.get("location")}
    with (
        acting(context, actor, "correct", str(asset_id), **told),
        away(),
        context.engine.begin() as connection,
    ):
        asked = corrections.ask(connection, asset_id, actor.who, **said)
        notify(connection)
        return asked


def undo(context: Context, actor: Actor, correction_id: int) -> int:
    """Ask for what was there before a correction; the number of the new one."""
    with (
        acting(context, actor, "undo correction", str(correction_id)),
        away(),
        context.engine.begin() as connection,
    ):
        asked = corrections.undo(connection, correction_id, actor.who)
        notify(connection)
        return asked


def shift(context: Context, actor: Actor, ids: Sequence[uuid.UUID], by: timedelta) -> int:
    """Correct the date of several by the same span, as of a camera whose clock was wrong."""
    with (
        acting(context, actor, "shift dates", f"{len(ids)} files", by_s=by.total_seconds()),
        away(),
        context.engine.begin() as connection,
    ):
        columns = (_assets.c.id, _assets.c.captured_at, _assets.c.captured_utc_offset)
        rows = connection.execute(select(*columns).where(_assets.c.id.in_(ids))).all()
        for row in rows:
            corrections.ask(
                connection,
                row.id,
                actor.who,
                captured_at=_shifted(row.captured_at, by),
                captured_utc_offset=row.captured_utc_offset,
            )
        notify(connection)
        return len(rows)


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        raise PhotoFactoryError(f"{moment} and {by} is a date no calendar has") from None


def retry(context: Context, actor: Actor, ids: Sequence[uuid.UUID]) -> int:
    """Let what services gave up on be tried again; how many runs."""
    with acting(context, actor, "retry", f"{len(ids)} files"):
        return sum(runs.retry(context.engine, context.settings, asset=str(one)) for one in ids)


def redo_thumbnails(context: Context, actor: Actor, ids: Sequence[uuid.UUID]) -> int:
    """Have the small pictures made once more; of how many."""
    chosen = ", ".join(f"'{one.hex}'" for one in ids)
    with acting(context, actor, "redo thumbnail", f"{len(ids)} files"):
        return runs.redo(context.engine, context.settings, _THUMBNAIL, f"id IN ({chosen})")


def _never(*_: object) -> Any:
    raise AssertionError("the dashboard makes no thumbnails")


# Only its name and its flag are asked: the service itself is another floor of the house.
_THUMBNAIL = FlagService(name="thumbnail", flag=MediaAsset.is_thumbnailed, process=_never)
