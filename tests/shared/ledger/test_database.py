"""The way to the ledger: what is away, what is damaged, and what both databases must do alike."""

from __future__ import annotations

import sqlite3
import stat
import time
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from photo_factory.shared.errors import LedgerAway, LedgerError
from photo_factory.shared.ledger import database, on_postgresql
from photo_factory.shared.ledger.database import away, insert_ignore, reading, upsert
from photo_factory.shared.ledger.models import (
    ADDON_FLAGS,
    Arrival,
    MediaAsset,
    SystemStatus,
    waiting,
)
from tests.parts import PostgreSQL
from tests.shared.ledger.rows import an_arrival, an_asset

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _stored(engine: Engine) -> MediaAsset:
    with reading(engine) as connection:
        return connection.execute(select(MediaAsset.__table__)).one()  # type: ignore[return-value]


def test_it_gives_back_what_it_was_given(engine: Engine) -> None:
    row = an_asset(
        captured_at=datetime(2024, 2, 29, 23, 59, 59, 123456),
        location={"lat": 52.5, "lon": -13.4, "alt": None},
        evidence={"exif": "2024:02:29 23:59:59"},
        group_id=uuid.uuid4(),
        size_bytes=5 * 2**40,
    )
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), row)
    stored = _stored(engine)
    assert {name: getattr(stored, name) for name in row} == row


def test_it_starts_every_flag_as_false_and_knows_when(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), an_asset(is_ingested=True))
    stored = _stored(engine)
    assert (stored.is_geocoded, stored.is_backed_up, stored.has_errors) == (False, False, False)
    assert abs(stored.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert (stored.evidence, stored.location) == ({}, None)


def test_it_back_fills_old_photos_with_a_new_flag(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), an_asset())
        connection.execute(
            text("ALTER TABLE media_assets ADD COLUMN is_x BOOLEAN NOT NULL DEFAULT FALSE")
        )
        assert connection.scalar(text("SELECT COUNT(*) FROM media_assets WHERE NOT is_x")) == 1


def test_it_keeps_moments_in_utc(engine: Engine) -> None:
    berlin = timezone(timedelta(hours=1))
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), an_asset(ingested_at=NOON.astimezone(berlin)))
    stored = _stored(engine).ingested_at
    assert stored == NOON
    assert stored is not None
    assert stored.tzinfo is UTC


def test_it_refuses_a_moment_without_a_zone(engine: Engine) -> None:
    with pytest.raises(StatementError, match="aware UTC"), engine.begin() as connection:
        connection.execute(insert(MediaAsset), an_asset(ingested_at=datetime(2026, 1, 1)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"media_type": "song"},
        {"file_hash": "abc"},
        {"final_path": "/mnt/Storage/x.jpg"},
        {"size_bytes": -1},
        {"captured_at_confidence": 1.5},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_it_refuses_a_row_that_cannot_be_true(engine: Engine, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), away(), engine.begin() as connection:
        connection.execute(insert(MediaAsset), an_asset(**wrong))


def test_it_takes_text_no_database_would(engine: Engine) -> None:
    row = an_asset(
        camera_make="Canon\0",
        original_name="caf\udce9.jpg",
        evidence={"raw": "\0x", "name": "\udce9", "nan": float("nan"), "list": [float("inf")]},
    )
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), row)
    stored = _stored(engine)
    assert (stored.camera_make, stored.original_name) == ("Canon", "caf\\udce9.jpg")
    assert stored.evidence == {"raw": "x", "name": "\\udce9", "nan": None, "list": [None]}


@pytest.mark.parametrize("inode", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_it_keeps_every_inode_number(engine: Engine, inode: int) -> None:
    with engine.begin() as connection:
        connection.execute(insert(Arrival), an_arrival(inode=inode))
        assert connection.scalar(select(Arrival.inode)) == inode
        assert connection.scalar(select(Arrival.id).where(Arrival.inode == inode)) is not None


def test_it_updates_what_exists_and_inserts_what_does_not(engine: Engine) -> None:
    beat = {"service_name": "a", "status": "OK", "last_heartbeat": NOON, "expected_every": 5,
            "started_at": NOON}  # fmt: skip
    statement = upsert(SystemStatus.__table__, ["service_name"], ["status"])
    with engine.begin() as connection:
        connection.execute(statement, [beat, {**beat, "service_name": "b"}])
        connection.execute(statement, [{**beat, "status": "ERROR", "expected_every": 9}])
        found = select(SystemStatus.service_name, SystemStatus.status, SystemStatus.expected_every)
        assert sorted(connection.execute(found)) == [("a", "ERROR", 5), ("b", "OK", 5)]


def test_it_leaves_alone_what_exists(engine: Engine) -> None:
    first = an_asset()
    again = an_asset(file_hash=first["file_hash"])
    with engine.begin() as connection:
        connection.execute(insert_ignore(MediaAsset.__table__, ["file_hash"]), [first])
        connection.execute(insert_ignore(MediaAsset.__table__, ["file_hash"]), [again, an_asset()])
        connection.execute(insert_ignore(MediaAsset.__table__), [again])
        ids = set(connection.scalars(select(MediaAsset.id)))
    assert len(ids) == 2
    assert first["id"] in ids


@pytest.mark.parametrize("flag", ADDON_FLAGS)
def test_it_finds_waiting_rows_by_the_index_of_their_flag(engine: Engine, flag: str) -> None:
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), [an_asset(ingested_at=NOON) for _ in range(2000)])
        connection.execute(update(MediaAsset).values({flag: True}))
        connection.execute(text("ANALYZE"))
    waits = select(MediaAsset.id).where(waiting(flag))
    oldest = str(waits.order_by(MediaAsset.ingested_at).limit(1).compile(
        engine, compile_kwargs={"literal_binds": True}))  # fmt: skip
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with reading(engine) as connection:
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + oldest))
    assert f"ix_media_assets_waiting_{flag}" in plan
    assert "sort" not in plan.lower().replace("sorted", "")


