"""Both ways to search give the same answers: NumPy in memory, and pgvector on a real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from photo_factory.addons.face import vectors
from photo_factory.shared.ledger import database
from tests.addons.face.conftest import DLIB, Album, a_face, embedding, same
from tests.factory import Factory
from tests.parts import PostgreSQL, require_part


class WithPgvector(PostgreSQL):
    """The server of the package pgserver, which has pgvector; Debian's has not."""

    @staticmethod
    def _command(program: str, *arguments: str) -> list[str]:
        *user, _ = PostgreSQL._command(program)
        return [*user, str(_binaries() / program), *arguments]


def _binaries() -> Path:
    spec = find_spec("pgserver")
    assert spec and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@pytest.fixture(scope="module")
def pgvector_server() -> Iterator[PostgreSQL]:
    if find_spec("pgserver") is None:
        pytest.skip("needs a PostgreSQL with pgvector: pip install pgserver")
    require_part("PostgreSQL", "postgresql", PostgreSQL.is_installed())
    server = WithPgvector.create()
    server.start()
    try:
        yield server
    finally:
        server.destroy()


@pytest.fixture
def on_pgvector(pgvector_server: PostgreSQL, tmp_path: Path) -> Iterator[Album]:
    url = pgvector_server.create_database("faces")
    engine = database.connect(url)
    database.migrate(engine)
    try:
        yield Album(engine, Factory(tmp_path / "factory", url).settings())
    finally:
        engine.dispose()
        pgvector_server.drop_database("faces")
        vectors._memory.cache_clear()


def test_it_groups_faces_by_pgvector(on_pgvector: Album) -> None:
    album = on_pgvector
    vectors.prepare(album.engine)
    photos = [album.scan(a_face(1, by)) for by in (0.0, 0.2, 0.45)]
    other = album.scan(a_face(1, 0.96))
    assert same([album.person(photo) for photo in photos])
    assert album.person(other) != album.person(photos[0])
    with album.engine.connect() as connection:
        assert isinstance(vectors.index(connection, DLIB), vectors.PgVector)


def test_pgvector_and_numpy_find_the_same_faces_at_the_same_distances(on_pgvector: Album) -> None:
    album = on_pgvector
    random = np.random.default_rng(5)
    for _ in range(60):
        face = a_face(1)
        face["embedding"] = (random.standard_normal(128) / 16).astype("<f4").tobytes()
        album.scan(face)
    vectors.prepare(album.engine)  # only now: it takes in what is there already
    here = (random.standard_normal(128) / 16).astype("<f4").tobytes()
    with album.engine.connect() as connection:
        by_server = vectors.PgVector(connection, DLIB).nearest(here, 1.0)
        memory = vectors.Memory(DLIB)
        memory.refresh(connection)
        by_numpy = memory.nearest(here, 1.0)
    assert [who for who, _ in by_server] == [who for who, _ in by_numpy]
    assert [far for _, far in by_server] == pytest.approx([far for _, far in by_numpy], abs=1e-5)
    assert 0 < len(by_numpy) < 60


def test_pgvector_forgets_faces_that_go(on_pgvector: Album) -> None:
    album = on_pgvector
    vectors.prepare(album.engine)
    photo = album.scan(a_face(1), a_face(2, left=0.6))
    album.scan(a_face(1), photo=photo)
    with album.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM face_vectors")) == 1


def test_it_does_without_pgvector_where_there_is_none(album: Album) -> None:
    vectors.prepare(album.engine)
    with album.engine.connect() as connection:
        assert isinstance(vectors.index(connection, DLIB), vectors.Memory)
    assert album.person(album.scan(a_face(1))) == album.person(album.scan(a_face(1)))


def test_the_memory_gives_the_nearest_first_and_none_beyond_the_limit(album: Album) -> None:
    photos = [album.scan(a_face(1, by)) for by in (0.3, 0.1, 0.2)]
    far = album.scan(a_face(1, 0.9))
    memory = vectors.Memory(DLIB)
    with album.engine.connect() as connection:
        memory.refresh(connection)
    found = memory.nearest(embedding(1), 0.5)
    assert [distance for _, distance in found] == pytest.approx([0.1, 0.2, 0.3], abs=1e-6)
    assert {who for who, _ in found} == {album.person(photos[0])} != {album.person(far)}


def test_the_memory_reads_again_only_what_has_changed(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "_OVERLAP", vectors.timedelta(0))
    read: list[int] = []
    take = vectors.Memory.take

    def counting(self: vectors.Memory, rows: Any) -> None:
        read.append(len(rows))
        take(self, rows)

    monkeypatch.setattr(vectors.Memory, "take", counting)
    memory = vectors.Memory(DLIB)
    for who in range(5):
        album.scan(a_face(who))
    with album.engine.connect() as connection:
        memory.refresh(connection)
    read.clear()
    album.scan(a_face(9))
    read.clear()
    with album.engine.connect() as connection:
        memory.refresh(connection)
    assert read == [2]  # the new one, and the last that was seen


def test_the_memory_grows_and_keeps_what_it_has() -> None:
    memory = vectors.Memory(DLIB)
    rows = [
        _Row(uuid.uuid4(), uuid.uuid4(), True, embedding(who % 60, who / 60)) for who in range(3000)
    ]
    for start in range(0, 3000, 700):
        memory.take(rows[start : start + 700])
    for row in rows[::500]:
        assert memory.nearest(row.embedding, 1e-3)[0] == (row.person_id, pytest.approx(0, abs=1e-6))


class _Row:
    def __init__(self, *values: Any) -> None:
        self.id, self.person_id, self.is_face, self.embedding = values
