"""A household's factory in which every page has something to show."""

from __future__ import annotations

import colorsys
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import insert, update

from photo_factory.shared import clock
from photo_factory.shared.ledger.models import (
    Action,
    Arrival,
    BackupCopy,
    Breaker,
    Face,
    Finding,
    LedgerDump,
    MediaAsset,
    Person,
    Place,
    RestoreDrill,
    StageRun,
    SystemStatus,
)
from tests.factory import Factory

TARGETS = ("file:///mnt/usb", "sftp://nas/photos")


@dataclass
class Household:
    """What was put into the factory, to be asked for by tests."""

    factory: Factory
    assets: list[uuid.UUID] = field(default_factory=list)
    persons: dict[str, uuid.UUID] = field(default_factory=dict)
    faces: dict[str, list[uuid.UUID]] = field(default_factory=dict)

    def put(self, table: Any, *rows: dict[str, Any]) -> None:
        with self.factory.engine.begin() as connection:
            connection.execute(insert(table), list(rows))

    def change(self, table: Any, which: Any, **values: Any) -> None:
        with self.factory.engine.begin() as connection:
            connection.execute(update(table).where(which).values(**values))


def household(factory: Factory, photos: int = 8) -> Household:
    """Photos of two phones, three persons, a backup, and one of everything that needs a person."""
    made = Household(factory)
    for number in range(photos):
        factory.drop(f"{'pixel-7' if number % 2 else 'iphone'}/IMG_{number:04}.jpg")
    factory.ingest()
    for number, row in enumerate(factory.assets()):
        made.assets.append(row["id"])
        _draw_thumbnails(factory, row["file_hash"], number)
        taken = row["captured_at"].replace(year=2019 + number % 5, month=1 + number % 12)
        made.change(
            MediaAsset, MediaAsset.id == row["id"], is_thumbnailed=True, captured_at=taken,
            camera_make="Google", camera_model="Pixel 7" if number % 2 else "iPhone 15",
        )  # fmt: skip
    _add_people(made)
    _add_backup(made)
    _add_troubles(made)
    return made


