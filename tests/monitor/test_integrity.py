"""Integrity: what changed or vanished is found, told, and right again when it came back."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from typer.testing import CliRunner

from photo_factory.cli import app
from photo_factory.cli import integrity as cli
from photo_factory.monitor import integrity
from photo_factory.monitor.integrity import Integrity, probe
from photo_factory.monitor.integrity_looks import Brake, Interrupted
from photo_factory.monitor.integrity_pace import MIB, figures_of, pace
from photo_factory.monitor.reading import Watch
from photo_factory.shared import breakers, clock, findings
from photo_factory.shared.roots import ASK_EVERY_S, MARKER, Guard
from tests.factory import Factory


@pytest.fixture
def factory(tmp_path: Path, ledger_url: str) -> Factory:
    factory = Factory(tmp_path / "home", ledger_url)
    for number in range(12):
        factory.drop(f"{number:02d}.jpg")
    factory.ingest()
    return factory


def watch(factory: Factory, **changes: Any) -> Watch:
    return Watch(factory.settings(**changes), factory.paths, factory.engine)


def worked(factory: Factory, steps: int = 30, **changes: Any) -> Integrity:
    worker = Integrity(watch(factory, **changes), rest_s=0)
    for _ in range(steps):
        worker.work(threading.Event())
    return worker


def rot(factory: Factory, name: str) -> Path:
    path = factory.on_disk(factory.asset(name))
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    return path


def age(factory: Factory, days: float) -> None:
    """Let all looks have been so long ago."""
    with factory.engine.begin() as connection:
        connection.execute(
            text("UPDATE media_assets SET verified_at = :at").bindparams(
                at=(clock.now() - timedelta(days=days)).isoformat(" ")
            )
        )


def test_it_finds_a_changed_original_and_turns_red(factory: Factory) -> None:
    rot(factory, "03.jpg")
    age(factory, 100)
    worked(factory)
    (found,) = findings.listed(factory.engine)
    assert (found.kind, found.asset_id) == ("changed", factory.asset("03.jpg")["id"])
    assert factory.asset("03.jpg")["verified_at"] is None
    told = probe(watch(factory))
    assert told.status == "ERROR" and "03.jpg" in (told.message or "")
    assert told.details["open"] == 1
    young = clock.now() - timedelta(days=1)
    others = [row for row in factory.assets() if row["original_name"] != "03.jpg"]
    assert all(row["verified_at"] > young for row in others)


def test_two_who_find_the_same_at_once_enter_one_finding(factory: Factory) -> None:
    asset_id = factory.asset("03.jpg")["id"]
    told: list[str] = []

    def found_meanwhile(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE findings") and not told:
            told.append("the other one")
            assert findings.found(connection, asset_id, "changed", "other bytes")

    with factory.engine.begin() as connection:
        event.listen(connection, "after_cursor_execute", found_meanwhile)
        assert not findings.found(connection, asset_id, "unreadable", "no answer")
    (one,) = findings.listed(factory.engine)
    assert one.kind == "changed"
    for _ in range(2):  # those that are closed may be many
        with factory.engine.begin() as connection:
            findings.right(connection, asset_id)
            assert findings.found(connection, asset_id, "changed", "other bytes")


def test_a_missing_original_is_found_by_the_first_sweep(factory: Factory) -> None:
    factory.on_disk(factory.asset("03.jpg")).unlink()
    worked(factory, steps=1)
    (found,) = findings.listed(factory.engine)
    assert found.kind == "missing"
    worked(factory)
    assert len(findings.listed(factory.engine)) == 1


def test_a_file_that_came_back_closes_its_finding(factory: Factory) -> None:
    path = factory.on_disk(factory.asset("03.jpg"))
    path.rename(factory.home / "aside")
    worked(factory, steps=1)
    (factory.home / "aside").rename(path)
    worked(factory)
    assert findings.listed(factory.engine) == []
    assert probe(watch(factory)).status == "OK"
    with factory.engine.connect() as connection:
        row = connection.execute(text("SELECT repaired_at, repaired_from FROM findings")).one()
    assert row.repaired_at is not None and row.repaired_from is None


def test_nothing_is_marked_when_much_vanishes_at_once(factory: Factory) -> None:
    for row in factory.assets():
        factory.on_disk(row).unlink()
    worked(factory)
    assert findings.listed(factory.engine) == []
    assert all(row["verified_at"] for row in factory.assets())
    reason = breakers.tripped(factory.engine)["archive"]
    assert "vanished at once: 12 of 12 originals" in reason
    assert probe(watch(factory)).status == "ERROR"
    with factory.engine.begin() as connection:
        breakers.reset(connection, "archive")
    worked(factory)
    assert len(findings.listed(factory.engine)) == 12
    assert breakers.tripped(factory.engine) == {}


def test_many_suspects_are_entered_a_portion_at_a_time_and_a_kill_forgets_none(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity, "AT_ONCE", 3)
    for row in factory.assets()[:8]:
        factory.on_disk(row).write_bytes(b"another size")
    found = []
    for steps in (1, 1, 30):  # each worker but the last one ends before it is done
        worked(factory, steps, INTEGRITY_DAYS=0)
        found.append(len(findings.listed(factory.engine)))
    assert found == [3, 6, 8]
    assert breakers.tripped(factory.engine) == {}


def test_suspects_that_stop_everything_are_looked_at_again_when_it_goes_on(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity, "AT_ONCE", 3)
    for row in factory.assets():
        factory.on_disk(row).write_bytes(b"another size")
    worker = worked(factory, INTEGRITY_DAYS=0)
    assert len(findings.listed(factory.engine)) == 9
    assert "were found wrong in this round" in breakers.tripped(factory.engine)["archive"]
    with factory.engine.begin() as connection:
        breakers.reset(connection, "archive")
    time.sleep(ASK_EVERY_S)  # so long it does not ask
    for _ in range(5):
        worker.work(threading.Event())
    assert len(findings.listed(factory.engine)) == 12


def test_suspects_of_an_archive_that_goes_away_are_looked_at_when_it_is_back(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity, "AT_ONCE", 3)
    for row in factory.assets()[:8]:
        factory.on_disk(row).write_bytes(b"another size")
    worker = worked(factory, 1, INTEGRITY_DAYS=0)
    marker = factory.paths.originals / MARKER
    marker.rename(factory.home / "aside")
    (factory.home / "aside").with_name("another").write_text("another\n")
    (factory.home / "another").rename(marker)
    time.sleep(ASK_EVERY_S)
    for _ in range(5):
        worker.work(threading.Event())
    assert len(findings.listed(factory.engine)) == 3
    (factory.home / "aside").rename(marker)
    Guard(factory.settings(), factory.paths, factory.engine, keeper=True).check()
    time.sleep(ASK_EVERY_S)
    for _ in range(5):
        worker.work(threading.Event())
    assert len(findings.listed(factory.engine)) == 8


def test_nine_are_too_few_to_stop_everything(factory: Factory) -> None:
    for row in factory.assets()[:9]:
        factory.on_disk(row).unlink()
    worked(factory)
    assert len(findings.listed(factory.engine)) == 9
    assert breakers.tripped(factory.engine) == {}


def test_it_does_nothing_while_the_breaker_is_tripped(factory: Factory) -> None:
    rot(factory, "03.jpg")
    age(factory, 100)
    with factory.engine.begin() as connection:
        breakers.trip(connection, "archive", "a person wants so")
    worked(factory)
    assert findings.listed(factory.engine) == []


def test_the_pace_makes_a_round_fit_its_days_and_hurries_only_when_it_is_late(
    factory: Factory,
) -> None:
    weight = sum(row["size_bytes"] for row in factory.assets())
    assert pace(watch(factory, INTEGRITY_DAYS=1)) == pytest.approx(max(1, weight / 0.9 / 86400))
    age(factory, 96)
    assert pace(watch(factory)) == 20 * MIB


def never_looked_at(factory: Factory, ingested_days_ago: float) -> None:
    at = (clock.now() - timedelta(days=ingested_days_ago)).isoformat(" ")
    with factory.engine.begin() as connection:
        query = "UPDATE media_assets SET verified_at = NULL, ingested_at = :at"
        connection.execute(text(query).bindparams(at=at))


def test_the_light_is_yellow_while_the_oldest_look_is_overdue(factory: Factory) -> None:
    age(factory, 90.5)
    assert probe(watch(factory)).status == "OK"
    age(factory, 92)
    told = probe(watch(factory))
    assert told.status == "WARNING" and "INTEGRITY_DAYS" in (told.message or "")
    assert probe(watch(factory, INTEGRITY_DAYS=0)).status == "OK"


def test_an_archive_on_another_device_goes_on_and_that_is_told(factory: Factory) -> None:
    with factory.engine.begin() as connection:
        connection.execute(text("UPDATE roots SET device = '0' WHERE name = 'originals'"))
    told = probe(watch(factory))
    assert told.status == "OK" and "on another device" in (told.message or "")
    factory.ingest()  # the Librarian has seen it there
    assert "device" not in (probe(watch(factory)).message or "")


def test_one_that_was_never_looked_at_counts_from_its_filing(factory: Factory) -> None:
    never_looked_at(factory, 92)
    told = probe(watch(factory))
    assert told.status == "WARNING" and told.details["rate"] == 20.0
    never_looked_at(factory, 1)
    assert probe(watch(factory)).status == "OK"


def test_one_that_is_known_to_be_wrong_is_not_overdue(factory: Factory) -> None:
    never_looked_at(factory, 92)
    with factory.engine.begin() as connection:
        for row in factory.assets():
            findings.found(connection, row["id"], "changed", "other bytes")
    assert "INTEGRITY_DAYS" not in (probe(watch(factory)).message or "")


def test_a_reader_that_does_not_get_on_is_told(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(*_: object) -> None:
        raise Interrupted("stale file handle")

    monkeypatch.setattr(Integrity, "_step", hangs)
    worked(factory, steps=1)
    figures = figures_of(watch(factory))
    assert figures.moved_at is not None
    figures.moved_at -= 3700
    worked(factory, steps=1)
    told = probe(watch(factory))
    assert told.status == "WARNING" and "not got on for 1.0 hours" in (told.message or "")
    monkeypatch.undo()
    worked(factory, steps=1)
    assert probe(watch(factory)).status == "OK"


def test_the_archive_is_weighed_once_and_not_by_each_probe(factory: Factory) -> None:
    sums: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "sum(" in statement.lower():
            sums.append(statement)

    event.listen(factory.engine, "before_cursor_execute", note)
    for _ in range(3):
        probe(watch(factory))
    worked(factory, steps=5)
    assert len(sums) == 1


def test_it_looks_at_one_and_then_waits_as_the_pace_wants(factory: Factory) -> None:
    age(factory, 10)
    worked(factory)
    young = clock.now() - timedelta(days=1)
    assert sum(row["verified_at"] > young for row in factory.assets()) == 1


def test_the_oldest_look_is_the_first_to_be_renewed(factory: Factory) -> None:
    age(factory, 10)
    oldest = factory.asset("07.jpg")["id"]
    with factory.engine.begin() as connection:
        connection.execute(
            text("UPDATE media_assets SET verified_at = :at WHERE original_name = '07.jpg'"),
            {"at": (clock.now() - timedelta(days=11)).isoformat(" ")},
        )
    worked(factory)
    young = clock.now() - timedelta(days=1)
    assert [row["id"] for row in factory.assets() if row["verified_at"] > young] == [oldest]


def test_the_brake_keeps_to_the_rate_and_hears_of_the_end() -> None:
    stop = threading.Event()
    brake = Brake(1000.0, stop)
    began = clock.now()
    brake(100)
    assert (clock.now() - began).total_seconds() >= 0.09
    stop.set()
    with pytest.raises(Interrupted):
        brake(100)


def test_a_round_by_hand_looks_at_everything(factory: Factory) -> None:
    rot(factory, "03.jpg")
    factory.on_disk(factory.asset("04.jpg")).unlink()
    read: list[int] = []
    looked = Integrity(watch(factory)).round(threading.Event(), 100, read.append)
    assert [path[-6:] for path in (*looked.changed, *looked.missing)] == ["03.jpg", "04.jpg"]
    assert sum(read) == sum(r["size_bytes"] for r in factory.assets()) - size_of_04(factory)
    assert not looked.all_is_well


def test_the_smallest_sample_reads_one_at_least(factory: Factory) -> None:
    looked = Integrity(watch(factory)).round(threading.Event(), 1e-9, lambda _size: None)
    assert (looked.assets, looked.hashed) == (12, 1)


def test_findings_are_readable_in_a_narrow_terminal(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "load_settings", factory.settings)
    monkeypatch.setattr(cli, "migrated_engine", lambda _settings: factory.engine)
    row = factory.asset("03.jpg")
    with factory.engine.begin() as connection:
        findings.found(connection, row["id"], "changed", "other bytes")
    told = CliRunner().invoke(app, ["findings"], terminal_width=80)
    path, what = told.stdout.splitlines()
    today = clock.now().date().isoformat()
    assert path == row["final_path"]
    assert what == f"  changed since {today}: photo-factory repair --all"


def size_of_04(factory: Factory) -> int:
    size: int = factory.asset("04.jpg")["size_bytes"]
    return size
