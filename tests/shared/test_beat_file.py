"""The health check of a container: quick, of its own process, and able to fail."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from photo_factory.shared import beat_file
from photo_factory.shared.heartbeat_service import Heartbeat
from photo_factory.shared.ledger import database


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(beat_file.FOLDER, str(tmp_path / "beats"))
    return tmp_path / "beats"


def _check(name: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-m", "photo_factory", "healthcheck", name]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)


def test_a_service_that_beats_is_well_also_while_the_ledger_is_away() -> None:
    nowhere = database.connect("postgresql://nobody@127.0.0.1:1/nothing")
    Heartbeat(nowhere, "thumbnail", 60).beat("WARNING", "pausing", "the ledger is away")
    done = _check("thumbnail")
    assert done.returncode == 0
    assert "thumbnail: WARNING (pausing) the ledger is away" in done.stderr
    assert "sqlalchemy" not in done.stderr and "typer" not in done.stderr


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_an_error_is_not_well(engine: Engine) -> None:
    Heartbeat(engine, "thumbnail", 60).beat("ERROR", "working", "it burns")
    assert _check("thumbnail").returncode == 1


def test_one_that_never_beat_is_not_well() -> None:
    done = _check("face")
    assert done.returncode == 1 and "no sign of life" in done.stderr


def test_silence_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    beat_file.leave("face", "OK", "working", None, 1)
    assert beat_file.check("face") == 0
    monkeypatch.setattr(time, "time", lambda now=time.time(): now + 8)  # noqa: B008
    assert beat_file.check("face") == 1


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_folder_that_cannot_be_written_stops_nobody(
    engine: Engine, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file where the folder should be")
    Heartbeat(engine, "thumbnail", 60).beat("OK", "working")
    assert "cannot be left" in caplog.text
