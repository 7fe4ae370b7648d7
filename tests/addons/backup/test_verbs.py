"""The verbs as a person and a script meet them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.addons.backup.test_service import sums_hold
from tests.factory import Factory


def command(factory: Factory, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "photo_factory", *words], env=factory.environment(**changes),
        cwd=factory.home, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_backup_from_its_first_day_to_its_last(factory: Factory) -> None:
    usb = factory.home / "usb"
    usb.mkdir()
    factory.drop("a.jpg")
    factory.ingest()
    given = {"BACKUP_TARGETS": str(usb)}
    assert answer(command(factory, "backup", "init", str(usb), "--json")) == {"target": str(usb)}
    assert command(factory, "backup", "run-now", **given).returncode == 0
    assert sums_hold(usb) == 1
    (verified,) = answer(command(factory, "backup", "verify", "--json", **given))
    assert (verified["ok"], verified["checked"]) == (True, 1)
    (drilled,) = answer(command(factory, "backup", "drill", "--json", **given))
    assert (drilled["assets"], drilled["failed"]) == (1, 0)
    (dumped,) = answer(command(factory, "backup", "dump", "--json", **given))
    assert (usb / dumped["path"]).exists()
    restored = answer(command(factory, "restore", "--from", str(usb), "--json"))
    assert restored["restored"] == 2 and sums_hold(Path(restored["to"])) == 2
    assert Path(restored["to"]).name.startswith("Restored-")


def test_verify_ends_with_1_and_names_the_target_that_is_away(factory: Factory) -> None:
    gone = str(factory.home / "gone")
    done = command(factory, "backup", "verify", "--json", BACKUP_TARGETS=gone)
    (told,) = json.loads(done.stdout)
    assert (done.returncode, told["ok"], told["target"]) == (1, False, gone)
    assert gone in told["away"]


def test_it_tells_in_one_line_what_is_missing(factory: Factory) -> None:
    for words in (("backup", "verify"), ("backup", "dump"), ("backup", "drill")):
        done = command(factory, *words)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "BACKUP_TARGETS" in done.stderr
    done = command(factory, "backup", "init", str(factory.home / "not-mounted"))
    assert done.returncode == 1 and "no such folder" in done.stderr
    done = command(factory, "restore", "--from", "ftp://me:secret@host/x")
    assert done.returncode == 2 and "secret" not in done.stderr
