"""Corrections: a person knows a date or a place better, and the photo goes where it belongs.

What stood there before is written down first; everything else is computed from that, so that a
correction cut short by a crash is simply applied once more. The others of a group come along.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, select, update

from photo_factory.librarian.groups import SIDECAR
from photo_factory.librarian.recorder import Recorder
from photo_factory.librarian.records import Records
from photo_factory.librarian.refiling import NotTakenBack, refile
from photo_factory.shared import clock, manifest
from photo_factory.shared.afresh import begin_afresh
from photo_factory.shared.corrections import SOURCE, refusal
from photo_factory.shared.errors import Held, LedgerAway
from photo_factory.shared.files import DISK_FAILS, LACKING
from photo_factory.shared.ledger.database import notify
from photo_factory.shared.ledger.models import Correction, MediaAsset
from photo_factory.shared.paths import Paths
from photo_factory.shared.rows import Row

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Corrections applied between two batches of arrivals at most."""

KEPT = (
    "final_path", "captured_at", "captured_utc_offset", "captured_at_source",
    "captured_at_confidence", "location", "evidence",
)  # fmt: skip
"""What is written down of an asset before it is changed."""

_corrections = cast(Table, Correction.__table__)
_assets = cast(Table, MediaAsset.__table__)

_PASSES = DISK_FAILS | LACKING | {errno.ETIMEDOUT}
"""What the disk or the system as a whole lacks for now: filing pauses, the correction waits."""

Before = Mapping[str, Any]
"""By asset id, what stood there: the columns KEPT, as JSON has them."""


def apply(recorder: Recorder) -> None:
    """Apply what waits, the first that was asked for first; what fails now is tried again."""
    if recorder.refusal or recorder.pending or recorder.needs_recovery:
        return  # what is half done comes to its end first
    try:
        for asked in _waiting(recorder.records):
            _try_to_apply(asked, recorder)
            # Before the next one: names that became free may be given away then.
            recorder.checkpoint()
    except LedgerAway as error:
        recorder.needs_recovery = True
        log.debug("%s", error)
    except Held as error:
        recorder.refuse(OSError(errno.EOPNOTSUPP, str(error)))
    except OSError as error:
        recorder.refuse(error)


def _try_to_apply(asked: Row, recorder: Recorder) -> None:
    """One that cannot be applied is undone and told so; a storage that fails stops filing."""
    try:
        _apply(asked, recorder)
        return
    except Held as error:
        problem = str(error)
    except OSError as error:
        if error.errno in _PASSES or isinstance(error, NotTakenBack):
            raise
        problem = _final(error)
    _settle(asked, _put_back(asked, recorder), recorder.records, problem)


def _final(error: OSError) -> str:
    """Why it is not applied, for good: nothing goes on by itself here, as it does in filing."""
    where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
    why = error.strerror or error
    return f"{where}{why}; nothing is changed: put that right, then ask for it once more"


def _put_back(asked: Row, recorder: Recorder) -> list[Row]:
    """Give those that were changed already what stood there before; all it may have changed.

    OSError: not all of them could be put back, so that the correction is not at an end.
    """
    records, paths = recorder.records, recorder.paths
    before = _written_down(asked["id"], records)
    members = records.assets([UUID(one) for one in before])
    for member in members:
        was = before[str(member["id"])]
        if not _is_as_it_was(member, was, paths):
            member |= {name: was[name] for name in KEPT if name != "final_path"}
            member["captured_at"] = _moment(was)
            former = paths.on_disk(was["final_path"])
            refile(member, former.parent, records, recorder.journal, paths, name=former.name)
    return members


def _is_as_it_was(member: Row, was: Mapping[str, Any], paths: Paths) -> bool:
    """In the ledger, and in the lists of its day, which are written first."""
    said = manifest.read(paths.on_disk(was["final_path"]).parent)
    here = [one for one in said if one["final_path"] == was["final_path"]]
    return all(_kept(one) == was for one in (member, *here))


def _waiting(records: Records) -> list[Row]:
    waits = select(_corrections).where(_corrections.c.applied_at.is_(None))
    with records.reading() as connection:
        found = connection.execute(waits.order_by(_corrections.c.id).limit(AT_ONCE))
        return [dict(row._mapping) for row in found]


def _apply(asked: Row, recorder: Recorder) -> None:
    records, paths = recorder.records, recorder.paths
    asset = records.asset(asked["asset_id"])
    problem = refusal(asked) or (_lost(asset, paths) if asset else "there is no such asset")
    if problem or asset is None:
        raise Held(problem)
    members = [asset, *_others(asset, records)]
    before = _write_down(asked, members, records)
    former = _written_down(asked["undoes"], records)
    folder = _folder(asked, before, former, paths)
    for member in members:
        path = Path(member["final_path"])
        _change(member, asked, before, former)
        name = Path(former[str(member["id"])]["final_path"]).name if _is_in(member, former) else ""
        refile(
            member, folder or paths.on_disk(str(path)).parent, records, recorder.journal, paths,
            name=name or path.name,
        )  # fmt: skip
    _settle(asked, members, records)
    log.info("%s is corrected, as %s asked", asset["original_name"], asked["asked_by"])