def _draw_thumbnails(factory: Factory, file_hash: str, number: int) -> None:
    """A picture with three "faces" on it, in the four sizes of the settings."""
    red, green, blue = (int(255 * one) for one in colorsys.hsv_to_rgb(number / 8, 0.25, 0.85))
    picture = Image.new("RGB", (1920, 1280), (red, green, blue))
    pen = ImageDraw.Draw(picture)
    for place in range(3):
        left = 220 + 560 * place
        pen.ellipse((left, 300, left + 360, 780), fill=(226 - 30 * place, 184, 150))
        for eye in (110, 230):
            pen.ellipse((left + eye, 480, left + eye + 30, 510), fill=(40, 40, 40))
        pen.arc((left + 110, 560, left + 250, 660), 20, 160, fill=(140, 60, 60), width=8)
    for size in factory.settings().thumbnail_sizes:
        path = factory.paths.thumbnail(file_hash, size, "jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        small = picture.copy()
        small.thumbnail((size, size))
        small.save(path, "JPEG")


def _add_people(made: Household) -> None:
    now = clock.now()
    for name in ("Marie", None, "Pierre"):
        person = uuid.uuid4()
        made.persons[name or "nameless"] = person
        made.put(Person, {"id": person, "name": name, "named_at": None, "created_at": now})
    owners = [*made.persons.values()]
    for number, asset in enumerate(made.assets):
        for place, whose in enumerate([*owners[: 1 + number % 3], None][:3]):
            face = uuid.uuid4()
            name = next((n for n, one in made.persons.items() if one == whose), "nobody")
            made.faces.setdefault(name, []).append(face)
            made.put(Face, _face(face, asset, whose, place, 0.9 - 0.05 * number))


def _face(
    face: uuid.UUID, asset: uuid.UUID, whose: uuid.UUID | None, place: int, quality: float
) -> dict[str, Any]:
    box = {"box_left": (220 + 560 * place) / 1920, "box_top": 300 / 1280}
    box |= {"box_width": 360 / 1920, "box_height": 480 / 1280}
    return {
        "id": face, "asset_id": asset, "engine": "dlib", "engine_version": "1", **box,
        "landmarks": {}, "quality": quality, "embedding": None, "is_face": True,
        "person_id": whose, "assigned_by": "engine", "found_at": clock.now(),
        "changed_at": clock.now(),
    }  # fmt: skip


def _add_backup(made: Household) -> None:
    now = clock.now()
    for number, asset in enumerate(made.assets[:-1]):
        for target in TARGETS[: 1 + (number > 0)]:
            made.put(
                BackupCopy,
                {"asset_id": asset, "target": target, "path": f"Originals/{number}.jpg",
                 "copied_at": now, "verified_at": now - timedelta(days=number),
                 "verified_how": "read back", "problem": "gone" if number == 3 else None},
            )  # fmt: skip
    drill = {"target": TARGETS[0], "started_at": now, "finished_at": now - timedelta(days=1)}
    made.put(RestoreDrill, {**drill, "assets": 20, "size_bytes": 4_000_000, "failed": 0})
    made.put(
        LedgerDump,
        {"target": TARGETS[0], "path": "ledger/2024.dump", "made_at": now, "size_bytes": 3 << 20,
         "file_hash": "0" * 64, "rows": {}, "proved_at": now},
    )  # fmt: skip
    told = [
        {"target": TARGETS[0], "state": "OK", "verified": 7, "assets": 8, "message": None},
        {"target": TARGETS[1], "state": "ERROR", "verified": 6, "assets": 8,
         "message": "it does not answer: is the NAS on?"},
    ]  # fmt: skip
    made.put(SystemStatus, probe("backup-targets", "ERROR", {"targets": told}))
    doctor = [
        {"folder": "pixel-7", "verdict": "OK", "reason": "it only receives", "advice": ""},
        {"folder": "iphone", "verdict": "ERROR",
         "reason": "the phone would delete what is taken out of the inbox",
         "advice": "set the phone's folder to Send Only"},
    ]  # fmt: skip
    made.put(SystemStatus, probe("syncthing", "ERROR", {"doctor": doctor}))


def probe(name: str, status: str, details: dict[str, Any]) -> dict[str, Any]:
    now = clock.now()
    return {
        "service_name": name, "status": status, "current_task": "", "last_heartbeat": now,
        "expected_every": 300, "started_at": now, "restarts": 0, "message": None,
        "is_probe": True, "details": details,
    }  # fmt: skip


def _add_troubles(made: Household) -> None:
    now = clock.now()
    first, second, third = made.assets[:3]
    made.put(
        Arrival,
        _arrival("held", "pixel-7/VID_0001.mp4", "it claims 900 bytes and holds 1: unfinished?"),
        _arrival("failed", "pixel-7/odd.jpg", "permission denied: give this user access"),
        {**_arrival("duplicate", "iphone/again.jpg", "the archive's copy was damaged and was "
                    "repaired from this file"), "asset_id": first},
    )  # fmt: skip
    made.put(
        StageRun,
        *(
            {"asset_id": asset, "stage": stage, "tries_left": 0, "claims": 5, "not_before": now,
             "leased_by": None, "finished_at": None, "parked_at": now, "last_error": reason}
            for asset, stage, reason in (
                (second, "face", "it took longer than 120 seconds to decode"),
                (third, "face", "only a part of it is readable"),
                (made.assets[-1], "backup", "the name is too long for the target"),
            )
        ),
    )  # fmt: skip
    for stage, assets in (("face", [second, third]), ("backup", made.assets[-1:])):
        parked, why = MediaAsset.id.in_(assets), f"{stage}: see the page"
        made.change(MediaAsset, parked, has_errors=True, error_message=why)
    made.put(
        Finding,
        {"asset_id": second, "kind": "changed", "found_at": now, "message": "its bytes differ"},
    )
    made.put(
        Breaker,
        {"name": "inbox/iphone", "reason": "Syncthing's doctor: the phone would lose photos",
         "tripped_at": now},
    )  # fmt: skip
    for number, asset in enumerate(made.assets[-2:]):
        made.change(
            MediaAsset, MediaAsset.id == asset, captured_at_confidence=0.3,
            captured_at_source="file name" if number else "mtime",
        )  # fmt: skip
    place = uuid.uuid4()
    made.put(
        Place,
        {"id": place, "provider": "offline", "language": "en", "latitude": 52.5,
         "longitude": 13.4, "country_code": "DE", "country": "Germany", "state": "Berlin",
         "city": "Berlin", "display": "Berlin, Germany", "found_at": now},
    )  # fmt: skip
    made.change(MediaAsset, MediaAsset.id.in_(made.assets[:4]), place_id=place)
    made.put(
        Action,
        {"done_at": now, "who": "marie@example.org", "role": "owner", "action": "retry",
         "subject": "face", "details": {"service": "face"}, "problem": None},
    )  # fmt: skip


def _arrival(state: str, path: str, reason: str) -> dict[str, Any]:
    now = clock.now()
    return {
        "fingerprint": hash(path) & 0x7FFF_FFFF_FFFF, "path": path, "name": path.split("/")[1],
        "size_bytes": 900, "mtime_ns": 1, "inode": 1, "state": state, "reason": reason,
        "file_hash": None, "asset_id": None, "source_device": path.split("/", maxsplit=1)[0],
        "first_seen_at": now - timedelta(hours=3), "settled_at": now, "removed_at": None,
    }  # fmt: skip
