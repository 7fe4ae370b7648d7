"""The archive's breaker: an empty mount point or another disk stops everything, and is told."""

from __future__ import annotations

import errno
import json
import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from photo_factory.addons.thumbnail import service as thumbnail
from photo_factory.dashboard.actions import attention
from photo_factory.dashboard.context import Context
from photo_factory.librarian.service import Service
from photo_factory.shared import breakers, roots
from photo_factory.shared.action_log import Actor
from photo_factory.shared.ledger.database import connect
from photo_factory.shared.paths import database_url
from photo_factory.shared.roots import MARKER, Guard, Halted
from tests.factory import Factory

ROOTS = "SELECT name, marker FROM roots"


@pytest.fixture
def factory(tmp_path: Path, ledger_url: str) -> Factory:
    """On each kind of database, none of which stands in the storage."""
    factory = Factory(tmp_path / "home", ledger_url)
    factory.drop("a.jpg")
    factory.ingest()
    return factory


@pytest.fixture
def embedded(tmp_path: Path) -> Factory:
    factory = Factory(tmp_path / "home")
    factory.drop("a.jpg")
    factory.ingest()
    return factory


def guard(factory: Factory, *, keeper: bool = False) -> Guard:
    return Guard(factory.settings(), factory.paths, factory.engine, keeper=keeper)


def unplug(factory: Factory) -> Path:
    """The disk goes away; what is left is an empty mount point."""
    factory.close()
    away = factory.home / "away"
    factory.paths.storage.rename(away)
    factory.paths.storage.mkdir()
    return away


def plug_in(factory: Factory, away: Path) -> None:
    shutil.rmtree(factory.paths.storage)
    away.rename(factory.paths.storage)


def test_filing_leaves_a_marker_that_verify_knows(factory: Factory) -> None:
    marker = (factory.paths.originals / MARKER).read_text().strip()
    with factory.engine.connect() as connection:
        known = connection.execute(text("SELECT name, marker FROM roots")).all()
    assert [tuple(row) for row in known] == [("originals", marker)]
    assert factory.verify().all_is_well
    assert guard(factory).trouble() is None


def test_an_empty_mount_point_stops_everything_and_a_remount_lets_it_go_on(
    factory: Factory,
) -> None:
    away = unplug(factory)
    factory.drop("b.jpg")
    with pytest.raises(Halted, match="has not its marker"):
        factory.ingest()
    assert factory.inbox() == ["b.jpg"]
    assert list(factory.paths.storage.iterdir()) == []
    assert list(breakers.tripped(factory.engine)) == ["archive"]
    plug_in(factory, away)
    factory.ingest()
    assert breakers.tripped(factory.engine) == {}
    assert factory.inbox() == []


def test_another_disk_stops_everything_until_a_person_says_that_it_is_right(
    factory: Factory,
) -> None:
    (factory.paths.originals / MARKER).write_text("somebody else's\n")
    with pytest.raises(Halted, match="another archive's marker"):
        guard(factory, keeper=True).check()
    with factory.engine.begin() as connection:
        assert breakers.reset(connection, "archive")
    for _ in range(2):
        guard(factory, keeper=True).check()
    assert breakers.tripped(factory.engine) == {}


def test_a_reset_of_what_is_not_tripped_disarms_nothing(factory: Factory) -> None:
    with factory.engine.begin() as connection:
        assert not roots.accept(factory.settings(), connection)
        assert not breakers.reset(connection, "archive")
    unplug(factory)
    factory.drop("b.jpg")
    with pytest.raises(Halted, match="has not its marker"):
        factory.ingest()
    assert list(factory.paths.storage.iterdir()) == []


