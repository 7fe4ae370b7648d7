"""Search among embeddings: by pgvector where the database has it, else by NumPy in memory."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Table, func, select, text
from sqlalchemy.exc import DBAPIError

from photo_factory.addons.face.engines import Identity
from photo_factory.addons.face.nearest import Candidate
from photo_factory.shared.ledger.database import away
from photo_factory.shared.ledger.models import Face

log = logging.getLogger(__name__)

faces: Table = Face.__table__  # type: ignore[assignment]

MOST = 50
"""So many of the nearest faces are looked at."""

_OVERLAP = timedelta(seconds=5)
"""Rows that changed so shortly before the last look are read again: clocks are set now and then."""


class Index(Protocol):
    """The faces that are somebody's, by embedding."""

    def nearest(self, embedding: bytes, limit: float) -> list[Candidate]:
        """The persons of the nearest faces within `limit`, with their distances, nearest first."""


def index(connection: Connection, identity: Identity) -> Index:
    """The faces of one engine as this transaction sees them."""
    if has_pgvector(connection):
        return PgVector(connection, identity)
    memory = _memory(str(connection.engine.url), identity)
    memory.refresh(connection)
    return memory


class PgVector:
    """Asks the server. The search is exact: it has no index that could miss the nearest face."""

    def __init__(self, connection: Connection, identity: Identity) -> None:
        self._connection, self._identity = connection, identity

    def nearest(self, embedding: bytes, limit: float) -> list[Candidate]:
        """See Index."""
        asked = {
            "here": as_text(embedding),
            "limit": limit,
            "most": MOST,
            "engine": self._identity.name,
            "version": self._identity.version,
        }
        found = self._connection.execute(_NEAREST, asked)
        return [(row.person_id, row.distance) for row in found]


_NEAREST = text(
    """
    SELECT faces.person_id, face_vectors.embedding <-> CAST(:here AS vector) AS distance
    FROM face_vectors JOIN faces ON faces.id = face_vectors.face_id
    WHERE faces.is_face AND faces.person_id IS NOT NULL
      AND faces.engine = :engine AND faces.engine_version = :version
      AND face_vectors.embedding <-> CAST(:here AS vector) <= :limit
    ORDER BY distance LIMIT :most
    """
)


def has_pgvector(connection: Connection) -> bool:
    """Whether `prepare` has found pgvector on this server."""
    if connection.dialect.name != "postgresql":
        return False
    return connection.scalar(text("SELECT to_regclass('face_vectors')")) is not None


def prepare(engine: Engine) -> None:
    """Use pgvector where the server has it: a table beside `faces`, filled with what is there."""
    if engine.dialect.name != "postgresql":
        return
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
            connection.execute(_TABLE)
    except DBAPIError as error:
        # Not installed on the server, or this user may not: NumPy searches instead.
        reason = str(error.orig).strip().splitlines()[0]
        log.info("without pgvector (%s): faces are compared in memory", reason)
        return
    with away(), engine.begin() as connection:
        missing = connection.execute(_MISSING).all()
        put(connection, [row._asdict() for row in missing])


# No length is given: engines may differ in it.
_TABLE = text(
    """
    CREATE TABLE IF NOT EXISTS face_vectors (
        face_id uuid PRIMARY KEY REFERENCES faces (id) ON DELETE CASCADE,
        embedding vector NOT NULL
    )
    """
)
_MISSING = text(
    """
    SELECT id, embedding FROM faces
    WHERE embedding IS NOT NULL AND id NOT IN (SELECT face_id FROM face_vectors)
    """
)
_PUT = text(
    "INSERT INTO face_vectors (face_id, embedding) VALUES (:id, CAST(:embedding AS vector))"
    " ON CONFLICT (face_id) DO UPDATE SET embedding = excluded.embedding"
)


