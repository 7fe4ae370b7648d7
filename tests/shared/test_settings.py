"""Settings are read once, checked, and can be explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from photo_factory.shared import settings
from photo_factory.shared.errors import SettingsError
from photo_factory.shared.settings import Settings

SOURCE = Path(settings.__file__).parents[2]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHOTO_FACTORY_ROOT", str(tmp_path))
    return tmp_path


def test_it_takes_the_environment_before_the_file_before_the_default(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".env").write_text("STABILITY_DELAY=7\nSCAN_INTERVAL=8\n")
    monkeypatch.setenv("STABILITY_DELAY", "9")
    chosen = settings.load()
    assert (chosen.stability_delay, chosen.scan_interval, chosen.watcher) == (9, 8, "native")
    sources = {row.name: row.source for row in settings.explained(chosen)}
    assert sources["STABILITY_DELAY"] == "environment"
    assert (sources["SCAN_INTERVAL"], sources["WATCHER"]) == (".env", "default")


def test_it_takes_an_empty_variable_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABILITY_DELAY", "")
    monkeypatch.setenv("DATABASE_URL", "")
    chosen = settings.load()
    assert (chosen.stability_delay, chosen.database_url) == (5, None)


def test_it_starts_relative_paths_at_the_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTO_FACTORY_INBOX", "in")
    monkeypatch.setenv("PHOTO_FACTORY_STORAGE", "/somewhere/else")
    chosen = settings.load()
    assert (chosen.inbox, chosen.storage) == (root / "in", Path("/somewhere/else"))


def test_it_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.load().workers = 3


@pytest.mark.parametrize(
    ("name", "value"),
    [("STABILITY_DELAY", "nan"), ("STABILITY_DELAY", "inf"), ("WORKERS", "0"), ("WORKERS", "x"),
     ("SCAN_INTERVAL", "0"), ("PARSER_MEMORY", "1"), ("INBOX_MODE", "burn"), ("TIMEZONE", "../x"),
     ("MIN_FREE_SPACE", "-1"), ("HEARTBEAT_INTERVAL", "0"), ("SETTLE_TIMEOUT", "-5")],
)  # fmt: skip
def test_it_names_the_wrong_setting_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}=") as told:
        settings.load()
    assert (told.value.exit_code, "\n" in str(told.value)) == (2, False)


def test_it_never_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@host/photos")
    chosen = settings.load()
    assert "hunter2" not in repr(chosen) + str(settings.explained(chosen))


def test_it_describes_every_setting() -> None:
    assert all(field.alias and field.description for field in Settings.model_fields.values())


def test_it_is_the_only_place_that_reads_the_household_environment() -> None:
    """What somebody can set must be shown by `config`; a restart's number is no setting."""
    known = {str(field.alias) for field in Settings.model_fields.values()}
    read = re.compile(r"environ(?:\.get\(|\[)\s*\"(\w+)\"")
    found = {name for path in SOURCE.rglob("*.py") for name in read.findall(path.read_text())}
    # AWS_…: what every program that speaks S3 reads; documented in BACKUP.md.
    assert found - known <= {"TZ", "PHOTO_FACTORY_RESTARTS", "AWS_DEFAULT_REGION"}


def test_no_absolute_path_stands_in_the_code() -> None:
    of_the_system = ("/etc/localtime", "/proc/", "/dev/null", "/usr/lib/postgresql", "/mnt/usb")
    pages = ("/enter", "/auth/")  # addresses of the dashboard, no files
    allowed = (*of_the_system, "/var/run/docker.sock", *pages)
    path = re.compile(r"[\"'](/[a-z]{2,}(?:/[\w.*-]+)*/?)[\"']")
    for file in SOURCE.rglob("*.py"):
        found = [one for one in path.findall(file.read_text()) if not one.startswith(allowed)]
        assert found == [], file
