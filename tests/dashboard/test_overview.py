"""The Overview: three sources joined into one word, and all of it into one sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Engine, insert

from photo_factory.dashboard.app_pages.overview import told_truth
from photo_factory.dashboard.fresh import Fresh, NotYet
from photo_factory.dashboard.house import Sight, count_files
from photo_factory.dashboard.queries import overview
from photo_factory.dashboard.queries.overview import Now, Totals
from photo_factory.dashboard.truth import truth
from photo_factory.dashboard.units import Condition, Unit
from photo_factory.dashboard.verdict import RECENT, START, Seen, Verdict, judge, verdicts, worst
from photo_factory.shared import breakers, clock
from photo_factory.shared.errors import LedgerAway
from photo_factory.shared.heartbeat_service import Heartbeat, Light, State
from photo_factory.shared.ledger.models import Arrival, Finding, MediaAsset, StageRun
from tests.dashboard.conftest import OpenPage, text_of
from tests.factory import Factory
from tests.shared.ledger.rows import an_arrival, an_asset

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(hours=3)


def unit(condition: Condition = "running", note: str = "", **changes: Any) -> Unit:
    given = {"ident": "abc", "started_at": LONG_AGO, "note": note, "beats": True, **changes}
    return Unit("geocode", kind="container", condition=condition, **given)


def light(state: State = "OK", **changes: Any) -> Light:
    beat = NOON - (timedelta(minutes=12) if state == "SILENT" else timedelta(seconds=20))
    given: dict[str, Any] = {
        "name": "geocode", "state": state, "current_task": "waiting for photos",
        "message": None, "last_heartbeat": beat, "expected_every": 60, "started_at": LONG_AGO,
        "restarts": 0, "instances": 0 if state == "SILENT" else 1, "is_probe": False, **changes,
    }  # fmt: skip
    return Light(**given)


def judged(units: list[Unit] | None, its_light: Light | None, *, ledger: bool = True) -> Verdict:
    lights = {its_light.name: its_light} if its_light else {}
    return judge("geocode", Seen(units, lights if ledger else None, NOON))


def farewell(**changes: Any) -> Light:
    return light(current_task="stopped", instances=0, **changes)


# What runs, what its beats say, the word, and words of the reason.
TOGETHER: list[tuple[list[Unit] | None, Light | None, str, str]] = [
    # both agree
    ([unit()], light(), "OK", ""),
    ([unit()], light("WARNING", message="the provider is away"), "WARNING", "provider is away"),
    ([unit()], light("ERROR", message="it crashed"), "ERROR", "it crashed"),
    ([unit("stopped")], light("SILENT"), "STOPPED", "docker compose up -d"),
    ([unit("stopped")], farewell(), "STOPPED", "somebody stopped"),
    ([unit("dead", "exit code 1")], light("SILENT"), "ERROR", "down (exit code 1)"),
    # the container runs, and yet
    ([unit()], light("SILENT"), "SILENT", "runs, but no beat came for 12 min"),
    ([unit()], None, "SILENT", "has never given a sign of life"),
    ([unit()], farewell(), "SILENT", "its last word was that it stops"),
    ([unit(note="unhealthy")], light(), "WARNING", "Docker calls it unhealthy"),
    ([unit(note="unhealthy")], light("ERROR", message="broke"), "ERROR", "broke"),
    ([unit(note="starting")], light(), "OK", ""),
    ([unit(), unit("dead", ident="b")], light(), "WARNING", "1 of its 2 containers do not run"),
    # it was started a moment ago
    ([unit(started_at=NOON)], None, "STARTING", "not beaten yet"),
    ([unit(started_at=NOON)], light("SILENT"), "STARTING", "not beaten yet"),
    ([unit(started_at=NOON)], farewell(), "STARTING", "not beaten yet"),
    ([unit("starting")], None, "STARTING", "being started"),
    ([unit(started_at=NOON - 2 * START)], light("SILENT"), "SILENT", "it hangs"),
    # its beat is young, and yet
    ([unit("dead", "exit code 137")], light(), "ERROR", "exit code 137), its last beat is young"),
    ([unit("restarting", "exit code 1")], light(), "ERROR", "died (exit code 1) and is started"),
    ([unit("frozen", "stopped by a signal")], light(), "ERROR", "frozen (stopped by a signal)"),
    ([unit("stopped")], light(), "WARNING", "and yet it beats"),
    ([], light(), "OK", "runs in nothing that can be seen"),
    ([], light("ERROR", message="broke"), "ERROR", "broke"),
    # nothing of it is there
    ([], light("SILENT"), "SILENT", "runs in nothing that can be seen"),
    ([], farewell(), "STOPPED", "asked to stop"),
    ([], farewell(state="ERROR", message="the port is taken"), "ERROR", "the port is taken"),
    ([], None, "UNKNOWN", "no sign of life yet"),
    # Docker is away: the beats alone
    (None, light(), "OK", ""),
    (None, light("SILENT"), "SILENT", "no beat for 12 min"),
    (None, None, "UNKNOWN", "no sign of life yet"),
]  # fmt: skip


@pytest.mark.parametrize(("units", "its_light", "word", "reason"), TOGETHER)
def test_it_joins_what_runs_with_what_beats(
    units: list[Unit] | None, its_light: Light | None, word: str, reason: str
) -> None:
    found = judged(units, its_light)
    assert found.word == word
    assert reason in found.reason
    assert bool(found.reason) == bool(reason)


@pytest.mark.parametrize(
    ("units", "word", "reason"),
    [
        ([unit()], "UNKNOWN", "its container runs; the ledger is away"),
        ([unit("dead", "exit code 1")], "ERROR", "down (exit code 1)"),
        ([unit("stopped")], "STOPPED", "somebody"),
        ([unit(beats=False)], "OK", ""),
        (None, "UNKNOWN", "the ledger is away"),
    ],
)
def test_without_the_ledger_it_tells_what_runs(
    units: list[Unit] | None, word: str, reason: str
) -> None:
    found = judged(units, None, ledger=False)
    assert (found.word, reason in found.reason) == (word, True)


@pytest.mark.parametrize(
    ("units", "state", "word"),
    [
        ([unit(beats=False)], "OK", "OK"),
        ([unit(beats=False)], "ERROR", "ERROR"),
        ([unit("dead", beats=False)], "OK", "ERROR"),
        ([], "WARNING", "WARNING"),
        ([unit(beats=False)], "SILENT", "SILENT"),
    ],
)
def test_it_joins_a_container_with_its_probe(units: list[Unit], state: State, word: str) -> None:
    assert judged(units, light(state, is_probe=True, message="it says")).word == word


def test_a_container_that_neither_beats_nor_is_probed_is_as_docker_says() -> None:
    assert judged([unit(beats=False)], None).word == "OK"
    assert judged([unit(beats=False, note="unhealthy")], None).word == "WARNING"
    assert judged([unit("dead", beats=False)], None).word == "ERROR"


def test_it_lists_everything_that_runs_or_ever_beat() -> None:
    lights = {"backup": light(name="backup"), "clock": light(name="clock", is_probe=True)}
    found = verdicts(Seen([unit()], lights, NOON))
    assert [one.name for one in found] == ["backup", "geocode", "clock"]
    assert worst(found)[0].name == "geocode"


# The sentence


def totals(assets: int = 12_418, backed_up: int = 12_411) -> Totals:
    return Totals(assets, {"image": assets}, 0, backed_up, 0, NOON)


def quiet(**changes: Any) -> Now:
    given: dict[str, Any] = {
        "filed_today": 0, "held": 0, "failed": 0, "parked": 0, "findings": 0, "breakers": {},
        "last_filed_at": None, **changes,
    }  # fmt: skip
    return Now(**given)


def test_a_sidecar_is_no_photo() -> None:
    known = Totals(66, {"image": 63, "video": 2, "sidecar": 1}, 0, 65, 0, NOON)
    told = truth(known, quiet(), [], 1)
    assert told.sentence == "All 65 photos are filed and backed up once; nothing needs you."


def test_what_may_be_decided_some_day_is_told_and_no_trouble() -> None:
    told = truth(totals(7, 7), quiet(), [], 1, 0, {"dates": 17, "duplicates": 1, "parked": 0})
    assert told.word == "OK"
    assert told.sentence.endswith("nothing needs you but 1 duplicate in doubt and 17 unsure dates.")


@pytest.mark.parametrize(
    ("known", "targets", "sentence"),
    [
        (totals(), 2, "All 12,418 photos are filed, 12,411 are backed up twice; "
         "nothing needs you."),
        (totals(7, 7), 1, "All 7 photos are filed and backed up once; nothing needs you."),
        (totals(1, 0), 3, "The one photo is filed, 0 are backed up 3 times; nothing needs you."),
        (totals(0, 0), 2, "No photo is filed yet; nothing needs you."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_is_filed_and_backed_up(
    known: Totals, targets: int, sentence: str
) -> None:
    told = truth(known, quiet(), [], targets)
    assert (told.sentence, told.word) == (sentence, "OK")


def test_no_backup_at_all_is_not_green() -> None:
    told = truth(totals(5, 0), quiet(), [], 0)
    assert told.word == "WARNING" and told.needs[0].page == "backup"
    assert told.sentence.startswith("All 5 photos are filed, and none is backed up: no target is")


def test_the_sentence_tells_what_lies_in_the_inbox() -> None:
    told = truth(totals(), quiet(), [], 2, 5000)
    assert "backed up twice, 5,000 files lie in the inbox; nothing" in told.sentence


def test_the_sentence_puts_the_most_urgent_first() -> None:
    now = quiet(held=2, parked=1, findings=3, breakers={"archive": "the root is empty"})
    found = [
        Verdict("face", "WARNING", "the model is away"), Verdict("backup", "SILENT", "it hangs"),
        Verdict("geocode", "ERROR", "it crashed"), Verdict("librarian", "WARNING", "2 are held"),
        Verdict("thumbnail", "STOPPED", "somebody stopped it"),
    ]  # fmt: skip
    told = truth(totals(), now, found, 2)
    assert [need.text for need in told.needs] == [
        "Everything about archive stands still: the root is empty",
        "geocode: it crashed",
        "backup: it hangs",
        "3 originals are not what they were",
        "1 asset is parked",
        "2 files are held in the inbox",
        "face: the model is away",
    ]
    assert told.word == "ERROR"
    assert told.sentence.endswith("7 things need you.")


def test_the_sentence_is_true_while_the_ledger_is_away() -> None:
    told = truth(None, None, [], 2)
    assert "cannot be asked" in told.sentence
    assert told.word == "ERROR" and told.needs[0].text == "the ledger is away"
    unit = Unit("librarian", "1", "process", "running", True)
    running = [Verdict("librarian", "UNKNOWN", "", units=(unit,))]
    assert "filed all the same" in truth(None, None, running, 2).needs[0].text


# What it asks


def fill(engine: Engine) -> None:
    now = clock.now()
    rows = [
        an_asset(ingested_at=now - timedelta(hours=hours), is_thumbnailed=hours < 3,
                  is_backed_up=hours == 0)
        for hours in (0, 1, 2, 50)
    ]  # fmt: skip
    run = {"stage": "thumbnail", "tries_left": 3, "claims": 1, "not_before": now}
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset.__table__), rows)
        connection.execute(insert(StageRun.__table__), [
            {**run, "asset_id": rows[0]["id"], "finished_at": now, "parked_at": None},
            {**run, "asset_id": rows[3]["id"], "finished_at": None, "parked_at": now},
            {**run, "asset_id": rows[3]["id"], "finished_at": None, "parked_at": now,
             "stage": "face"},
        ])  # fmt: skip
        connection.execute(insert(Finding.__table__), {
            "asset_id": rows[0]["id"], "kind": "missing", "found_at": now, "message": "gone",
        })  # fmt: skip
        states = ["filed", "held", "held", "failed", "duplicate"]
        connection.execute(insert(Arrival.__table__), [an_arrival(state=one) for one in states])
        breakers.trip(connection, "archive", "the root is empty")
    heart = Heartbeat(engine, "thumbnail", 60)
    heart.beat("OK", "waiting", details={"flag": "is_thumbnailed", "idle": None})


def test_it_counts_what_there_is(engine: Engine) -> None:
    fill(engine)
    known = overview.totals(engine)
    assert (known.assets, known.backed_up, known.by_type) == (4, 1, {"image": 4})
    midnight = clock.now() - timedelta(hours=24)
    now = overview.now(engine, midnight)
    assert (now.filed_today, now.held, now.failed, now.parked, now.findings) == (3, 2, 1, 1, 1)
    assert now.breakers == {"archive": "the root is empty"}
    assert clock.now() - (now.last_filed_at or NOON) < timedelta(minutes=5)


def test_sidecars_are_counted_apart(engine: Engine) -> None:
    kinds = ("image", "video", "sidecar")
    with engine.begin() as connection:
        rows = [an_asset(media_type=kind, is_backed_up=True) for kind in kinds]
        connection.execute(insert(MediaAsset.__table__), rows)
    known = overview.totals(engine)
    assert (known.assets, known.photos, known.sidecars, known.backed_up) == (3, 2, 1, 2)
    assert overview.now(engine, clock.now() - timedelta(days=9999)).filed_today == 2


def test_it_knows_how_far_a_flag_is(engine: Engine) -> None:
    fill(engine)
    (flag,) = overview.flags(engine, overview.totals(engine), overview.all_lights(engine))
    assert (flag.name, flag.service) == ("is_thumbnailed", "thumbnail")
    assert (flag.total, flag.done, flag.waiting, flag.parked, flag.last_hour) == (4, 3, 0, 1, 1)
    assert flag.seconds_left == 0


def test_it_tells_the_time_left_by_the_last_hour() -> None:
    flag = overview.Flag("is_geocoded", "geocode", 1000, 500, 0, 250, None)
    assert flag.seconds_left == 2 * 3600
    assert overview.Flag("is_geocoded", "geocode", 9, 5, 0, 0, None).seconds_left is None


def test_it_is_empty_where_nothing_is(engine: Engine) -> None:
    assert overview.totals(engine).assets == 0
    assert overview.now(engine, NOON).last_filed_at is None
    assert overview.flags(engine, overview.totals(engine), {}) == []


def test_it_counts_the_files_of_the_inbox_but_not_what_is_hidden(tmp_path: Path) -> None:
    for name in ("pixel/a.jpg", "pixel/.stfolder/x", ".hidden", "pixel/~syncthing~b.jpg.tmp", "c"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert count_files(tmp_path).files == 2
    with pytest.raises(FileNotFoundError):
        count_files(tmp_path / "nowhere")


# Answers that are renewed in the background


def test_an_answer_is_renewed_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photo_factory.dashboard.fresh.SHARE", 1e9)
    asked = iter(range(100))
    fresh = Fresh(lambda: next(asked), least_s=0)
    assert [fresh.get(), fresh.get(), fresh.get()] == [0, 1, 2]
    monkeypatch.undo()
    rare = Fresh(lambda: next(asked), least_s=60)
    assert rare.get() == rare.get()
    before = rare.get()
    rare.forget()
    assert rare.get() > before


def test_what_asking_raised_is_raised_until_it_works() -> None:
    answers: list[Any] = [LedgerAway("it is away"), LedgerAway("it is away"), 7]

    def ask() -> int:
        answer = answers.pop(0)
        if isinstance(answer, LedgerAway):
            raise answer
        return int(answer)

    fresh = Fresh(ask, least_s=0)
    for _ in range(2):
        with pytest.raises(LedgerAway, match="it is away"):
            fresh.get()
    assert fresh.get() == 7


def test_a_fault_is_not_hidden_by_asking_in_the_background() -> None:
    fresh = Fresh(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        fresh.get()


# The page


def test_the_page_says_that_all_is_well_and_empty(open_page: OpenPage, factory: Factory) -> None:
    assert factory.engine
    page = open_page()
    assert "No photo is filed yet; nothing needs you." in page.success[0].value
    assert "photo-factory up" in text_of(page)


def test_the_page_shows_true_numbers(open_page: OpenPage, factory: Factory) -> None:
    for number in range(3):
        factory.drop(f"pixel/{number}.jpg")
    factory.ingest()
    factory.drop("pixel/new.jpg")
    Heartbeat(factory.engine, "librarian", 60).beat("OK", "waiting for photos")
    page = open_page(BACKUP_TARGETS="/mnt/a,/mnt/b")
    assert not page.exception
    numbers = {one.label: one.value for one in page.metric}
    assert (numbers["Filed today"], numbers["In the inbox now"]) == ("3", "1")
    assert numbers["In the archive"] == "3"
    assert "All 3 photos are filed, 0 are backed up twice" in text_of(page)
    assert "librarian" in text_of(page)
    assert ":green-badge[OK]" in text_of(page)


def test_the_page_shows_what_it_has_while_the_ledger_is_away(
    open_page: OpenPage, factory: Factory
) -> None:
    factory.drop("pixel/new.jpg")
    page = open_page(DATABASE_URL="postgresql://photo@127.0.0.1:1/photos")
    assert not page.exception
    numbers = {one.label: one.value for one in page.metric}
    assert numbers["In the inbox now"] == "1"
    assert "Free space" in numbers
    assert "cannot be shown since" in text_of(page)
    assert "the ledger is away" in text_of(page)


def test_the_page_shows_a_breaker_first(open_page: OpenPage, factory: Factory) -> None:
    with factory.engine.begin() as connection:
        breakers.trip(connection, "archive", "the root is empty")
    page = open_page()
    assert "one thing needs you" in page.error[0].value
    assert "the root is empty" in text_of(page)


def test_a_service_that_died_a_moment_ago_is_pointed_at_though_it_is_back() -> None:
    unit = Unit("geocode", "1", "process", "running", True, NOON - timedelta(seconds=40), 1)
    found = judge("geocode", Seen([unit], {"geocode": light()}, NOON))
    assert (found.word, found.reason) == ("WARNING", "it ended, and was started again 40 s ago")
    first = Unit("geocode", "1", "process", "running", True, NOON - timedelta(seconds=40), 0)
    assert judge("geocode", Seen([first], {"geocode": light()}, NOON)).word == "OK"
    long_ago = Unit("geocode", "1", "process", "running", True, NOON - RECENT, 1)
    assert judge("geocode", Seen([long_ago], {"geocode": light()}, NOON)).word == "OK"


def test_an_empty_archive_says_what_to_do_first(open_page: OpenPage, factory: Factory) -> None:
    assert factory.engine
    assert f"into a folder named for its phone or camera below `{factory.paths.inbox}`" in text_of(
        open_page()
    )
    factory.drop("pixel-7/a.jpg")
    factory.ingest()
    assert "Begin with a photo" not in text_of(open_page())


def test_where_all_is_one_disk_the_storage_is_named(open_page: OpenPage, factory: Factory) -> None:
    """The probes look one after the other, and between two looks a file is written."""
    for name, free in (("storage", 50_000_300_000), ("inbox", 50_000_100_000)):
        details = {"path": f"/{name}", "free_bytes": free, "total_bytes": 200_000_000_000}
        heart = Heartbeat(factory.engine, f"disk-{name}", 300, is_probe=True)
        heart.beat("OK", "looked at", details=details)
    assert "Free space 50.0 GB 25% of storage" in text_of(open_page())


def test_a_count_that_takes_long_is_not_told_as_a_ledger_that_is_away() -> None:
    class Counting:
        def get(self) -> None:
            raise NotYet("this takes long to find out; it will be there soon")

    slow = Counting()
    this: Any = SimpleNamespace(settings=SimpleNamespace(inbox_mode="move", backup_targets=None))
    seen: Any = SimpleNamespace(inbox=slow, undecided=slow, totals=slow)
    told = told_truth(this, seen, cast(Sight, SimpleNamespace(verdicts=(), lights={})))
    assert (told.word, told.needs) == ("WARNING", ())
    assert "are being counted" in told.sentence
