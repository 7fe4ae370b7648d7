"""A ledger with photos and faces in it, without any pixels."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, insert, select

from photo_factory.addons.face import record, vectors
from photo_factory.addons.face.engines import Identity
from photo_factory.shared.ledger.models import Face, MediaAsset, Person
from photo_factory.shared.settings import Settings
from tests.factory import Factory
from tests.shared.ledger.rows import an_asset

DLIB = Identity("dlib", "1")


def embedding(who: int, by: float = 0.0) -> bytes:
    """Somebody's embedding; `by` moves it so far away. Different ones are 1.4 apart."""
    numbers = np.zeros(128, dtype="<f4")
    numbers[who] = 1
    numbers[64 + who] = by
    return numbers.tobytes()


def a_face(who: int, by: float = 0.0, left: float = 0.1, quality: float = 0.9) -> dict[str, Any]:
    """A face as the child process tells of it."""
    return {
        "box_left": left, "box_top": 0.1, "box_width": 0.1, "box_height": 0.1,
        "landmarks": {"nose": [left + 0.05, 0.15]}, "quality": quality,
        "embedding": embedding(who, by),
    }  # fmt: skip


@dataclass
class Album:
    """Photos, and the faces on them."""

    engine: Engine
    settings: Settings
    identity: Identity = DLIB
    photos: list[uuid.UUID] = field(default_factory=list)

    def add(self) -> uuid.UUID:
        """One more photo, not searched yet."""
        row = an_asset(final_path=f"Storage/Originals/2024/2024-05-01/{uuid.uuid4()}.jpg")
        with self.engine.begin() as connection:
            connection.execute(insert(MediaAsset), [row])
        self.photos.append(row["id"])
        return row["id"]

    def scan(
        self, *found: dict[str, Any], photo: uuid.UUID | None = None, by: Identity | None = None
    ) -> uuid.UUID:
        """A scan of a photo, a new one unless it is named, has found these faces."""
        photo = photo or self.add()
        with self.engine.begin() as connection:
            record.enter(connection, photo, found, by or self.identity, self.settings)
        return photo

    def faces(self, photo: uuid.UUID | None = None) -> list[dict[str, Any]]:
        """Rows of faces, from left to right."""
        query = select(Face.__table__).order_by(Face.box_left)
        return self._rows(query.where(Face.asset_id == photo) if photo else query)

    def face(self, photo: uuid.UUID) -> dict[str, Any]:
        """The only face of a photo."""
        (found,) = self.faces(photo)
        return found

    def person(self, photo: uuid.UUID) -> uuid.UUID:
        """Whose the only face of a photo is."""
        found: uuid.UUID = self.face(photo)["person_id"]
        return found

    def persons(self) -> list[dict[str, Any]]:
        return self._rows(select(Person.__table__).order_by(Person.created_at))

    def _rows(self, query: Any) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]


@pytest.fixture
def album(engine: Engine, ledger_url: str, tmp_path: Path) -> Iterator[Album]:
    settings = Factory(tmp_path / "factory", ledger_url).settings()
    yield Album(engine, settings)
    vectors._memory.cache_clear()


def same(values: Sequence[Any]) -> bool:
    """Whether all are one and the same, and something."""
    return len(set(values)) == 1 and values[0] is not None