@pytest.mark.parametrize(
    ("reason", "learned"),
    [
        (f"{breakers.AWAY}so", {"originals": ""}),
        (
            f"{breakers.VANISHED_AT_ONCE}so",
            {"originals/vanished": "right", "originals/wrong": "right"},
        ),
        (f"{breakers.WRONG_AT_ONCE}so", {"originals/wrong": "right"}),
        ("a person wants so", {}),
    ],
)
def test_a_reset_says_right_only_what_it_was_tripped_for(
    factory: Factory, reason: str, learned: dict[str, str]
) -> None:
    with factory.engine.begin() as connection:
        before = markers(connection)
        breakers.trip(connection, "archive", reason)
        assert roots.accept(factory.settings(), connection)
        assert markers(connection) == before | learned
    remembered = json.loads((factory.home / MARKER).read_bytes())
    assert bool(remembered) == ("originals" not in learned)


def markers(connection: Connection) -> dict[str, str]:
    return {row.name: row.marker for row in connection.execute(text(ROOTS))}


def test_an_archive_of_before_the_markers_gets_one_if_its_photos_are_there(
    factory: Factory,
) -> None:
    (factory.paths.originals / MARKER).unlink()
    (factory.home / MARKER).unlink()
    with factory.engine.begin() as connection:
        connection.execute(text("DELETE FROM roots"))
    guard(factory, keeper=True).check()
    assert (factory.paths.originals / MARKER).exists()


def test_an_archive_of_before_the_markers_is_not_begun_anew_where_its_disk_is_missing(
    factory: Factory,
) -> None:
    unplug(factory)
    (factory.home / MARKER).unlink()
    with factory.engine.begin() as connection:
        connection.execute(text("DELETE FROM roots"))
    assert "away" in (guard(factory, keeper=True).trouble() or "")
    assert list(factory.paths.storage.iterdir()) == []


def test_a_lost_marker_is_left_again_beside_the_right_photos(factory: Factory) -> None:
    marker = (factory.paths.originals / MARKER).read_text()
    (factory.paths.originals / MARKER).unlink()
    guard(factory, keeper=True).check()
    assert (factory.paths.originals / MARKER).read_text() == marker


