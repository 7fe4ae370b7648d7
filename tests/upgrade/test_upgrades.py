"""A ledger of an earlier program comes up unchanged, in this program's shape, and goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from photo_factory.addons import thumbnail
from photo_factory.commands.migrate import let_reader_in
from photo_factory.shared.errors import LedgerError
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.migrations import HEAD
from photo_factory.shared.ledger.models import Base
from tests.factory import Factory
from tests.parts import PostgreSQL
from tests.shared.ledger.test_reporting import QUERIES
from tests.upgrade import ledgers

ON_POSTGRESQL = pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
THE_LAST = pytest.mark.parametrize("step", ledgers.STEPS[-1:], indirect=True)


def migrate(url: str) -> bool:
    engine = database.connect(url)
    try:
        return database.migrate(engine)
    finally:
        engine.dispose()


@pytest.fixture
def factory(old_url: str, step: str, tmp_path: Path) -> Iterator[Factory]:
    """A factory whose ledger and archive are kept ones."""
    made = Factory(tmp_path / "factory", old_url)
    ledgers.unpack(step, make_url(old_url).get_backend_name(), made.paths.storage)
    yield made
    made.close()


def command(factory: Factory, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "photo_factory", *words], env=factory.environment(),
        cwd=factory.home, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_kept_ledgers_are_what_they_say(old_url: str, step: str) -> None:
    before = ledgers.content(old_url)
    assert (ledgers.step_of(old_url), len(before["media_assets"][1])) == (step, 8)
    assert step < HEAD
    filled = {name for name, (_, rows) in before.items() if rows}
    assert {"arrivals", "system_status", "system_status_history"} < filled
    assert step == "0001" or filled == set(before), "each table has rows that could be lost"


def test_not_a_value_of_an_old_ledger_changes(old_url: str) -> None:
    before = ledgers.without_step(ledgers.content(old_url))
    assert migrate(old_url) is True
    assert ledgers.content(old_url, before) == before


def test_migrating_again_does_nothing(factory: Factory, old_url: str) -> None:
    first, second = command(factory, "migrate"), command(factory, "migrate")
    assert (first.returncode, first.stderr.strip().endswith(": migrated")) == (0, True)
    once = ledgers.content(old_url)
    assert (second.returncode, second.stderr.strip().endswith(": up to date")) == (0, True)
    assert ledgers.content(old_url) == once
    assert ledgers.step_of(old_url) == HEAD


def test_it_gets_every_table_and_its_reports(old_url: str) -> None:
    migrate(old_url)
    engine = database.connect(old_url)
    seen = inspect(engine)
    assert set(Base.metadata.tables) < set(seen.get_table_names())
    with database.reading(engine) as connection:
        answers = {
            name: connection.execute(text(f"SELECT * FROM {name}")).all()
            for name in seen.get_view_names()
        }
        for query in QUERIES:
            connection.exec_driver_sql(query).all()
    engine.dispose()
    assert sum(row.assets for row in answers["v_by_device"]) == 8
    assert {row.done + row.waiting + row.parked + row.not_applicable
            for row in answers["v_pipeline"]} == {8}  # fmt: skip


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_it_has_the_shape_of_a_new_one_on_sqlite(old_url: str, tmp_path: Path) -> None:
    new = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    migrate(new)
    migrate(old_url)
    assert ledgers.schema_of_sqlite(old_url) == ledgers.schema_of_sqlite(new)


@ON_POSTGRESQL
def test_it_has_the_shape_of_a_new_one_on_postgresql(old_url: str, postgres: PostgreSQL) -> None:
    new = postgres.create_database("a_new_one")
    try:
        migrate(new)
        migrate(old_url)
        assert shape(postgres, old_url) == shape(postgres, new)
    finally:
        postgres.drop_database("a_new_one")


def shape(postgres: PostgreSQL, url: str) -> str:
    """What pg_dump says of a restored dump: restoring spells some rules in another way, once."""
    restored = postgres.create_database("restored")
    try:
        ledgers.execute(ledgers.portable(postgres.schema(url)), restored)
        return ledgers.portable(postgres.schema(restored))
    finally:
        postgres.drop_database("restored")


def test_the_first_question_is_answered(factory: Factory) -> None:
    told = json.loads(command(factory, "status", "--json").stdout)
    assert told["assets"] == 8
    assert "librarian" in {one["name"] for one in told["services"]}


def test_its_archive_is_found_whole(factory: Factory) -> None:
    found = factory.verify()
    assert (found.hashed, found.all_is_well) == (8, True)


def test_photos_are_filed_and_worked_on_as_before(factory: Factory, old_url: str) -> None:
    before = ledgers.content(old_url)["arrivals"]
    columns, rows = before
    (known,) = factory.paths.originals.glob("2024/2024-02-29/IMG_2.jpg")
    factory.drop("pixel-7/new.jpg")
    factory.drop("pixel-7/again.jpg", known.read_bytes())
    summary = factory.ingest(once=True)
    assert (summary.filed, summary.duplicates) == (1, 1)
    thumbnail.service.run(factory.settings(), threading.Event(), once=True)
    assert (
        factory.asset("new.jpg")["is_thumbnailed"] and factory.asset("IMG_2.jpg")["is_thumbnailed"]
    )
    assert set(rows) < set(ledgers.content(old_url, {"arrivals": before})["arrivals"][1]), columns
    assert factory.sums_hold()


def test_what_waited_for_the_database_is_caught_up(
    factory: Factory, old_url: str, step: str
) -> None:
    """The program of before filed a photo that only its journal could be told of."""
    kind = make_url(old_url).get_backend_name()
    ledgers.unpack(step, kind, factory.paths.storage, "waiting")
    assert factory.ingest(once=True).pending_ledger == 0
    assert factory.asset("late.jpg")["final_path"].endswith("2021/2021-05-05/late.jpg")
    assert len(factory.assets()) == 9
    assert factory.verify().all_is_well and factory.sums_hold()


def test_a_lost_ledger_is_made_anew_from_its_archive(
    factory: Factory, old_url: str, tmp_path: Path
) -> None:
    """The lists that the program of before left in the day folders are read as well."""
    url = f"sqlite:///{tmp_path / 'anew.sqlite3'}"
    environment = factory.environment(DATABASE_URL=url)
    done = subprocess.run(
        [sys.executable, "-m", "photo_factory", "verify", "--rebuild"], env=environment,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "rebuilt 8 rows from the day folders and 0 from the files themselves" in done.stderr
    anew = {row["id"]: row["captured_at"] for row in Factory(factory.home, url).assets()}
    assert anew == {row["id"]: row["captured_at"] for row in factory.assets()}


@ON_POSTGRESQL
def test_the_reader_still_reads_whoever_migrates(factory: Factory, old_url: str) -> None:
    engine = database.connect(old_url)
    assert let_reader_in(engine, factory.settings(READER_PASSWORD="secret"))
    assert database.migrate(engine) is True
    engine.dispose()
    reader = ledgers.plain(
        make_url(old_url).set(username="factory_reader", password="secret")
        .render_as_string(hide_password=False)
    )  # fmt: skip
    with reader.connect() as connection:
        assert len(connection.execute(text("SELECT * FROM v_pipeline")).all()) > 0
        assert connection.execute(text("SELECT * FROM findings")).all() == []
        with pytest.raises(DBAPIError, match=r"read-only|permission denied"):
            connection.execute(text("DELETE FROM findings"))
    reader.dispose()


@ON_POSTGRESQL
@THE_LAST
def test_it_names_the_view_of_yours_that_stands_on_one_of_ours(old_url: str) -> None:
    engine = ledgers.plain(old_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE VIEW my_report AS SELECT flag, done FROM v_pipeline"))
    engine.dispose()
    before = ledgers.content(old_url)
    with pytest.raises(LedgerError, match=r"view my_report .*DROP VIEW") as refused:
        migrate(old_url)
    assert len(str(refused.value).splitlines()) == 1
    assert ledgers.content(old_url) == before


@ON_POSTGRESQL
@THE_LAST
def test_it_is_done_again_when_the_writers_of_before_are_in_its_way(old_url: str) -> None:
    """A service of before holds what the migration wants next, and wants what it holds."""
    with psycopg2.connect(old_url) as service, service.cursor() as cursor:
        cursor.execute("UPDATE media_assets SET has_errors = has_errors")
        told: list[bool] = []
        migration = threading.Thread(target=lambda: told.append(migrate(old_url)))
        migration.start()
        with psycopg2.connect(old_url) as other, other.cursor() as looks:
            waiting = 0
            while not waiting:
                looks.execute("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")
                (waiting,) = looks.fetchone() or (0,)
                time.sleep(0.02)
        other.close()
        cursor.execute("UPDATE system_status SET restarts = restarts")  # waits for the migration
    service.close()
    migration.join(60)
    assert told == [True]
    assert ledgers.step_of(old_url) == HEAD
