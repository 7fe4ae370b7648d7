"""The SQL box answers questions, and whatever else is tried is refused by the database itself."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from photo_factory.commands.migrate import let_reader_in
from photo_factory.dashboard.queries import box_on_sqlite
from photo_factory.dashboard.queries.box_on_postgresql import _telling
from photo_factory.dashboard.queries.sql_box import Limits, Refused, ask, why_closed
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.ledger.database import connect
from photo_factory.shared.settings import Settings
from tests.factory import Factory
from tests.parts import free_port

DOCS = Path(__file__).parents[2] / "docs" / "SQL_REPORTING.md"
EXAMPLES = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)

on_postgresql = pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)

ON_BOTH = [
    "DELETE FROM media_assets",
    "UPDATE media_assets SET original_name = 'mine'",
    "INSERT INTO breakers VALUES ('archive', 'x', '2024-01-01')",
    "CREATE TABLE mine (id INTEGER)",
    "CREATE TEMP TABLE mine AS SELECT 1",
    "DROP TABLE media_assets",
    "DROP VIEW v_held",
    "WITH gone AS (DELETE FROM arrivals RETURNING *) SELECT * FROM gone",
    "SELECT 1; DELETE FROM arrivals",
    "SELECT 1;;",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "VACUUM",
    "ANALYZE",
    "REINDEX",
    "EXPLAIN DELETE FROM arrivals",
    "/* SELECT */ DELETE FROM arrivals",
    "",
    "  ; ",
    "\0",
]
ON_SQLITE = [
    "ATTACH DATABASE '/tmp/other.sqlite3' AS other",
    "DETACH DATABASE main",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "SELECT * FROM pragma_table_info('media_assets')",
    "SELECT load_extension('/lib/libc.so.6')",
    "SELECT LOAD_EXTENSION('x')",
    "SELECT fts3_tokenizer('simple')",
    "SELECT writefile('/tmp/x', 'y')",
    "SELECT readfile('/etc/passwd')",
    "VACUUM INTO '/tmp/other.sqlite3'",
    "SAVEPOINT mine",
    "REPLACE INTO breakers VALUES ('archive', 'x', '2024-01-01')",
    "CREATE VIRTUAL TABLE mine USING fts5(x)",
    "SELECT randomblob(900000000)",
]
ON_POSTGRESQL = [
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT pg_stat_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/x')",
    "COPY media_assets TO '/tmp/x'",
    "COPY (SELECT 1) TO PROGRAM 'touch /tmp/x'",
    "COPY media_assets FROM PROGRAM 'true'",
    "COPY media_assets TO STDOUT",
    "DO $$ BEGIN PERFORM 1; END $$",
    "SET ROLE photo",
    "RESET ROLE",
    "SET SESSION AUTHORIZATION photo",
    "SET statement_timeout = 0",
    "SELECT set_config('role', 'photo', false)",
    "SELECT set_config('session_authorization', 'photo', false)",
    "SELECT set_config('transaction_read_only', 'off', true)",
    "SELECT set_config('role', 'photo', true), query_to_xml('DELETE FROM faces', true, true, '')",
    "SELECT set_config('ro'||'le', 'photo', true) || pg_read_file('/etc/passwd')",
    "SELECT query_to_xml('SELECT pg_read_file(''/etc/passwd'')', true, true, '')",
    "SELECT query_to_xml('SET ROLE photo', true, true, '')",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_shadow",
    "SELECT pg_reload_conf()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> 'factory_reader'",
    "SELECT pg_switch_wal()",
    "SELECT nextval('arrivals_id_seq')",
    "SELECT setval('arrivals_id_seq', 1)",
    "SELECT * FROM media_assets FOR UPDATE",
    "SELECT * INTO mine FROM media_assets",
    "SELECT 1 AS mine INTO TEMP other",
    "SELECT dblink_exec('x', 'y')",
    "SELECT repeat('x', 300000000)",
    "LOCK TABLE media_assets",
    "LISTEN photo_factory",
    "NOTIFY photo_factory",
    "PREPARE x AS SELECT 1",
    "DECLARE x CURSOR FOR SELECT 1",
    "FETCH 1 FROM answer",
    "CALL x()",
    "CREATE EXTENSION adminpack",
    "ALTER ROLE factory_reader SUPERUSER",
    "GRANT pg_read_server_files TO factory_reader",
    r"SELECT U&'\003B'; DELETE FROM arrivals",
    "SELECT repeat('x', 3000000) AS x) AS answer UNION ALL SELECT * FROM (SELECT 'y'",
    "SELECT 'a') AS answer --",
    "SELECT 'a') AS answer /*",
]


@pytest.fixture
def factory(engine: Engine, ledger_url: str, tmp_path: Path) -> Iterator[Factory]:
    """One filed photo and one held file; on PostgreSQL the reader may sign in."""
    made = Factory(tmp_path, ledger_url)
    made.drop("pixel-7/a.jpg")
    made.ingest()
    let_reader_in(engine, box_settings(made))
    yield made
    made.close()


def box_settings(factory: Factory) -> Settings:
    return factory.settings(READER_PASSWORD="a % secret")


def put(factory: Factory, sql: str, **limits: float) -> list[list[object]]:
    answer = ask(factory.engine, box_settings(factory), sql, Limits(**limits))  # type: ignore[arg-type]
    return [list(row) for row in answer.table.itertuples(index=False)]


def contents(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        counted = ("media_assets", "arrivals", "breakers")
        numbers = [connection.scalar(text(f"SELECT COUNT(*) FROM {name}")) for name in counted]
        return [*numbers, connection.scalar(text("SELECT original_name FROM media_assets"))]


def test_it_answers_and_keeps_the_names_and_kinds(factory: Factory) -> None:
    answer = ask(
        factory.engine,
        box_settings(factory),
        "SELECT original_name, size_bytes, is_ingested, 'x' AS n, 2 AS n, '100 %s' AS told "
        "FROM media_assets;",
    )
    assert list(answer.table.columns) == [
        "original_name", "size_bytes", "is_ingested", "n", "n_2", "told",
    ]  # fmt: skip
    (row,) = answer.table.to_dict("records")
    assert (row["original_name"], row["n"], row["n_2"], row["told"]) == ("a.jpg", "x", 2, "100 %s")
    assert (row["size_bytes"] > 100, bool(row["is_ingested"]), answer.cut) == (True, True, None)


def test_it_answers_the_questions_of_the_docs(factory: Factory) -> None:
    assert len(EXAMPLES) >= 10
    for sql in EXAMPLES:
        assert ask(factory.engine, box_settings(factory), sql).cut is None


def test_it_takes_whatever_form_a_question_has(factory: Factory) -> None:
    for sql in (
        "WITH a(n) AS (VALUES (1), (2)) SELECT n FROM a ORDER BY n",
        "VALUES (1), (2)",
        "SELECT 1 AS n UNION ALL SELECT 2 -- a comment",
        "/* a comment */ SELECT 1 AS n UNION ALL SELECT 2;",
    ):
        assert put(factory, sql) == [[1], [2]]


def test_it_refuses_whatever_is_no_reading(factory: Factory) -> None:
    before = contents(factory.engine)
    own = ON_SQLITE if factory.engine.dialect.name == "sqlite" else ON_POSTGRESQL
    answered = [sql for sql in ON_BOTH + own if not refuses(factory, sql)]
    assert answered == []
    assert contents(factory.engine) == before
    assert put(factory, "SELECT COUNT(*) FROM arrivals") == [[1]]


def refuses(factory: Factory, sql: str) -> bool:
    try:
        put(factory, sql)
    except Refused:
        return True
    return False


@on_postgresql
def test_it_never_signs_in_as_somebody_else(factory: Factory) -> None:
    (found,) = put(factory, "SELECT session_user, current_user, current_setting('is_superuser')")
    assert found == ["factory_reader", "factory_reader", "off"]
    assert put(factory, "SELECT current_setting('transaction_read_only')") == [["on"]]


@on_postgresql
def test_a_session_leaves_nothing_behind(factory: Factory) -> None:
    """No setting meets whoever asks next; locks, which others would wait for, cannot be had."""
    put(factory, "SELECT set_config('work_mem', '64kB', false)")
    with pytest.raises(Refused, match="permission denied"):
        put(factory, "SELECT pg_advisory_lock(42)::text")
    assert put(factory, "SELECT current_setting('work_mem')") != [["64kB"]]


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT {} FROM n"


def test_it_stops_what_takes_too_long(factory: Factory) -> None:
    began = time.monotonic()
    with pytest.raises(Refused, match=r"stopped after 0.5 seconds"):
        put(factory, ENDLESS.format("COUNT(*)"), seconds=0.5)
    if factory.engine.dialect.name == "postgresql":
        with pytest.raises(Refused, match="stopped"):
            put(factory, "SELECT pg_sleep(30)", seconds=0.5)
        with pytest.raises(Refused, match="stopped"):
            put(
                factory, "SELECT set_config('statement_timeout','0',false), pg_sleep(30)", seconds=1
            )
    assert time.monotonic() - began < 20


on_sqlite = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)

LONG_CALLS = {
    "trim": "trim(zeros, xs || '0')",
    "ltrim": "ltrim(zeros, xs || '0')",
    "instr": "instr(zeros || zeros, zeros || '1')",
    "replace": "replace(zeros || zeros, zeros || '1', '')",
}
"""Calls that take SQLite minutes or more, as it reads no clock before one is over."""


@on_sqlite
@pytest.mark.parametrize("call", LONG_CALLS)
def test_it_stops_in_the_midst_of_a_call(factory: Factory, call: str) -> None:
    long = (
        "WITH long AS (SELECT hex(zeroblob(200000)) AS zeros, "
        "replace(hex(zeroblob(40000)), '0', 'x') AS xs) "
        f"SELECT length({LONG_CALLS[call]}) FROM long"
    )
    began = time.monotonic()
    with pytest.raises(Refused, match=r"stopped after 0.5 seconds"):
        put(factory, long, seconds=0.5)
    assert time.monotonic() - began < 20
    assert put(factory, "SELECT COUNT(*) FROM arrivals") == [[1]]


GROWING = (
    "WITH RECURSIVE large(b) AS (SELECT randomblob(900000) UNION "
    "SELECT randomblob(900000) FROM large) SELECT COUNT(*) FROM large"
)


@on_sqlite
def test_it_stops_what_takes_too_much_memory(factory: Factory) -> None:
    with pytest.raises(Refused, match="more than 50 MB of memory"):
        put(factory, GROWING, memory_bytes=50_000_000, seconds=30)


@on_sqlite
def test_it_answers_and_is_bounded_where_proc_is_missing(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = (
        "from pathlib import Path; from photo_factory.dashboard.queries import box_child; "
        "box_child._STATM = Path('/none/statm'); box_child.main()"
    )
    monkeypatch.setattr(box_on_sqlite, "_COMMAND", (sys.executable, "-c", elsewhere))
    assert put(factory, "SELECT COUNT(*) FROM arrivals") == [[1]]
    with pytest.raises(Refused, match="more than 50 MB of memory"):
        put(factory, GROWING, memory_bytes=50_000_000, seconds=30)


DEATHS = {
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)": "signal 9, Killed",
    "import sys; sys.stdin.read(); sys.stdout.write('['); sys.exit('broken')": "exit code 1",
    "raise SystemExit(3)": "exit code 3",
}


@on_sqlite
@pytest.mark.parametrize("code", DEATHS)
def test_a_process_that_ended_early_is_told_as_such(
    factory: Factory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    code: str,
) -> None:
    """Whenever it ended, the time was not over."""
    monkeypatch.setattr(box_on_sqlite, "_COMMAND", (sys.executable, "-c", code))
    long = f"SELECT '{'ß' * 19_000}'"  # more than a pipe holds
    with pytest.raises(Refused, match=f"ended before it was done .{DEATHS[code]}"):
        put(factory, long)
    assert DEATHS[code] in caplog.text
    assert ("broken" in caplog.text) == ("broken" in code)


def test_half_a_character_is_told(factory: Factory) -> None:
    with pytest.raises(Refused, match=r"character 9 of it is half of one \(U\+D800\)"):
        put(factory, "SELECT '\ud800'")


@on_sqlite
def test_it_leaves_no_process_behind(factory: Factory) -> None:
    before = psutil.Process().children()
    put(factory, ENDLESS.format("i"), rows=5)
    with pytest.raises(Refused):
        put(factory, "SELECT nothing")
    assert psutil.Process().children() == before


@on_postgresql
def test_a_row_of_a_gigabyte_is_refused_in_time(factory: Factory) -> None:
    """To write it as text would take the server half a minute, deaf to its own time limit."""
    began = time.monotonic()
    with pytest.raises(Refused, match=r"larger than|stopped"):
        put(factory, "SELECT string_agg(repeat('x', 1000), '') FROM generate_series(1, 600000)")
    assert time.monotonic() - began < 20


def test_what_the_server_cannot_stop_took_too_long_and_is_not_away() -> None:
    """The connection is given up then, which looks like a server that went away."""
    lost = OperationalError("SELECT", None, Exception("not answered for 35 seconds"))
    with pytest.raises(Refused, match="stopped"), _telling(Limits(), time.monotonic() - 1):
        raise lost
    with pytest.raises(LedgerAway), _telling(Limits(), time.monotonic() + 9):
        raise lost


@on_postgresql
def test_large_objects_end_with_the_session(factory: Factory) -> None:
    """PostgreSQL before 16 makes them in a read-only transaction, too."""
    with contextlib.suppress(Refused):
        put(factory, "SELECT lo_from_bytea(0, 'mine')")
    with factory.engine.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM pg_largeobject_metadata")) == 0


@on_postgresql
def test_a_slow_trickle_of_rows_is_stopped_as_well(factory: Factory) -> None:
    with pytest.raises(Refused, match="stopped"):
        put(factory, "SELECT pg_sleep(0.01) FROM generate_series(1, 100000)", seconds=2)


def test_it_gives_the_first_rows_and_says_so(factory: Factory) -> None:
    endless = ENDLESS.format("i")
    answer = ask(factory.engine, box_settings(factory), endless, Limits(rows=250))
    assert (len(answer.table), answer.cut) == (250, "these are the first 250 rows")
    whole = ask(factory.engine, box_settings(factory), endless + " LIMIT 250", Limits(rows=250))
    assert (len(whole.table), whole.cut) == (250, None)


def test_rows_that_are_large_together_are_cut(factory: Factory) -> None:
    wide = ENDLESS.format("i, 'abcdefghijklmnopqrstuvwxyz' AS letters")
    answer = ask(factory.engine, box_settings(factory), wide, Limits(all_bytes=3400))
    assert len(answer.table) == 100
    assert answer.cut == "these are the first 100 rows: more would be too large"


LARGE = {
    "bytea": "repeat('x', 400000)::bytea",
    "json": """('{"a": "' || repeat('x', 800000) || '"}')::json""",
    "jsonb": """('{"a": "' || repeat('x', 800000) || '"}')::jsonb""",
    "array": "array_fill('xxxxxxx'::text, ARRAY[80000])",
    "bytea[]": "ARRAY[repeat('x', 400000)::bytea]",
    "numeric": "10::numeric ^ 100000",
    "beyond ASCII": "repeat('ß', 400000)",
}


@on_postgresql
@pytest.mark.parametrize("kind", LARGE)
def test_rows_of_every_type_are_cut_when_they_are_large_together(
    factory: Factory, kind: str
) -> None:
    sql = f"SELECT {LARGE[kind]} AS large FROM generate_series(1, 40)"
    answer = ask(factory.engine, box_settings(factory), sql, Limits(all_bytes=2_400_000))
    assert answer.cut is not None and "more would be too large" in answer.cut
    assert 2 <= len(answer.table) <= 24
    assert sum(len(cell.encode()) for cell in answer.table["large"]) <= 2_400_000


@on_postgresql
def test_values_no_table_can_hold_are_texts(factory: Factory) -> None:
    (row,) = put(factory, "SELECT 10::numeric ^ 30, int4range(1, 3), ARRAY[1, NULL]")
    assert row == ["1" + "0" * 30, "[1, 3)", "[1, null]"]
    found = put(factory, "SELECT 10::numeric ^ 400 UNION ALL SELECT 0.5")
    assert found == [["1" + "0" * 400], ["0.5"]]


@on_postgresql
def test_json_of_any_depth_is_told_as_it_is(factory: Factory) -> None:
    deep = "[" * 5000 + "]" * 5000
    digits = "1" * 5000
    found = put(factory, f"SELECT '{deep}'::json, '{digits}'::json, '{{\"a\":1}}'::jsonb")
    assert found == [[deep, digits, '{"a": 1}']]


def test_a_row_that_is_too_large_never_comes(factory: Factory) -> None:
    large = {"sqlite": "hex(zeroblob(600))", "postgresql": "repeat('x', 1200)"}
    with pytest.raises(Refused, match="larger than 1,000 bytes"):
        put(factory, f"SELECT {large[factory.engine.dialect.name]}", row_bytes=1000)


def test_odd_values_are_shown(factory: Factory) -> None:
    odd = {
        "sqlite": "SELECT CAST(x'ff00' AS TEXT) AS a, x'c0ff' AS b, NULL AS c, 1e999 AS d",
        "postgresql": r"SELECT 'NaN'::numeric AS a, '\xc0ff'::bytea AS b, NULL AS c, "
        "'infinity'::date AS d, '{}'::jsonb AS e, 1.5::numeric AS f",
    }
    (row,) = put(factory, odd[factory.engine.dialect.name])
    assert row[1] == "c0ff"
    if factory.engine.dialect.name == "postgresql":
        with pytest.raises(Refused, match="cannot be shown"):
            put(factory, "SELECT '0044-03-15 BC'::date")


def test_without_a_reader_the_box_says_what_to_do(factory: Factory) -> None:
    settings = factory.settings()
    if factory.engine.dialect.name == "sqlite":
        assert why_closed(factory.engine, settings) is None
        return
    assert "READER_PASSWORD" in (why_closed(factory.engine, settings) or "")
    with pytest.raises(Refused, match="photo-factory migrate"):
        ask(factory.engine, settings, "SELECT 1")


@on_postgresql
def test_a_reader_that_cannot_sign_in_is_told(factory: Factory) -> None:
    with factory.engine.begin() as connection:
        connection.execute(text("ALTER ROLE factory_reader NOLOGIN"))
    with pytest.raises(Refused, match="photo-factory migrate"):
        put(factory, "SELECT 1")


@on_postgresql
def test_a_reader_that_became_mighty_is_not_used(factory: Factory) -> None:
    with factory.engine.begin() as connection:
        connection.execute(text("ALTER ROLE factory_reader SUPERUSER"))
    try:
        with pytest.raises(Refused, match="only read"):
            put(factory, "SELECT 1")
    finally:
        with factory.engine.begin() as connection:
            connection.execute(text("ALTER ROLE factory_reader NOSUPERUSER"))


def test_a_ledger_that_is_away_is_told_as_such(tmp_path: Path) -> None:
    factory = Factory(tmp_path, f"postgresql://photo@127.0.0.1:{free_port()}/photos")
    engine = connect(str(factory.url))
    with pytest.raises(LedgerAway):
        ask(engine, box_settings(factory), "SELECT 1")
    engine = connect(f"sqlite:///{tmp_path}/none.sqlite3")
    with pytest.raises(LedgerAway):
        ask(engine, box_settings(factory), "SELECT 1")
    assert not (tmp_path / "none.sqlite3").exists()


def test_it_reads_a_ledger_nobody_else_has_open(tmp_path: Path) -> None:
    factory = Factory(tmp_path)
    assert factory.engine
    factory.close()
    with sqlite3.connect(factory.paths.embedded_ledger) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    engine = connect(f"sqlite:///{factory.paths.embedded_ledger}")
    answer = ask(engine, factory.settings(), "SELECT COUNT(*) AS n FROM media_assets")
    assert answer.table["n"].tolist() == [0]
