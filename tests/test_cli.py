"""The command as a person and a script meet it: answers, progress, exit codes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from photo_factory.__main__ import main
from photo_factory.cli import app
from photo_factory.shared import clock
from photo_factory.shared.settings import Settings
from tests.factory import Factory, photo

pytestmark = pytest.mark.usefixtures("own_handlers")

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.fixture
def factory(tmp_path: Path) -> Iterator[Factory]:
    """A factory with the embedded ledger."""
    made = Factory(tmp_path / "factory")
    yield made
    made.close()


def command(factory: Factory, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process."""
    return subprocess.run(
        [sys.executable, "-m", "photo_factory", *words],
        env=factory.environment(**changes),
        cwd=factory.home,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class Told:
    """What a command said and how it ended, run in this process."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def answer(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def tell(
    factory: Factory, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Told]:
    """Run a command quickly, in this process."""

    def run(*words: str, **changes: str) -> Told:
        for name, value in factory.environment(**changes).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["photo-factory", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capfd.readouterr()
        return Told(code, captured.out, captured.err)

    return run


def one_line(text: str) -> bool:
    return len(text.strip().splitlines()) == 1 and "Traceback" not in text


def test_it_ingests_and_gives_the_json_alone_on_stdout(factory: Factory) -> None:
    content = photo()
    factory.drop("pixel-7/a.jpg", content)
    factory.drop("pixel-7/b.jpg", content)
    factory.drop("pixel-7/notes.txt", b"x")
    done = command(factory, "ingest", "--json")
    summary = json.loads(done.stdout)
    assert (done.returncode, list(summary)) == (0, [
        "seen", "filed", "duplicates", "ignored", "held", "failed", "pending_ledger", "bytes",
        "seconds",
    ])  # fmt: skip
    assert (summary["seen"], summary["filed"], summary["duplicates"], summary["ignored"]) == (
        3, 1, 1, 1,
    )  # fmt: skip
    assert summary["bytes"] == len(content)


def test_it_files_an_existing_collection_and_can_leave_it(factory: Factory, tmp_path: Path) -> None:
    album = tmp_path / "Pictures" / "2019" / "summer"
    album.mkdir(parents=True)
    (album / "a.jpg").write_bytes(photo())
    (tmp_path / "single.jpg").write_bytes(photo())
    folder, single = str(tmp_path / "Pictures"), str(tmp_path / "single.jpg")
    kept = command(factory, "ingest", folder, single, "--keep", "--json")
    assert (kept.returncode, json.loads(kept.stdout)["filed"]) == (0, 2)
    assert (album / "a.jpg").exists()
    moved = command(factory, "ingest", folder, single, "--json")
    assert json.loads(moved.stdout)["duplicates"] == 2
    assert not (album / "a.jpg").exists()
    assert factory.asset("a.jpg")["original_path"] == str(album / "a.jpg")
    assert factory.asset("a.jpg")["source_device"] is None


def test_it_refuses_a_collection_that_is_not_there(tell: Callable[..., Told]) -> None:
    told = tell("ingest", "/nowhere/at/all")
    assert (told.code, one_line(told.err), told.out) == (2, True, "")
    assert "no such file" in told.err


@pytest.mark.parametrize("where", ["Storage", "Storage/Originals", "."])
def test_it_refuses_a_collection_that_overlaps_the_storage(
    tell: Callable[..., Told], factory: Factory, where: str
) -> None:
    (factory.home / "Storage/Originals").mkdir(parents=True)
    told = tell("ingest", str(factory.home / where))
    assert (told.code, one_line(told.err)) == (2, True)
    assert "overlap" in told.err


def test_it_refuses_a_collection_that_links_to_the_storage(
    tell: Callable[..., Told], factory: Factory
) -> None:
    factory.paths.originals.mkdir(parents=True)
    (factory.home / "link").symlink_to(factory.paths.originals)
    assert tell("ingest", str(factory.home / "link")).code == 2


def test_it_ends_with_one_when_something_is_held(
    tell: Callable[..., Told], factory: Factory
) -> None:
    path = factory.drop("a.jpg")
    with path.open("ab"):  # somebody has it open for writing
        told = tell("ingest", "--json", SETTLE_TIMEOUT="0.5")
    assert (told.code, told.answer["held"], told.answer["seen"]) == (1, 1, 1)
    assert "held a.jpg" in told.err
    assert factory.inbox() == ["a.jpg"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("STABILITY_DELAY", "soon", "valid number"),
        ("STABILITY_DELAY", "-1", "greater than or equal to 0"),
        ("WATCHER", "psychic", "'native', 'polling' or 'off'"),
        ("TIMEZONE", "Mars/Olympus", "no IANA time zone"),
        ("CAMERA_CLOCKS", "not json", "camera_clocks"),
        ("CAMERA_CLOCKS", '{"Canon EOS 70D": "sometimes"}', "sometimes"),
        ("LOG_LEVEL", "CHATTY", "no log level"),
        ("DATABASE_URL", "mysql://host/photos", "only sqlite and postgresql"),
        ("DATABASE_URL", "photos.db", "no database URL"),
        ("PHOTO_FACTORY_INBOX", "Storage/Inbox", "overlap"),
    ],
)
@pytest.mark.parametrize("words", [("ingest",), ("status",), ("run", "librarian"), ("up",)])
def test_it_says_in_one_line_which_setting_is_wrong(
    tell: Callable[..., Told], words: tuple[str, ...], name: str, value: str, says: str
) -> None:
    told = tell(*words, **{name: value})
    assert (told.code, one_line(told.err), told.out) == (2, True, ""), told.err
    assert says in told.err


def test_it_knows_its_services(tell: Callable[..., Told]) -> None:
    assert "librarian" in tell("services").out
    assert tell("services", "--json").answer[0]["name"] == "librarian"
    for words in (("run", "gardener"), ("healthcheck", "gardener")):
        told = tell(*words)
        assert (told.code, one_line(told.err)) == (2, True)
        assert "librarian" in told.err


def test_it_runs_a_service_once(factory: Factory) -> None:
    factory.drop("a.jpg")
    assert command(factory, "run", "librarian", "--once").returncode == 0
    assert len(factory.assets()) == 1


def test_it_shows_the_state_of_services_and_arrivals(
    tell: Callable[..., Told], factory: Factory
) -> None:
    silent = tell("status", "--json")
    assert (silent.code, silent.answer["services"][0]["state"]) == (1, "SILENT")
    factory.drop("a.jpg")
    tell("run", "librarian", "--once")
    told = tell("status", "--json")
    service = told.answer["services"][0]
    assert (service["name"], service["state"]) == ("librarian", "OK")
    assert told.code == 1, "the other services never ran"
    assert (service["restarts"], service["age"] < 60) == (0, True)
    assert (told.answer["assets"], told.answer["arrivals"]) == (1, {"filed": 1})
    assert "librarian" in tell("status").out


def test_its_health_check_fails_when_the_beats_do_not_come(
    tell: Callable[..., Told], factory: Factory
) -> None:
    assert tell("healthcheck", "librarian").code == 1
    tell("run", "librarian", "--once", HEARTBEAT_INTERVAL="60")
    assert tell("healthcheck", "librarian").code == 0
    with factory.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE system_status SET last_heartbeat = '2020-01-01 00:00'")
    silent = tell("healthcheck", "librarian")
    assert (silent.code, "SILENT" in silent.err) == (1, True)


def test_it_migrates_and_says_whether_there_was_something_to_do(tell: Callable[..., Told]) -> None:
    assert "migrated" in tell("migrate").err
    assert "up to date" in tell("migrate").err


def test_it_explains_a_file_and_an_asset_in_the_same_words(
    tell: Callable[..., Told], factory: Factory
) -> None:
    path = factory.drop("IMG_1.jpg", photo("2023:12:25 12:34:56"))
    of_file = tell("explain", str(path), "--json").answer
    assert of_file["captured_at"] == "2023-12-25T12:34:56"
    factory.ingest()
    row = factory.asset("IMG_1.jpg")
    for name in (str(row["id"]), row["file_hash"], row["file_hash"][:8], str(row["id"])[:8]):
        of_asset = tell("explain", name, "--json").answer
        assert of_asset["id"] == str(row["id"])
        assert of_asset["captured_at_source"] == of_file["captured_at_source"]
    assert "2023-12-25 12:34:56" in tell("explain", row["file_hash"]).out.replace("T", " ")


@pytest.mark.parametrize("what", ["nothing.jpg", "ffff", "%", ""])
def test_it_says_so_when_there_is_nothing_to_explain(tell: Callable[..., Told], what: str) -> None:
    told = tell("explain", what)
    assert (told.code, one_line(told.err)) == (1, True)


def test_it_verifies_with_exit_codes(tell: Callable[..., Told], factory: Factory) -> None:
    factory.drop("a.jpg")
    tell("ingest")
    well = tell("verify", "--json")
    assert (well.code, well.answer["ok"], well.answer["hashed"]) == (0, True, 1)
    factory.on_disk(factory.asset("a.jpg")).unlink()
    ill = tell("verify", "--json")
    assert (ill.code, ill.answer["missing"]) == (1, [factory.asset("a.jpg")["final_path"]])
    assert "a.jpg" in tell("verify").out
    assert tell("verify", "--sample", "101").code == 2


def test_it_rebuilds_the_ledger_from_the_archive_alone(
    tell: Callable[..., Told], factory: Factory
) -> None:
    factory.drop("a.jpg")
    tell("ingest")
    (before,) = factory.assets()
    factory.close()
    for path in factory.paths.storage.glob("ledger.sqlite3*"):
        path.unlink()
    told = tell("verify", "--rebuild", "--json")
    assert (told.code, told.answer["assets"]) == (0, 1)
    (after,) = factory.assets()
    assert after.pop("verified_at") > before.pop("verified_at")
    assert after == before


def test_it_shows_every_setting_and_where_it_came_from(
    tell: Callable[..., Told], factory: Factory
) -> None:
    (factory.home / ".env").write_text("SCAN_INTERVAL=7\nLOG_LEVEL=DEBUG\n")
    secret = "postgresql://me:hunter2@host/photos"
    told = tell("config", "--json", DATABASE_URL=secret, LOG_LEVEL="ERROR")
    rows = {row["name"]: row for row in told.answer}
    assert set(rows) == {str(field.alias) for field in Settings.model_fields.values()}
    assert (rows["SCAN_INTERVAL"]["value"], rows["SCAN_INTERVAL"]["source"]) == ("7.0", ".env")
    assert (rows["LOG_LEVEL"]["value"], rows["LOG_LEVEL"]["source"]) == ("ERROR", "environment")
    assert rows["WATCHER"]["source"] == "default"
    assert "hunter2" not in told.out + tell("config", DATABASE_URL=secret).out


@pytest.mark.parametrize("name", COMMANDS)
def test_its_help_says_what_each_command_is_for(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"], terminal_width=200)
    purpose = str(get_command(app).commands[name].help)  # type: ignore[attr-defined]
    assert (shown.exit_code, purpose.splitlines()[0] in " ".join(shown.output.split())) == (0, True)


def test_its_help_names_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"])
    assert all(f" {name} " in shown.output for name in COMMANDS)


def test_it_settles_many_files_in_one_quiet_period(factory: Factory) -> None:
    content = photo()
    for number in range(300):
        factory.drop(f"pixel-7/IMG_{number}.jpg", content + hashlib.md5(b"%d" % number).digest())
    started = time.monotonic()
    summary = factory.ingest(STABILITY_DELAY=2)
    assert summary.filed == 300
    # Two seconds and the work; one quiet period each would be ten minutes.
    assert 2 <= time.monotonic() - started < 60


def test_it_uses_the_clock_of_the_house_only() -> None:
    assert clock.now().utcoffset() is not None


_ASKED_WHILE_IT_WAITS = """
import os, signal
from photo_factory.cli.common import stop_event

stop = stop_event()
with stop._cond:  # as within stop.wait(), between two of its instructions
    os.kill(os.getpid(), signal.SIGTERM)
assert stop.wait(20)
"""


def test_a_signal_at_the_wrong_instruction_hangs_nobody() -> None:
    subprocess.run([sys.executable, "-c", _ASKED_WHILE_IT_WAITS], check=True, timeout=50)