def test_it_inserts_two_hundred_files_in_no_time(engine: Engine) -> None:
    assets = [an_asset() for _ in range(200)]
    arrivals = [an_arrival(asset_id=asset["id"], state="filed") for asset in assets]
    began = time.perf_counter()
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), assets)
        connection.execute(insert(Arrival), arrivals)
    assert time.perf_counter() - began < 0.5  # 0.02 s on two cores; a slow disk may take longer


def test_it_lets_a_wrong_statement_through(engine: Engine) -> None:
    with pytest.raises(DBAPIError), away(), reading(engine) as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))


def test_it_says_away_when_the_server_is_down(postgres: PostgreSQL) -> None:
    engine = database.connect(postgres.url())
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    postgres.stop()
    try:
        with pytest.raises(LedgerAway) as raised, away(), engine.begin():
            pass
        assert "\n" not in str(raised.value)
    finally:
        postgres.start()
    with away(), engine.begin() as connection:  # and back without anybody's help
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


def test_it_says_away_when_the_connection_is_cut_inside_a_transaction(postgres: PostgreSQL) -> None:
    engine = database.connect(postgres.url())
    with pytest.raises(LedgerAway), away(), engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        postgres.stop()
        postgres.start()
        connection.execute(text("SELECT 1"))
    engine.dispose()


def test_it_does_not_wait_for_ever_on_a_frozen_server(postgres: PostgreSQL) -> None:
    engine = database.connect(postgres.url())
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    postgres.pause()
    began = time.monotonic()
    try:
        with on_postgresql.patience(0.5), pytest.raises(LedgerAway), away(), engine.begin():
            pass
    finally:
        postgres.resume()
    assert time.monotonic() - began < 12  # half a second for the ping, then one for connecting
    with away(), engine.begin() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


def test_it_says_away_when_a_lock_does_not_come(ledger_url: str) -> None:
    first, second = database.connect(ledger_url), database.connect(ledger_url)
    database.migrate(first)
    shorter = {"sqlite": "PRAGMA busy_timeout = 200", "postgresql": "SET lock_timeout = 200"}
    with first.begin() as connection:
        connection.execute(insert(MediaAsset), row := an_asset())
        with pytest.raises(LedgerAway), away(), second.connect() as waiting:
            waiting.connection.cursor().execute(shorter[second.dialect.name])  # before BEGIN
            waiting.execute(insert(MediaAsset), row)
    first.dispose()
    second.dispose()


def test_it_lets_readers_in_while_somebody_writes(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), an_asset())
        with reading(engine) as other:
            assert list(other.execute(select(MediaAsset.id))) == []


def test_it_says_away_when_the_folder_is_gone(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'deep' / 'down' / 'ledger.sqlite3'}")
    (tmp_path / "deep" / "down").rmdir()
    with pytest.raises(LedgerAway, match="unable to open"), away(), engine.begin():
        pass


def test_it_says_away_when_the_disk_is_full(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    database.migrate(engine)
    with pytest.raises(LedgerAway, match="full"), away(), engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.execute(insert(MediaAsset), [an_asset() for _ in range(500)])
    engine.dispose()


def test_it_says_damaged_when_the_file_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"this was a ledger once" * 500)
    with pytest.raises(LedgerError, match="damaged"):
        database.migrate(database.connect(f"sqlite:///{path}"))


def test_it_commits_so_that_a_power_cut_loses_nothing(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    with engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "journal_mode", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert told == {
        "synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30000,
    }  # fmt: skip


def test_it_undoes_a_transaction_that_failed_half_way(engine: Engine) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(MediaAsset), an_asset())
        connection.execute(insert(Arrival), an_arrival(asset_id=uuid.uuid4()))
    with reading(engine) as connection:
        assert list(connection.execute(select(MediaAsset.id))) == []


def test_it_reports_an_error_without_the_rows(engine: Engine) -> None:
    with pytest.raises(IntegrityError) as raised, engine.begin() as connection:
        connection.execute(insert(MediaAsset), an_asset(size_bytes=-1, original_name="my-secret"))
    assert "my-secret" not in str(raised.value).split("DETAIL")[0]


def test_it_leaves_a_readable_ledger_to_the_tools_of_others(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    engine = database.connect(f"sqlite:///{path}")
    database.migrate(engine)
    engine.dispose()
    with sqlite3.connect(path) as plain:
        assert plain.execute("SELECT COUNT(*) FROM v_pipeline").fetchone() == (6,)
    plain.close()
    assert stat.S_ISREG(path.stat().st_mode)
