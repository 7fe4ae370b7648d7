"""The loop turns FALSE flags TRUE, and what cannot be done is parked, put off, or told."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text, update

from photo_factory.shared import clock, flag_loop, pauses, runs
from photo_factory.shared.claims import Claims
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.facts import Facts
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.models import MediaAsset, StageRun
from tests.parts import PostgreSQL
from tests.shared.ledger.rows import an_asset
from tests.shared.loop import work
from tests.shared.loop.conftest import Shop, until

Start = Callable[..., threading.Thread]


def test_it_raises_the_flag_and_writes_the_facts_with_it(shop: Shop) -> None:
    shop.add("a.jpg", "b.jpg")
    assert shop.run() is True
    for row in shop.assets().values():
        assert (row["is_thumbnailed"], row["mime_type"]) == (True, "image/done")
        assert clock.now() - row["thumbnailed_at"] < timedelta(minutes=1)
        assert row["has_errors"] is False
    assert all(run["finished_at"] and not run["leased_by"] for run in shop.runs().values())


def test_it_leaves_alone_what_the_flag_does_not_apply_to(shop: Shop) -> None:
    shop.add("a.xmp", media_type="sidecar")
    assert shop.run() is True
    assert work.calls == []


@pytest.mark.parametrize(("order", "first"), [("newest", "3.jpg"), ("oldest", "1.jpg")])
def test_it_takes_the_newest_first_or_the_oldest(shop: Shop, order: str, first: str) -> None:
    shop.add("1.jpg", "2.jpg", "3.jpg")
    shop.change(at_once=1).run(WORK_ORDER=order)
    assert work.calls[0] == first
    assert sorted(work.calls) == ["1.jpg", "2.jpg", "3.jpg"]


def test_it_parks_what_can_never_be_done_and_says_which_file_and_why(shop: Shop) -> None:
    shop.add("bad.jpg", "good.jpg")
    assert shop.run() is False
    row = shop.assets()["bad.jpg"]
    assert row["has_errors"] and not row["is_thumbnailed"]
    assert row["error_message"] == f"pretend: {row['final_path']}: it is no picture"
    assert shop.runs()["bad.jpg"]["parked_at"]
    assert shop.assets()["good.jpg"]["is_thumbnailed"]
    shop.make_due()
    assert shop.run() is True
    assert work.calls.count("bad.jpg") == 1


def test_it_tries_again_later_and_parks_what_has_no_tries_left(shop: Shop) -> None:
    shop.add("breaks.jpg")
    assert shop.run(MAX_TRIES="2", RETRY_AFTER="3600") is False
    run = shop.runs()["breaks.jpg"]
    assert (run["tries_left"], run["parked_at"]) == (1, None)
    assert run["last_error"] == "ValueError: surprise"
    pause = run["not_before"] - clock.now()
    assert timedelta(seconds=0.7 * 3600) < pause < timedelta(seconds=1.3 * 3600)
    assert shop.run(MAX_TRIES="2") is True, "it is not due yet"
    shop.make_due()
    assert shop.run(MAX_TRIES="2") is False
    assert shop.runs()["breaks.jpg"]["parked_at"]
    assert shop.assets()["breaks.jpg"]["error_message"].endswith("ValueError: surprise")


@pytest.mark.parametrize("name", ["wrong.jpg", "unknown.jpg"])
def test_facts_that_the_ledger_does_not_take_fail_alone(shop: Shop, name: str) -> None:
    shop.add("1.jpg", name, "2.jpg")
    assert shop.run(RETRY_AFTER="60") is False
    assert "the ledger does not take" in shop.runs()[name]["last_error"]
    assert shop.runs()[name]["tries_left"] == 4
    assert [row["is_thumbnailed"] for n, row in sorted(shop.assets().items())] == [
        True, True, False,
    ]  # fmt: skip


def test_it_writes_the_rows_of_its_own_tables_anew(shop: Shop) -> None:
    shop.add("a.jpg", "b.jpg")
    for _ in range(2):
        shop.change(process=_two_copies_and_a_place).run()
        runs.redo(shop.engine, shop.settings(), shop.service)
    for table, count in (("backup_copies", 4), ("places", 1)):
        assert len(shop._rows(text(f"SELECT * FROM {table}"))) == count


def _two_copies_and_a_place(asset: Any, settings: Any) -> Facts:
    copies = [
        {"target": target, "path": asset.final_path, "copied_at": clock.now()} for target in "ab"
    ]
    place = {"id": uuid.UUID(int=7), "provider": "x", "language": "", "latitude": 1.0,
             "longitude": 2.0, "display": "here", "found_at": clock.now()}  # fmt: skip
    return Facts({"place_id": place["id"]}, {"backup_copies": copies}, {"places": [place]})


def test_it_says_why_it_ended_when_it_breaks(shop: Shop) -> None:
    def prepare(settings: Any, engine: Any) -> None:
        raise RuntimeError("no models")

    with pytest.raises(RuntimeError):
        shop.change(prepare=prepare).run()
    assert (shop.status()["status"], shop.status()["message"]) == (
        "ERROR", "RuntimeError: no models",
    )  # fmt: skip


def test_one_photo_that_does_not_fit_starves_no_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, running: Start
) -> None:
    monkeypatch.setattr(pauses, "FIRST_PAUSE", 0.2)
    shop.add("1.jpg", "2.jpg", "3.jpg", "full.jpg")
    running(shop.change(at_once=1), WORKERS="1", HEARTBEAT_INTERVAL="1")
    until(lambda: all(shop.assets()[f"{i}.jpg"]["is_thumbnailed"] for i in (1, 2, 3)))
    assert shop.runs()["full.jpg"]["tries_left"] + bool(shop.runs()["full.jpg"]["leased_by"]) == 5


def test_nothing_but_failures_is_told_and_paused_for(shop: Shop) -> None:
    shop.add(*(f"breaks-{i}.jpg" for i in range(30)))
    assert shop.change(at_once=1).run(WORKERS="1", RETRY_AFTER="3600") is False
    assert shop.status()["status"] == "WARNING"
    assert "nothing but failures" in shop.status()["message"]
    assert len(work.calls) < 20


def test_what_is_no_facts_fails_alone(shop: Shop) -> None:
    shop.add("a.jpg")
    assert shop.change(process=lambda asset, settings: None).run(RETRY_AFTER="60") is False
    assert "not Facts" in shop.runs()["a.jpg"]["last_error"]


def test_a_lease_of_its_own_that_ran_out_is_not_taken_twice(shop: Shop, running: Start) -> None:
    shop.add("wait.jpg")
    running(shop)
    until(lambda: work.calls)
    shop.make_due()  # as after a machine's sleep
    time.sleep(1.5)
    work.gate.set()
    until(lambda: shop.assets()["wait.jpg"]["is_thumbnailed"])
    assert (work.calls, shop.runs()["wait.jpg"]["claims"]) == (["wait.jpg"], 1)


def test_its_pauses_grow(shop: Shop) -> None:
    shop.add("breaks.jpg")
    pauses = []
    for _ in range(4):
        shop.run(RETRY_AFTER="100")
        pauses.append((shop.runs()["breaks.jpg"]["not_before"] - clock.now()).total_seconds())
        shop.make_due()
    assert all(later > 1.1 * earlier for earlier, later in pairwise(pauses))


@pytest.mark.parametrize("name", ["later.jpg", "full.jpg"])
def test_it_spends_no_try_when_something_is_away(shop: Shop, name: str) -> None:
    work.away(shop.settings()).touch()
    shop.add(name)
    assert shop.run() is False
    run = shop.runs()[name]
    assert (run["tries_left"], run["parked_at"], run["leased_by"]) == (5, None, None)
    assert run["last_error"]
    assert shop.status()["status"] == "WARNING"


def test_it_says_so_when_the_storage_is_gone(shop: Shop) -> None:
    def missing(asset: Any, settings: Any) -> Any:
        asset.path.read_bytes()

    shop.add("a.jpg")
    (shop.factory.paths.originals / "2024").mkdir()
    shop.change(process=missing).run(RETRY_AFTER="60")
    assert shop.runs()["a.jpg"]["last_error"].startswith("FileNotFoundError")
    (shop.factory.paths.originals / "2024").rmdir()  # as a disk that is not mounted
    shop.make_due()
    shop.change(process=missing).run(RETRY_AFTER="60")
    assert shop.runs()["a.jpg"]["last_error"].startswith("the storage is away")
    assert shop.runs()["a.jpg"]["tries_left"] == 4


def test_one_bad_sector_is_that_photos_and_stops_nobody(shop: Shop) -> None:
    (shop.factory.paths.originals / "2024").mkdir()
    shop.add("1.jpg", "sector.jpg")
    assert shop.run(RETRY_AFTER="60") is False
    assert shop.runs()["sector.jpg"]["tries_left"] == 4
    assert shop.assets()["1.jpg"]["is_thumbnailed"]


def test_it_goes_on_by_itself_when_what_was_away_is_back(
    shop: Shop, running: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_PAUSE", 0.2)
    away = work.away(shop.settings())
    away.touch()
    shop.add("later-1.jpg", "later-2.jpg", "later-3.jpg")
    running(shop, HEARTBEAT_INTERVAL=1)
    until(lambda: shop._rows(_STATUSES) and shop.status()["status"] == "WARNING")
    assert "provider" in shop.status()["message"]
    away.unlink()
    until(lambda: all(row["is_thumbnailed"] for row in shop.assets().values()))
    until(lambda: shop.status()["status"] == "OK")
    assert {run["tries_left"] for run in shop.runs().values()} == {4}


def test_it_works_what_is_new_while_old_work_is_in_pause(shop: Shop) -> None:
    shop.add("breaks.jpg")
    shop.run(RETRY_AFTER="3600")
    shop.add("new.jpg")
    assert shop.run() is True
    assert shop.assets()["new.jpg"]["is_thumbnailed"]


def test_it_does_again_what_somebody_set_back_by_hand(shop: Shop) -> None:
    shop.add("a.jpg")
    shop.run()
    with shop.engine.begin() as connection:
        connection.execute(update(MediaAsset).values(is_thumbnailed=False))
    assert shop.run() is True
    assert shop.assets()["a.jpg"]["is_thumbnailed"]
    assert (shop.runs()["a.jpg"]["claims"], shop.runs()["a.jpg"]["tries_left"]) == (2, 4)


def test_it_takes_over_what_a_dead_worker_held(shop: Shop) -> None:
    shop.add("a.jpg")
    _hold(shop, tries_left=3)
    assert shop.run() is True
    assert not shop.assets()["a.jpg"]["is_thumbnailed"], "the lease has not run out"
    shop.make_due()
    shop.run()
    assert shop.assets()["a.jpg"]["is_thumbnailed"]


def test_it_parks_what_killed_its_worker_in_its_last_try(shop: Shop) -> None:
    shop.add("a.jpg")
    _hold(shop, tries_left=0)
    shop.make_due()
    shop.run()
    assert work.calls == []
    assert "worker died" in shop.assets()["a.jpg"]["error_message"]
    assert shop.runs()["a.jpg"]["parked_at"]


@pytest.mark.parametrize(
    ("held", "taken"),
    [
        ("new.jpg", [["new.jpg"], ["middle.jpg", "old.jpg"]]),  # today's does not wait for all
        ("middle.jpg", [["new.jpg", "old.jpg"], ["middle.jpg"]]),
    ],
)
def test_what_a_dead_worker_held_comes_alone_when_it_is_first(
    shop: Shop, held: str, taken: list[list[str]]
) -> None:
    shop.add("old.jpg", "middle.jpg", "new.jpg")
    _hold(shop, tries_left=3, name=held)
    shop.make_due()
    claims = Claims(shop.engine, "pretend", "is_thumbnailed", shop.settings())
    found = [[claim.asset.original_name for claim in claims.claim(10)] for _ in range(2)]
    assert found == taken


def test_a_run_once_waits_for_what_another_has_locked(shop: Shop) -> None:
    if shop.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    shop.add("a.jpg")
    with ThreadPoolExecutor(1) as pool:
        with shop.engine.begin() as other:
            other.execute(text("SELECT id FROM media_assets FOR NO KEY UPDATE"))
            run = pool.submit(shop.run)
            time.sleep(1.5)
            assert not run.done()
        assert run.result(20) is True
    assert shop.assets()["a.jpg"]["is_thumbnailed"]


def _hold(shop: Shop, tries_left: int, name: str = "a.jpg") -> None:
    asset = shop.assets()[name]
    row = {"asset_id": asset["id"], "stage": "pretend", "tries_left": tries_left, "claims": 2,
           "not_before": clock.now() + timedelta(hours=1), "leased_by": "dead"}  # fmt: skip
    with shop.engine.begin() as connection:
        connection.execute(StageRun.__table__.insert(), [row])


def test_it_drops_what_another_worker_took_over_meanwhile(shop: Shop, running: Start) -> None:
    shop.add("wait.jpg")
    running(shop)
    until(lambda: work.calls)
    with shop.engine.begin() as connection:
        connection.execute(update(StageRun).values(claims=9, leased_by="another"))
    work.gate.set()
    time.sleep(0.5)
    assert not shop.assets()["wait.jpg"]["is_thumbnailed"]
    assert shop.runs()["wait.jpg"]["leased_by"] == "another"


def test_it_keeps_its_lease_while_the_work_takes_long(shop: Shop, running: Start) -> None:
    shop.add("wait.jpg")
    running(shop, LEASE="1")
    until(lambda: work.calls)
    time.sleep(2.5)
    assert shop.run() is True  # a second worker finds nothing to take
    assert work.calls == ["wait.jpg"]


def test_it_gives_back_what_is_in_hand_when_it_is_stopped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flag_loop, "PATIENCE", 0.3)
    shop.add("wait-1.jpg", "wait-2.jpg", "wait-3.jpg")
    stop = threading.Event()
    thread = threading.Thread(target=shop.service.run, args=(shop.settings(), stop))
    thread.start()
    until(lambda: len(shop.runs()) == 3)
    stop.set()
    thread.join(20)
    work.gate.set()
    assert {(r["leased_by"], r["tries_left"]) for r in shop.runs().values()} == {(None, 5)}
    assert shop.status()["current_task"] == "stopped"


def test_it_tells_its_progress(shop: Shop) -> None:
    shop.add(*(f"{i}.jpg" for i in range(10)))
    told: list[tuple[int, int]] = []
    shop.run(told=lambda done, total: told.append((done, total)))
    assert (told[0], told[-1]) == ((0, 10), (10, 10))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_it_rests_with_a_reason_when_there_is_nothing_to_do_at_all(shop: Shop) -> None:
    shop.add("a.jpg")
    assert shop.change(idle=lambda settings: "no target is set").run() is True
    assert work.calls == []
    assert shop.status()["status"] == "OK"


def test_it_prepares_before_it_works(shop: Shop) -> None:
    shop.add("a.jpg")
    order: list[str] = []

    def prepare(settings: Any, engine: Any) -> None:
        assert not work.calls
        order.append("prepared")

    shop.change(prepare=prepare).run()
    assert (order, work.calls) == (["prepared"], ["a.jpg"])


def test_it_tells_a_complaint_until_its_cause_is_gone(
    shop: Shop, running: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flag_loop, "_COMPLAINT_S", 0.0)
    complaints = ["the last drill failed"]
    other = shop.change(complaint=lambda settings, engine: complaints[0] if complaints else None)
    running(other, HEARTBEAT_INTERVAL=1)
    until(lambda: other._rows(_STATUSES) and other.status()["status"] == "ERROR")
    assert other.status()["message"] == "the last drill failed"
    complaints.clear()
    until(lambda: other.status()["status"] == "OK")


_STATUSES = text("SELECT * FROM system_status")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("crash.jpg", "signal 11"), ("bomb.jpg", "MiB"), ("hang.jpg", "longer than 1 s")],
)
def test_a_photo_that_kills_its_decoder_harms_nobody_else(
    shop: Shop, name: str, reason: str
) -> None:
    shop.add("pid.jpg", name)
    other = shop.change(in_child=True)
    assert other.run(DECODER_TIMEOUT="1", DECODER_MEMORY="256", RETRY_AFTER="60") is False
    assert other.assets()["pid.jpg"]["is_thumbnailed"]
    assert reason in other.runs()[name]["last_error"]
    assert other.runs()[name]["tries_left"] == 4


def test_it_finishes_what_it_did_while_the_database_was_away(
    shop: Shop, running: Start, postgres: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shop.engine.dialect.name == "sqlite":
        pytest.skip("the outage of a server")
    monkeypatch.setattr(pauses, "FIRST_PAUSE", 0.2)
    shop.add("wait-1.jpg", "wait-2.jpg")
    running(shop)
    until(lambda: len(work.calls) == 2)
    shop.engine.dispose()
    postgres.stop()
    try:
        work.gate.set()
        time.sleep(1)
    finally:
        postgres.start()
    until(lambda: all(row["is_thumbnailed"] for row in shop.assets().values()))
    assert {run["claims"] for run in shop.runs().values()} == {1}


def test_a_locked_ledger_is_waited_for(
    shop: Shop, running: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shop.engine.dialect.name == "postgresql":
        pytest.skip("SQLite's way of being away")
    monkeypatch.setattr(pauses, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(database.on_sqlite, "_LOCK_WAIT_S", 0.3)
    shop.add("wait.jpg")
    running(shop)
    until(lambda: work.calls)
    with shop.engine.begin():
        work.gate.set()
        time.sleep(1.5)
    until(lambda: shop.assets()["wait.jpg"]["is_thumbnailed"])


def test_a_run_once_says_that_the_ledger_is_away(shop: Shop) -> None:
    def lose(*_: Any) -> None:
        raise LedgerAway("gone")

    with pytest.raises(LedgerAway):
        shop.change(prepare=lose).run()


def test_new_work_wakes_it_within_a_second(shop: Shop, running: Start) -> None:
    running(shop, POLL_INTERVAL="60")
    until(lambda: shop._rows(_STATUSES))
    time.sleep(2)
    took = []
    for i in range(5):
        with shop.engine.begin() as connection:
            _insert(connection, f"{i}.jpg")
            database.notify(connection)
        began = time.monotonic()
        until(lambda name=f"{i}.jpg": shop.assets()[name]["is_thumbnailed"])
        took.append(time.monotonic() - began)
    assert sorted(took)[2] < 1


def _insert(connection: Any, name: str) -> None:
    connection.execute(MediaAsset.__table__.insert(), [an_asset(original_name=name)])
