"""The Services page: what runs, how long it was up, what it says, and its switches."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert

from photo_factory.dashboard import beats_chart
from photo_factory.dashboard.actions import NotAllowed
from photo_factory.dashboard.actions.services import control
from photo_factory.dashboard.app_pages.services_table import up_since
from photo_factory.dashboard.context import Context
from photo_factory.dashboard.log_lines import wanted
from photo_factory.dashboard.process_status import Processes
from photo_factory.dashboard.queries.services import HOUR, slots, uptimes
from photo_factory.dashboard.units import Unit, UnitsAway
from photo_factory.shared import clock
from photo_factory.shared.action_log import Actor
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.models import SystemStatus, SystemStatusHistory
from photo_factory.shared.paths import Paths
from photo_factory.shared.processes import Running, Told, Wish, log_path, tell, wished
from photo_factory.shared.settings import Settings
from tests.dashboard.conftest import OpenPage, text_of
from tests.factory import Factory

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OWNER = Actor("alice", "owner")


def beats(
    engine: Engine, times: Iterable[datetime], service: str = "geocode", **changes: Any
) -> None:
    row = {
        "service_name": service, "status": "OK", "current_task": "waiting", "expected_every": 60,
        "started_at": NOON, "restarts": 0, **changes,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(
            insert(SystemStatusHistory.__table__), [{**row, "beat_at": at} for at in times]
        )


def minutes(begin: datetime, end: datetime) -> list[datetime]:
    count = int((end - begin).total_seconds() // 60)
    return [begin + timedelta(minutes=number) for number in range(count)]


def share(engine: Engine, service: str = "geocode", window: timedelta = DAY) -> float:
    return uptimes(slots(engine, NOON, DAY * 60, HOUR), NOON, [window])[service][0]


def test_a_service_that_always_beat_was_always_up(engine: Engine) -> None:
    beats(engine, minutes(NOON - 2 * DAY, NOON))
    assert share(engine) == 1


def test_it_counts_how_long_a_service_was_silent(engine: Engine) -> None:
    beats(engine, minutes(NOON - 2 * DAY, NOON - timedelta(hours=18)))
    beats(engine, minutes(NOON - timedelta(hours=12), NOON))
    patience_h = 125 / 3600 - 60 / 3600  # the last beat before it answers for a while
    assert share(engine) == pytest.approx((18 + patience_h) / 24, abs=1e-3)
    assert share(engine, window=2 * DAY) == pytest.approx((42 + patience_h) / 48, abs=1e-3)


def test_a_service_is_not_blamed_for_the_time_before_its_first_beat(engine: Engine) -> None:
    beats(engine, minutes(NOON - timedelta(minutes=90), NOON))
    assert share(engine, window=60 * DAY) == 1


def test_who_stopped_is_down_from_then_on(engine: Engine) -> None:
    beats(engine, minutes(NOON - DAY, NOON - DAY / 2))
    beats(engine, [NOON - DAY / 2], current_task="stopped")
    assert share(engine) == pytest.approx(0.5, abs=1e-3)


def test_several_processes_of_one_service_make_it_no_more_up_than_one(engine: Engine) -> None:
    for seconds in (0, 10, 20):
        begin = NOON - DAY + timedelta(seconds=seconds)
        beats(engine, minutes(begin, NOON - DAY / 2), instance=f"host:{seconds}")
    assert share(engine) == pytest.approx(0.5, abs=2e-3)


def test_it_keeps_services_apart_and_tells_the_worst_of_each_slice(engine: Engine) -> None:
    beats(engine, minutes(NOON - HOUR, NOON), "librarian")
    beats(engine, [NOON - timedelta(minutes=30)], "librarian", status="ERROR")
    beats(engine, minutes(NOON - HOUR, NOON), "backup", status="WARNING")
    found = slots(engine, NOON, DAY, HOUR)
    assert [(one.service, one.worst) for one in found] == [
        ("backup", "WARNING"), ("librarian", "ERROR"),
    ]  # fmt: skip
    assert {one.start for one in found} == {NOON - HOUR}
    assert all(one.covered_s == pytest.approx(3600) for one in found)


def test_the_chart_shows_every_slice_over_a_change_of_the_clocks(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = datetime(2026, 11, 1, 12, tzinfo=UTC)  # Berlin's summer time ended on 25 October
    monkeypatch.setattr(beats_chart.clock, "now", lambda: after)
    monkeypatch.setattr(beats_chart, "zone", lambda: ZoneInfo("Europe/Berlin"))
    times = [after - timedelta(minutes=5 * number) for number in range(12 * 24 * 20)]
    beats(engine, times, expected_every=300)
    found = slots(engine, after, 20 * DAY, HOUR)
    table = beats_chart.beats_table(found, 20 * DAY, timedelta(hours=6))
    assert table.shape == (1, 80)
    assert set(table.loc["geocode"]) == {1}


def test_the_chart_blames_a_service_for_silence_and_not_for_its_youth(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beats_chart.clock, "now", lambda: NOON)
    monkeypatch.setattr(beats_chart, "zone", lambda: ZoneInfo("UTC"))
    born = NOON - timedelta(hours=5.5)
    beats(engine, minutes(born, born + timedelta(hours=2)))
    beats(engine, [born + timedelta(minutes=45)], status="WARNING")
    beats(engine, minutes(NOON - timedelta(minutes=90), NOON - HOUR))
    beats(engine, minutes(NOON - timedelta(minutes=20), NOON))
    table = beats_chart.beats_table(slots(engine, NOON, DAY, HOUR), DAY, HOUR)
    row = table.loc["geocode"]
    assert row[:18].isna().all()
    assert [beats_chart.STATES[int(value)] for value in row[18:]] == [
        "OK", "WARNING", "partly silent", "no beat", "partly silent", "OK",
    ]  # fmt: skip


# Logs

LOG = """2026-11-21T10:00:00Z INFO    geocode: starting
2026-11-21T10:00:01Z DEBUG   geocode: asking for 52.5, 13.4
2026-11-21T10:00:02Z ERROR   geocode: it broke
Traceback (most recent call last):
  File "geocode.py", line 1
