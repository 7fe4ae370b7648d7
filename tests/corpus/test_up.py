"""`photo-factory up` on the real files: every flag comes to its end; what is parked says why."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.corpus import corpus
from tests.factory import Factory

SAMPLES = corpus.samples_folder()
PATIENCE = 800.0


@pytest.mark.timeout(900)
def test_every_flag_ends_true_or_not_applicable_or_parked_with_a_reason(tmp_path: Path) -> None:
    if not (SAMPLES / "truth.csv").is_file():
        pytest.skip(f"no samples: {SAMPLES}/truth.csv is missing (see PHOTO_FACTORY_SAMPLES)")
    factory = Factory(tmp_path / "factory")
    shutil.copytree(SAMPLES, factory.paths.inbox / "samples", copy_function=shutil.copyfile)
    for path in factory.paths.inbox.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    target = tmp_path / "target"
    target.mkdir()
    given = factory.environment(BACKUP_TARGETS=str(target), RETRY_AFTER="1", MAX_TRIES="2")
    subprocess.run(
        [sys.executable, "-m", "photo_factory", "backup", "init", str(target)],
        env=given, check=True, capture_output=True,
    )  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        up = subprocess.Popen([sys.executable, "-m", "photo_factory", "up"], env=given, stderr=log)
    try:
        told = _until_all_is_done(given)
    finally:
        up.terminate()
        assert up.wait(30) == 0
    assert told["assets"] > 100
    flags = {flag["service"]: flag for flag in told["flags"]}
    for flag in flags.values():
        ends = flag["done"] + flag["parked"] + flag["not_applicable"]
        assert (ends, flag["waiting"], flag["running"]) == (told["assets"], 0, 0)
    assert flags["backup"]["done"] == told["assets"]
    assert flags["thumbnail"]["done"] > 0.9 * told["assets"]
    assert flags["geocode"]["done"] > 0
    for row in factory._rows(text("SELECT * FROM v_parked")):
        assert row["reason"]
        assert row["final_path"] in factory._rows(
            text(f"SELECT * FROM media_assets WHERE final_path = '{row['final_path']}'")
        )[0]["error_message"]  # fmt: skip
    assert factory.sums_hold()
    factory.close()


def _until_all_is_done(given: dict[str, str]) -> dict[str, Any]:
    """The status once nothing waits and nothing new has come for a while."""
    deadline, before = time.monotonic() + PATIENCE, -1
    while time.monotonic() < deadline:
        done = subprocess.run(
            [sys.executable, "-m", "photo_factory", "status", "--json"],
            env=given, capture_output=True, check=False,
        )  # fmt: skip
        told: dict[str, Any] = json.loads(done.stdout)
        left = sum(flag["waiting"] + flag["running"] for flag in told["flags"])
        if not left and told["assets"] == before and told["assets"]:
            return told
        before = told["assets"]
        time.sleep(3)
    pytest.fail(f"it did not come to an end: {told}")
