"""Whatever happens in whatever order, it ends the same: every content archived once, told once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from photo_factory.librarian.records import Records
from photo_factory.shared.errors import LedgerAway
from tests.faults.workshop import Workshop, photo, sha256
from tests.shared.media.made import xmp

NAMES = ("phone/IMG_1.jpg", "phone/IMG_1.xmp", "phone/IMG_2.jpg", "tablet/IMG_1.jpg",
         "tablet/img_1.JPG", "IMG_2.jpg")  # fmt: skip
CONTENTS = (
    photo(1), photo(2), photo(3, "2021:05:06 07:08:09"), photo(4, "2021:05:06 07:08:10"),
    xmp(xmp_Rating="5"),
)  # fmt: skip


@dataclass
class World:
    """The inbox as people and phones treat it, and what must be in the archive by the end."""

    shop: Workshop
    seen: set[bytes] = field(default_factory=set)

    def arrive(self, name: str, content: bytes) -> None:
        """A file arrives; one that is there already is replaced."""
        path = self.shop.inbox / name
        path.unlink(missing_ok=True)
        self.shop.put(name, content)

    def grow(self, name: str, by: bytes) -> None:
        path = self.shop.inbox / name
        if path.exists():
            with path.open("ab") as file:
                file.write(by)

    def rename(self, name: str, to: str) -> None:
        path = self.shop.inbox / name
        if path.exists():
            (self.shop.inbox / to).parent.mkdir(exist_ok=True)
            path.replace(self.shop.inbox / to)

    def delete(self, name: str) -> None:
        (self.shop.inbox / name).unlink(missing_ok=True)

    def run(self, leaves: int | None, returns: int | None) -> None:
        """The program is started once; the database may leave and return at any of its verbs."""
        files = [path for path in self.shop.inbox.rglob("*") if path.is_file()]
        self.seen.update(path.read_bytes() for path in files)
        with _ledger(leaves, returns):
            summary = self.shop.run()
        assert summary.held + summary.failed == 0, self.shop.reasons()
        assert self.shop.left() == []

    def end(self) -> None:
        """With everything up, one more run settles all."""
        self.run(None, None)
        self.shop.check(*self.seen)
        rows = self.shop.arrivals()
        assert {row["state"] for row in rows} <= {"filed", "duplicate"}
        filed = [row["file_hash"] for row in rows if row["state"] == "filed"]
        assert sorted(filed) == sorted(map(sha256, self.seen))
        assert (self.shop.paths.journal / "filing.jsonl").stat().st_size == 0
        before = (rows, self.shop.assets())
        self.run(None, None)
        assert (self.shop.arrivals(), self.shop.assets()) == before


@contextmanager
def _ledger(leaves: int | None, returns: int | None) -> Iterator[None]:
    """The ledger is away from its `leaves`th use to its `returns`th."""
    ready, uses = Records.ready, [0]

    def flaky(self: Records) -> Engine:
        uses[0] += 1
        if leaves is not None and leaves <= uses[0] and not (returns and uses[0] >= returns):
            raise LedgerAway("away")
        return ready(self)

    with mock.patch.object(Records, "ready", flaky):
        yield


names, contents = st.sampled_from(NAMES), st.sampled_from(CONTENTS)
moments = st.one_of(st.none(), st.integers(1, 12))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), names, contents),
        st.tuples(st.just("arrive"), names, contents),
        st.tuples(st.just("grow"), names, st.sampled_from([b"a", b"bb"])),
        st.tuples(st.just("rename"), names, names),
        st.tuples(st.just("delete"), names),
        st.tuples(st.just("run"), moments, moments),
        st.tuples(st.just("run"), st.just(1), st.none()),
    ),
    max_size=12,
)


@pytest.fixture
def world(quick: None, _sqlite_template: Path) -> Callable[[Path], World]:
    """Makes a world with a migrated ledger in a folder."""

    def make(folder: Path) -> World:
        shutil.copyfile(_sqlite_template, folder / "ledger.sqlite3")
        return World(Workshop(folder, f"sqlite:///{folder}/ledger.sqlite3"))

    return make


@settings(
    max_examples=100,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_it_ends_in_the_same_state(
    world: Callable[[Path], World], taken: list[tuple[object, ...]]
) -> None:
    with tempfile.TemporaryDirectory(prefix="pf-") as folder:
        here = world(Path(folder))
        for verb, *what in taken:
            getattr(here, str(verb))(*what)
        here.end()