def put(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Tell pgvector of new faces; nothing where there is none."""
    known = [
        {"id": row["id"], "embedding": as_text(row["embedding"])}
        for row in rows
        if row["embedding"]
    ]
    if known and has_pgvector(connection):
        connection.execute(_PUT, known)


def as_text(embedding: bytes) -> str:
    """An embedding as pgvector reads it."""
    import numpy as np

    numbers = np.frombuffer(embedding, dtype="<f4")
    return "[" + ",".join(repr(float(number)) for number in numbers) + "]"


class Memory:
    """All faces of one engine that are somebody's, kept in memory and up to date.

    100,000 embeddings of 128 numbers take 51 MB. Only what has changed since the last look is read
    again: every writer notes the time in `changed_at`, under the lock.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._turn = Lock()
        self._forget()

    def _forget(self) -> None:
        self._slots: dict[uuid.UUID, int] = {}
        self._persons: list[uuid.UUID | None] = []
        self._vectors: Any = None
        self._squares: Any = None
        self._seen: datetime | None = None

    def refresh(self, connection: Connection) -> None:
        """Read what has changed; all of it where rows have gone."""
        with self._turn:
            self._read(connection)
            ours = select(func.count()).select_from(faces).where(*self._ours())
            if connection.scalar(ours) != len(self._slots):
                self._forget()
                self._read(connection)

    def _ours(self) -> tuple[Any, ...]:
        return (
            faces.c.engine == self._identity.name,
            faces.c.engine_version == self._identity.version,
        )

    def _read(self, connection: Connection) -> None:
        columns = (faces.c.id, faces.c.person_id, faces.c.is_face, faces.c.embedding)
        query = select(*columns, faces.c.changed_at).where(*self._ours())
        if self._seen is not None:
            query = query.where(faces.c.changed_at >= self._seen - _OVERLAP)
        rows = connection.execute(query).all()
        if rows:
            self._seen = max(row.changed_at for row in rows)
            self.take(rows)

    def take(self, rows: Sequence[Any]) -> None:
        """Take in rows of faces (id, person_id, is_face, embedding), or what is new of them."""
        import numpy as np

        if not rows:
            return
        for row in rows:
            if row.id not in self._slots:
                self._slots[row.id] = len(self._slots)
                self._persons.append(None)
        places = np.array([self._slots[row.id] for row in rows])
        given = [bool(row.is_face and row.person_id and row.embedding) for row in rows]
        width = max((len(row.embedding) // 4 for row in rows if row.embedding), default=0)
        self._grow(width)
        for row, place, is_given in zip(rows, places, given, strict=True):
            self._persons[place] = row.person_id if is_given else None
            if is_given:
                self._vectors[place] = np.frombuffer(row.embedding, dtype="<f4")
        lengths = np.einsum("ij,ij->i", self._vectors[places], self._vectors[places])
        # What is nobody's is infinitely far away.
        self._squares[places] = np.where(given, lengths, np.inf)

    def _grow(self, width: int) -> None:
        import numpy as np

        room = 0 if self._vectors is None else len(self._vectors)
        if self._vectors is not None and len(self._slots) <= room:
            return
        size = max(1024, len(self._slots) * 3 // 2)
        vectors = np.zeros((size, width or 128), dtype=np.float32)
        squares = np.full(size, np.inf, dtype=np.float32)
        if room:
            vectors = np.zeros((size, self._vectors.shape[1]), dtype=np.float32)
            vectors[:room], squares[:room] = self._vectors, self._squares
        self._vectors, self._squares = vectors, squares

    def nearest(self, embedding: bytes, limit: float) -> list[Candidate]:
        """See Index."""
        import numpy as np

        with self._turn:
            if not self._slots:
                return []
            used = len(self._slots)
            here = np.frombuffer(embedding, dtype="<f4")
            # |a - b|² = |a|² - 2ab + |b|²: one product instead of a difference for each face.
            far = self._squares[:used] - 2 * (self._vectors[:used] @ here) + here @ here
            close = np.flatnonzero(far <= limit * limit + _ROUNDING)
            apart = np.linalg.norm(self._vectors[close] - here, axis=1)
            order = np.argsort(apart, kind="stable")[:MOST]
            found = [(self._persons[close[i]], float(apart[i])) for i in order]
        return [(who, distance) for who, distance in found if who and distance <= limit]


_ROUNDING = 1e-3


@lru_cache(maxsize=4)
def _memory(_url: str, identity: Identity) -> Memory:
    return Memory(identity)
