"""Two Librarians of one ledger: one files, the other waits, says so, and takes over."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from photo_factory.librarian import batch, lease, records
from photo_factory.librarian import service as librarian_service
from photo_factory.librarian.lease import Lease
from photo_factory.librarian.librarian import ArchiveInUse
from photo_factory.librarian.records import Records
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.ledger.database import connect, librarians_lease
from tests.factory import Factory
from tests.librarian.test_service import running, until
from tests.parts import PostgreSQL

NAME = "lease"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "ASK_EVERY", 0.2)
    monkeypatch.setattr(records, "RETRY_AFTER", 0.2)
    monkeypatch.setattr(librarian_service, "LONGEST_REST", 0.1)


@pytest.fixture
def shared(tmp_path: Path, postgres: PostgreSQL) -> Iterator[Factory]:
    """A factory whose ledger several hosts reach."""
    made = Factory(tmp_path / "factory", postgres.create_database(NAME))
    assert made.engine
    yield made
    made.close()
    postgres.drop_database(NAME)


@contextmanager
def another(factory: Factory, holder: str = "nas-2:7") -> Iterator[None]:
    """A Librarian of another host has the lease; no lock of files tells this host so."""
    engine = connect(str(factory.url))
    taken = librarians_lease(engine, holder)
    until(lambda: taken.other() is None)
    try:
        yield
    finally:
        taken.close()
        engine.dispose()


def waits(factory: Factory) -> bool:
    status = factory.status()
    return status["status"] == "WARNING" and "another Librarian" in status["message"]


def test_a_second_one_names_the_first_waits_and_takes_over(shared: Factory) -> None:
    with ExitStack() as first:
        first.enter_context(another(shared))
        with running(shared, STABILITY_DELAY=0):
            shared.drop("a.jpg")
            until(lambda: waits(shared))
            assert "another Librarian (nas-2:7) files for" in shared.status()["message"]
            time.sleep(0.5)
            assert shared.assets() == []
            first.close()
            until(shared.assets)
            until(lambda: shared.status()["status"] == "OK")


def test_the_next_one_files_when_the_first_is_killed(shared: Factory) -> None:
    command = [sys.executable, "-m", "photo_factory", "run", "librarian"]
    with subprocess.Popen(command, env=shared.environment(), stderr=subprocess.DEVNULL) as first:
        try:
            shared.drop("a.jpg")
            until(shared.assets)
            with running(shared, STABILITY_DELAY=0):
                until(lambda: waits(shared))
                first.kill()
                shared.drop("b.jpg")
                until(lambda: len(shared.assets()) == 2)
        finally:
            first.kill()


def test_one_round_beside_another_librarian_files_nothing_and_is_no_success(
    shared: Factory,
) -> None:
    shared.drop("a.jpg")
    with another(shared):
        assert not librarian_service.run(shared.settings(), threading.Event(), once=True)
    assert shared.assets() == []
    assert librarian_service.run(shared.settings(), threading.Event(), once=True)
    assert len(shared.assets()) == 1


def test_who_lost_the_lease_with_its_connection_lets_the_other_one_file(
    shared: Factory, postgres: PostgreSQL
) -> None:
    """As after a restart of the database: whoever comes first has it."""
    lost = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    with running(shared, STABILITY_DELAY=0, SCAN_INTERVAL=0.2) as stop:
        shared.drop("a.jpg")
        until(shared.assets)
        engine = connect(str(shared.url))
        taken = librarians_lease(engine, "nas-2:7")
        assert taken.other()
        until(lambda: postgres.sql(lost, NAME) or taken.other() is None)
        until(lambda: waits(shared))
        shared.drop("b.jpg")
        time.sleep(0.5)
        assert len(shared.assets()) == 1
        taken.close()
        engine.dispose()
        until(lambda: len(shared.assets()) == 2)
        assert not stop.is_set()


def test_it_files_no_more_once_another_one_has_the_lease(
    shared: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the midst of a listing that may take hours."""
    for number in range(3):
        shared.drop(f"{number}.jpg")
    asked = itertools.count()
    monkeypatch.setattr(batch, "MOST_FILES", 1)
    monkeypatch.setattr(lease, "ASK_EVERY", 0)
    monkeypatch.setattr(Records, "ask", lambda *_: "nas-2:7" if next(asked) >= 2 else None)
    assert not librarian_service.run(shared.settings(), threading.Event(), once=True)
    assert len(shared.assets()) == 1
    monkeypatch.undo()
    assert librarian_service.run(shared.settings(), threading.Event(), once=True)
    assert len(shared.assets()) == 3


def test_where_the_ledger_is_away_who_filed_files_on_and_who_waited_waits(
    shared: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Lease(Records(shared.engine, 5)) for _ in range(2))
    first.check()
    with pytest.raises(ArchiveInUse):
        second.check()

    def away(*_: object) -> None:
        raise LedgerAway("it is away")

    monkeypatch.setattr(Records, "ask", away)
    monkeypatch.setattr(lease, "ASK_EVERY", 0)
    for _ in range(2):
        first.check()
        with pytest.raises(ArchiveInUse):
            second.check()
    monkeypatch.undo()
    first.end()
    second._ask_from = 0.0
    second.check()
    second.end()


def test_two_archives_on_one_server_have_nothing_to_do_with_each_other(
    shared: Factory, postgres: PostgreSQL
) -> None:
    other = connect(postgres.create_database("elsewhere"))
    with another(shared):
        elsewhere = librarians_lease(other, "nas-3:7")
        assert elsewhere.other() is None
        elsewhere.close()
    other.dispose()
    postgres.drop_database("elsewhere")