def _lost(asset: Row, paths: Paths) -> str | None:
    path = paths.on_disk(asset["final_path"])
    return None if path.is_file() else f"{path} is missing: repair it first, see `findings`"


def _others(asset: Row, records: Records) -> list[Row]:
    """The others of its group that stand beside it; one whose file is missing stays behind."""
    if asset["group_id"] is None:
        return []
    same = (_assets.c.group_id == asset["group_id"]) & (_assets.c.id != asset["id"])
    with records.reading() as connection:
        ids: list[UUID] = list(connection.scalars(select(_assets.c.id).where(same)))
    return records.assets(ids)


def _write_down(asked: Row, members: Sequence[Row], records: Records) -> Before:
    """What stood there before; of a try that was cut short it is known, but for who came since."""
    known: Before = asked["before"] or {}
    before = {**{str(one["id"]): _kept(one) for one in members}, **known}
    if before.keys() != known.keys():
        this = update(_corrections).where(_corrections.c.id == asked["id"])
        with records.writing() as connection:
            connection.execute(this.values(before=before))
    return before


def _kept(row: Row) -> dict[str, Any]:
    return {
        name: row[name].isoformat() if isinstance(row[name], datetime) else row[name]
        for name in KEPT
    }


def _written_down(number: int | None, records: Records) -> Before:
    """What stood there before a correction; nothing before none, or one that did nothing yet."""
    if number is None:
        return {}
    with records.reading() as connection:
        query = select(_corrections.c.before).where(_corrections.c.id == number)
        return connection.scalar(query) or {}


def _is_in(member: Row, former: Before) -> bool:
    return str(member["id"]) in former


def _folder(asked: Row, before: Before, former: Before, paths: Paths) -> Path | None:
    """The day folder of all of them; None where they stay."""
    if asked["captured_at"] is None:
        return None
    own = str(asked["asset_id"])
    if own in former:
        return paths.on_disk(former[own]["final_path"]).parent
    if asked["captured_at"].date() == _moment(before[own]).date():
        return None  # another hour, or beside a photo of its group: there it stays
    return paths.day_folder(asked["captured_at"].strftime("%Y-%m-%d"))


def _change(member: Row, asked: Row, before: Before, former: Before) -> None:
    """Set what is corrected, counted from what stood there before."""
    own, mine = str(asked["asset_id"]), str(member["id"])
    was, then = before[mine], former.get(mine)
    evidence = dict(was["evidence"] or {})
    if asked["captured_at"] is not None and then:
        member |= {name: then[name] for name in KEPT if name.startswith("captured_at_")}
        member["captured_at"] = _moment(then)
        member["captured_utc_offset"] = then["captured_utc_offset"]
        evidence["dates"] = (then["evidence"] or {}).get("dates", [])
    elif asked["captured_at"] is not None:
        is_led = member["media_type"] == SIDECAR and mine != own
        member["captured_at"] = _shifted(was, asked["captured_at"] - _moment(before[own]))
        member["captured_at_confidence"] = 1.0
        if not is_led:  # a sidecar says of itself that it follows its photo
            member["captured_at_source"] = SOURCE
            member["captured_utc_offset"] = asked["captured_utc_offset"]
            evidence["dates"] = _claims(evidence.get("dates"), {
                "source": SOURCE, "value": member["captured_at"].isoformat(),
                "offset": asked["captured_utc_offset"], "confidence": 1.0, "chosen": True,
            })  # fmt: skip
    if asked["changes_location"] and (mine == own or member["media_type"] != SIDECAR):
        member["location"] = then["location"] if then else asked["location"]
        claim = {"source": SOURCE, **(asked["location"] or {}), "confidence": 1.0, "chosen": True}
        evidence["locations"] = (
            (then["evidence"] or {}).get("locations", [])
            if then
            else _claims(evidence.get("locations"), claim if asked["location"] else None)
        )
    member["evidence"] = evidence


def _claims(known: Sequence[Row] | None, said: Row | None) -> list[Row]:
    """What was claimed before, none of it chosen any more, after what the person says."""
    others = [{**one, "chosen": False} for one in known or () if one.get("source") != SOURCE]
    return [said, *others] if said else others


def _moment(kept: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(kept["captured_at"])


def _shifted(was: Mapping[str, Any], by: timedelta) -> datetime:
    try:
        return _moment(was) + by
    except OverflowError:
        return _moment(was)


def _settle(
    asked: Row, members: Sequence[Row], records: Records, problem: str | None = None
) -> None:
    """Note that it is done, or why it cannot be; what was looked up for another place is redone."""
    ids = [member["id"] for member in members]
    stages = ["backup"]
    lowered: dict[str, Any] = {"is_backed_up": False}
    if asked["changes_location"]:
        stages.append("geocode")
        lowered |= {"is_geocoded": False, "geocoded_at": None, "place_id": None}
    this = update(_corrections).where(_corrections.c.id == asked["id"])

    def settle(connection: Connection) -> None:
        if ids:
            connection.execute(update(_assets).where(_assets.c.id.in_(ids)).values(lowered))
            begin_afresh(connection, stages, ids, records.max_tries)
        connection.execute(this.values(applied_at=clock.now(), problem=problem))
        notify(connection)

    records.write(settle)
    if problem:
        log.warning("a correction of %s is not applied: %s", asked["asset_id"], problem)