def test_a_marker_that_the_disk_does_not_give_stops_everything_until_it_does(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching, keeping = guard(factory), guard(factory, keeper=True)
    assert watching.trouble() is None

    def fails(*_: object, **__: object) -> str:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", fails)
        assert "its marker cannot be read" in (watching.trouble() or "")
    keeping.check()
    assert breakers.tripped(factory.engine) == {}


def test_it_knows_the_archive_though_the_ledger_is_away(factory: Factory) -> None:
    unplug(factory)
    settings = factory.settings(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    engine = connect(database_url(settings))
    assert "has not its marker" in (Guard(settings, factory.paths, engine).trouble() or "")
    engine.dispose()


def test_an_embedded_ledger_is_not_made_anew_in_an_empty_mount_point(embedded: Factory) -> None:
    away = unplug(embedded)
    embedded.drop("b.jpg")
    service = Service(embedded.settings(), threading.Event())
    assert service.run(once=True) is False
    assert service._status == "ERROR"
    assert list(embedded.paths.storage.iterdir()) == []
    plug_in(embedded, away)
    assert Service(embedded.settings(), threading.Event()).run(once=True) is True
    assert embedded.inbox() == []


def test_a_person_may_begin_anew_with_an_embedded_ledger(embedded: Factory) -> None:
    unplug(embedded)
    with embedded.engine.begin() as connection:
        roots.accept(embedded.settings(), connection)
    embedded.drop("b.jpg")
    embedded.ingest()
    assert [row["original_name"] for row in embedded.assets()] == ["b.jpg"]


@pytest.mark.parametrize("is_embedded", [True, False])
def test_what_runs_goes_on_once_a_person_said_that_the_archive_is_right(
    tmp_path: Path, is_embedded: bool, ledger_url: str
) -> None:
    one = Factory(tmp_path / "home", None if is_embedded else ledger_url)
    one.drop("a.jpg")
    one.ingest()
    librarian, add_on = guard(one, keeper=True), guard(one)
    assert librarian.trouble() is None and add_on.trouble() is None
    one.on_disk(one.asset("a.jpg")).unlink()
    (one.paths.originals / MARKER).unlink()  # the ledger stays
    assert librarian.trouble(at_once=True) and add_on.trouble(at_once=True)
    with one.engine.begin() as connection:
        assert roots.accept(one.settings(), connection)
    assert librarian.trouble(at_once=True) is None
    assert add_on.trouble(at_once=True) is None
    one.close()


def test_another_disk_with_a_ledger_of_its_own_is_refused_until_a_person_says_so(
    embedded: Factory,
) -> None:
    librarian, add_on = guard(embedded, keeper=True), guard(embedded)
    assert librarian.trouble() is None and add_on.trouble() is None
    (embedded.paths.originals / MARKER).write_text("another\n")
    for one in (librarian, add_on, guard(embedded)):
        assert "another archive's marker" in (one.trouble(at_once=True) or "")
        assert not one.has_ledger
    (embedded.home / MARKER).rename(embedded.home / "aside")  # it says nothing, then
    assert librarian.trouble(at_once=True) and add_on.trouble(at_once=True)
    (embedded.home / "aside").rename(embedded.home / MARKER)
    with embedded.engine.begin() as connection:
        assert roots.accept(embedded.settings(), connection)
    assert librarian.trouble(at_once=True) is None
    assert add_on.trouble(at_once=True) is None
    assert "another" in (embedded.home / MARKER).read_text()


def test_a_marker_nobody_may_read_does_not_send_the_ledger_away(
    embedded: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "read_text", fails)
    fresh = guard(embedded)
    assert fresh.has_ledger and fresh.trouble() is None


def test_a_restored_archive_without_its_marker_has_its_ledger(embedded: Factory) -> None:
    (embedded.paths.originals / MARKER).unlink()
    fresh = guard(embedded)
    assert fresh.has_ledger and fresh.trouble() is None


def test_what_is_accepted_may_be_another_breaker(factory: Factory) -> None:
    with factory.engine.begin() as connection:
        before = markers(connection)
        breakers.trip(connection, "archive", f"{breakers.AWAY}so")
        breakers.trip(connection, "inbox/phone", "so")
        assert roots.accept(factory.settings(), connection, "inbox/phone")
        assert markers(connection) == before
    assert list(breakers.tripped(factory.engine)) == ["archive"]


def test_the_dashboard_says_that_the_archive_is_right_as_the_command_does(
    factory: Factory,
) -> None:
    (factory.paths.originals / MARKER).write_text("another\n")
    assert guard(factory, keeper=True).trouble()
    context = Context(factory.settings(), factory.paths, factory.engine)
    assert attention.let_go_on(context, Actor("anna", "owner"), "archive")
    assert json.loads((factory.home / MARKER).read_bytes()) == {}
    assert guard(factory, keeper=True).trouble() is None


def test_add_ons_stand_still_with_an_error_and_park_nothing(factory: Factory) -> None:
    away = unplug(factory)
    assert thumbnail.run(factory.settings(), threading.Event(), once=True) is False
    light = factory.status("thumbnail")
    assert light["status"] == "ERROR" and "has not its marker" in light["message"]
    (asset,) = factory.assets()
    assert not asset["has_errors"]
    plug_in(factory, away)
    factory.ingest()
    assert thumbnail.run(factory.settings(), threading.Event(), once=True) is True
    assert factory.asset("a.jpg")["is_thumbnailed"]


def test_two_that_begin_at_once_agree_on_one_marker(tmp_path: Path) -> None:
    factory = Factory(tmp_path / "home")
    made: list[str | None] = []

    def begin(number: int) -> None:
        guard = roots.Guard(factory.settings(), factory.paths, factory.engine, keeper=True)
        barrier.wait()
        made.append(guard._leave(f"marker-{number}"))

    for _ in range(20):
        (factory.paths.originals / roots.MARKER).unlink(missing_ok=True)
        made.clear()
        barrier = threading.Barrier(4)
        threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        there = (factory.paths.originals / roots.MARKER).read_text().strip()
        assert set(made) == {there}
        assert [one.name for one in factory.paths.originals.iterdir()] == [roots.MARKER]
    factory.close()