\x1b[31m2026-11-21T10:00:03Z WARNING geocode: later\x1b[0m
2026-11-21 10:00:04.000 UTC [77] LOG:  checkpoint starting
2026-11-21 10:00:04.000 UTC [77] FATAL:  no more room""".splitlines()


def test_a_log_is_searched_without_regard_to_case() -> None:
    assert wanted(LOG, "ASKING") == [LOG[1]]


def test_a_log_is_filtered_by_level_and_a_traceback_stays_whole() -> None:
    assert wanted(LOG, least="ERROR") == [*LOG[2:5], LOG[7]]
    assert len(wanted(LOG, least="INFO")) == 7


def test_a_log_loses_its_colours() -> None:
    assert wanted(LOG, "later") == ["2026-11-21T10:00:03Z WARNING geocode: later"]


# The processes of `photo-factory up`


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a supervisor (this very process) tells of two services."""
    import os

    me = Running("librarian", os.getpid(), None, 2, "running", "signal SIGKILL")
    gone = Running("geocode", 2**22 + 1, None, 0, "running")
    waits = Running("thumbnail", None, None, 3, "running", "exit code 1")
    stopped = Running("face", None, None, 0, "stopped")
    tell(tmp_path, Told(os.getpid(), clock.now(), (me, gone, waits, stopped)))
    return tmp_path


def test_it_sees_the_processes_of_the_supervisor(folder: Path) -> None:
    units = {unit.service: unit for unit in Processes(folder).units()}
    conditions = {name: unit.condition for name, unit in units.items()}
    assert conditions == {
        "librarian": "running", "geocode": "dead", "thumbnail": "restarting", "face": "stopped",
    }  # fmt: skip
    assert units["thumbnail"].note == "exit code 1"
    assert units["librarian"].restarts == 2


def test_it_measures_what_a_process_uses(folder: Path) -> None:
    host = Processes(folder)
    (unit,) = [one for one in host.units() if one.service == "librarian"]
    first = host.usage(unit)
    assert first.cpu is None  # from one look nobody can tell
    assert (first.memory or 0) > 10_000_000
    begun, spent = time.monotonic(), time.process_time()
    while time.process_time() - spent < 0.3:
        pass
    expected = 100 * (time.process_time() - spent) / (time.monotonic() - begun)
    assert host.usage(unit).cpu == pytest.approx(expected, rel=0.5)


def test_it_says_when_no_supervisor_runs(tmp_path: Path) -> None:
    with pytest.raises(UnitsAway, match="has run here yet"):
        Processes(tmp_path).units()
    tell(tmp_path, Told(2**22 + 1, clock.now(), ()))
    with pytest.raises(UnitsAway, match="does not run"):
        Processes(tmp_path).units()
    with pytest.raises(UnitsAway):
        Processes(tmp_path).stop("geocode")
    (tmp_path / "processes.json").write_text("{")
    with pytest.raises(UnitsAway, match="cannot be read"):
        Processes(tmp_path).units()


def test_a_number_that_another_process_has_got_is_not_the_supervisor(tmp_path: Path) -> None:
    long_ago = clock.now() - timedelta(days=365 * 20)
    tell(tmp_path, Told(1, long_ago, ()))
    with pytest.raises(UnitsAway, match="does not run"):
        Processes(tmp_path).units()


def test_it_reads_the_end_of_a_log(folder: Path) -> None:
    lines = [f"line {number} {'x' * 100}" for number in range(20_000)]
    log_path(folder, "librarian").write_text("\n".join(lines) + "\n")
    unit = Unit("librarian", "1", "process", "running", beats=True)
    assert Processes(folder).logs(unit, 3) == lines[-3:]
    assert Processes(folder).logs(unit, 10**6)[0] in lines  # whole, though begun in the middle
    assert Processes(folder).logs(Unit("face", "", "process", "stopped", beats=True), 3) == []


# The switches


def context_of(engine: Engine, home: Path, **changes: Any) -> Context:
    given = {"PHOTO_FACTORY_ROOT": home, **changes}
    chosen = Settings(_env_file=None, **given)  # type: ignore[call-arg]
    return Context(chosen, Paths.of(chosen), engine)


def test_a_switch_makes_a_wish(engine: Engine, folder: Path) -> None:
    place = context_of(engine, folder, DASHBOARD_CONTROL=True)
    host = Processes(folder)
    control(place, OWNER, host, "scale", "geocode", 3)
    control(place, OWNER, host, "stop", "geocode")
    assert wished(folder, "geocode") == Wish("stopped", 3)
    control(place, OWNER, host, "start", "geocode")
    assert wished(folder, "geocode") == Wish("running", 3)
    control(place, OWNER, host, "restart", "geocode")
    assert wished(folder, "geocode") == Wish("restart", 3)


def test_no_switch_works_for_a_viewer_or_without_the_setting(engine: Engine, folder: Path) -> None:
    host = Processes(folder)
    with pytest.raises(NotAllowed):
        place = context_of(engine, folder, DASHBOARD_CONTROL=True)
        control(place, Actor("carol", "viewer"), host, "stop", "geocode")
    with pytest.raises(PhotoFactoryError, match="DASHBOARD_CONTROL"):
        control(context_of(engine, folder), OWNER, host, "stop", "geocode")
    assert wished(folder, "geocode") is None


@pytest.mark.parametrize(("verb", "service", "number"), [
    ("stop", "dashboard", 1), ("scale", "geocode", 0), ("scale", "geocode", 17),
])  # fmt: skip
def test_no_switch_does_what_nobody_can_take_back(
    engine: Engine, folder: Path, verb: Any, service: str, number: int
) -> None:
    place = context_of(engine, folder, DASHBOARD_CONTROL=True)
    with pytest.raises(PhotoFactoryError):
        control(place, OWNER, Processes(folder), verb, service, number)
    assert wished(folder, service) is None


# The page


def running(factory: Factory) -> None:
    """The supervisor (this process) runs one service, which beats; another one is dead."""
    import os

    now = clock.now()
    tell(
        factory.paths.services,
        Told(os.getpid(), now, (
            Running("geocode", os.getpid(), None, 0, "running"),
            Running("librarian", 2**22 + 1, None, 1, "running"),
        )),
    )  # fmt: skip
    log_path(factory.paths.services, "librarian").write_text("\n".join(LOG))
    details = {"flag": "is_geocoded", "idle": None}
    row = {
        "status": "OK", "current_task": "waiting", "last_heartbeat": now, "expected_every": 60,
        "started_at": now, "restarts": 0, "is_probe": False, "details": {},
    }  # fmt: skip
    with factory.engine.begin() as connection:
        connection.execute(insert(SystemStatus.__table__), [
            {**row, "service_name": "geocode", "details": details},
            {**row, "service_name": "librarian"},
        ])  # fmt: skip
    beats(factory.engine, minutes(now - timedelta(hours=2), now + timedelta(minutes=1)))


def test_the_page_tells_how_each_service_is(open_page: OpenPage, factory: Factory) -> None:
    running(factory)
    page = open_page("services")
    assert not page.exception
    table = page.dataframe[0].value.set_index("service")
    assert table["state"].to_dict() == {"geocode": "OK", "librarian": "ERROR"}
    assert table.loc["geocode", "up 24 h"] == pytest.approx(1, abs=1e-3)
    assert "its process is gone" in text_of(page)
    assert "it broke" in page.code[0].value


@pytest.mark.parametrize(
    ("beats_for", "told"),
    [
        (timedelta(minutes=26), [True, False, False]),
        (timedelta(days=2), [True, True, False]),
        (timedelta(days=30), [True, True, True]),
    ],
)
def test_nobody_was_up_longer_than_they_beat(beats_for: timedelta, told: list[bool]) -> None:
    windows = (DAY, 7 * DAY, 60 * DAY)
    up = up_since(NOON - beats_for, [1.0, 1.0, 1.0], windows, NOON)
    assert [share is not None for share in up.shares] == told


def test_the_page_says_since_when_a_service_is_known(open_page: OpenPage, factory: Factory) -> None:
    running(factory)
    table = open_page("services").dataframe[0].value.set_index("service")
    assert table.loc["geocode", "first beat"] == "2 h ago"
    assert table["up 60 d"].isna().all()
    assert table["up 60 d"].dtype == float


def test_the_page_has_switches_only_where_they_are_allowed(
    open_page: OpenPage, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(factory)
    assert "Restart" not in labels(open_page("services"))
    assert {"Restart", "Stop"} <= set(labels(open_page("services", DASHBOARD_CONTROL="true")))
    monkeypatch.setattr("photo_factory.dashboard.access.THIS_MACHINE", Actor("carol", "viewer"))
    assert "Restart" not in labels(open_page("services", DASHBOARD_CONTROL="true"))


def test_the_page_scales_only_what_raises_a_flag(open_page: OpenPage, factory: Factory) -> None:
    running(factory)
    page = open_page("services", DASHBOARD_CONTROL="true")
    assert "Scale" not in labels(page)
    page.selectbox(key="service").set_value("geocode").run()
    assert "Scale" in labels(page)


def labels(page: Any) -> list[str]:
    return [button.label for button in page.button]


def test_the_page_says_what_to_do_where_nothing_ever_ran(
    open_page: OpenPage, factory: Factory
) -> None:
    assert factory.engine
    assert "photo-factory up" in text_of(open_page("services"))


def test_the_page_shows_beats_where_docker_is_away(open_page: OpenPage, factory: Factory) -> None:
    running(factory)
    page = open_page("services", DOCKER_HOST="tcp://127.0.0.1:1")
    assert not page.exception
    assert "Docker at tcp://127.0.0.1:1 does not answer" in text_of(page)
    assert set(page.dataframe[0].value["service"]) == {"geocode", "librarian"}


def test_the_page_shows_processes_where_the_ledger_is_away(
    open_page: OpenPage, factory: Factory
) -> None:
    running(factory)
    page = open_page("services", DATABASE_URL="postgresql://photo@127.0.0.1:1/photos")
    assert not page.exception
    told = text_of(page)
    assert "the ledger cannot be reached" in told
    table = page.dataframe[0].value.set_index("service")
    assert table["state"].to_dict() == {"geocode": "UNKNOWN", "librarian": "ERROR"}
