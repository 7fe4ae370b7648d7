"""SIGKILL just before every single step of filing, one after the other, and in the real command."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from photo_factory.shared import corrections, runs
from photo_factory.shared.ledger.database import connect
from tests.faults import invariant
from tests.faults.disks import tmpfs
from tests.faults.factory import PROGRAM, Factory, ended, jpeg, xmp
from tests.faults.lives import Lives
from tests.faults.stream import Stream
from tests.parts import require_part

MOST_STEPS = 400
AAE = (
    b'<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>'
    b"<key>adjustmentBaseVersion</key><integer>%d</integer></dict></plist>"
)

LAYOUTS = ["one file system", "two file systems"]


@pytest.fixture(params=LAYOUTS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Where the archive stands: beside the inbox, or on another file system."""
    if request.param == LAYOUTS[0]:
        yield tmp_path / "Storage"
        return
    with tmpfs(tmp_path / "disk") as disk:
        yield disk / "Storage"


@pytest.fixture
def factory(tmp_path: Path, storage: Path) -> Factory:
    return Factory(tmp_path, None, storage, stability_delay=0, workers=1)


Scenario = Callable[[Factory, Lives, int], None]
"""Prepares the life that will be killed, with contents that differ by the number."""


def arrivals(factory: Factory, _lives: Lives, number: int) -> None:
    """A new photo, the same twice, a clash of names, and a photo with two sidecars."""
    factory.deliver(f"pixel/IMG_20230101_{number:06d}.jpg", jpeg(f"one {number}"))
    factory.deliver(f"pixel/IMG_20230102_{number:06d}.jpg", jpeg(f"one {number}"))
    factory.deliver(f"iphone/IMG_20230101_{number:06d}.jpg", jpeg(f"two {number}", size=5000))
    factory.deliver(f"iphone/IMG_{number:04d}.jpg", jpeg(f"three {number}"))
    factory.deliver(f"iphone/IMG_{number:04d}.xmp", xmp(f"three {number}"))
    factory.deliver(f"iphone/IMG_{number:04d}.aae", AAE % number)


def sidecar_first(factory: Factory, lives: Lives, number: int) -> None:
    """The sidecar was filed under its own day; then comes its photo, of another day."""
    factory.deliver(f"pixel/IMG_20230103_{number:06d}.xmp", xmp(f"first {number}"))
    lives.whole()
    factory.deliver(f"pixel/IMG_20230103_{number:06d}.jpg", jpeg(f"its photo {number}"))


def filed_again(factory: Factory, lives: Lives, number: int) -> None:
    """A photo and its sidecars come once more, from another phone."""
    contents = {"jpg": jpeg(f"again {number}"), "xmp": xmp(f"{number}"), "aae": AAE % number}
    for folder in ("pixel", "iphone"):
        for extension, content in contents.items():
            factory.deliver(f"{folder}/IMG_2023-01-04 {number}.{extension}", content)
        if folder == "pixel":
            lives.whole()


EVERY = 1 if os.environ.get("FAULTS") == "long" else 4
"""Where a scenario differs little from the first, only each n-th step is tried in CI."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("scenario", "mode", "every"),
    [
        (arrivals, "move", 1),
        (sidecar_first, "move", EVERY),
        (filed_again, "move", EVERY),
        (arrivals, "keep", EVERY),
        (sidecar_first, "keep", 3 * EVERY),
    ],
)
def test_it_survives_a_kill_before_every_single_step(
    factory: Factory, scenario: Scenario, mode: str, every: int
) -> None:
    factory.variables["INBOX_MODE"] = mode
    if factory.storage.parent != factory.home:  # on another file system only the copying differs
        every *= EVERY
    with Lives(factory) as lives:
        factory.deliver("old.jpg", jpeg("makes the ledger"))
        lives.whole()
        for step in range(1, MOST_STEPS, every):
            scenario(factory, lives, step)
            lives.begin(die_at=step)
            came_to_its_end = not lives.end().killed
            invariant.check_bytes_only(factory, factory.given)
            if step % 2:  # and once more, in recovery
                lives.begin(die_at=random.randint(1, 30))
                lives.end()
                invariant.check_bytes_only(factory, factory.given)
            lives.whole()
            invariant.check(factory, factory.given, keep=mode == "keep")
            if came_to_its_end:
                return
    pytest.fail(f"filing took {MOST_STEPS} steps, and was not at its end")


@pytest.mark.parametrize("kept", ["damaged", "missing"])
def test_a_repair_survives_a_kill_before_every_single_step(factory: Factory, kept: str) -> None:
    """A duplicate comes whose kept copy is damaged or gone; every repair is cut short once."""
    aside = 0
    with Lives(factory) as lives:
        for step in range(1, MOST_STEPS, EVERY):
            content = jpeg(f"{kept} {step}")
            factory.deliver(f"pixel/IMG_20230101_{step:06d}.jpg", content)
            lives.whole()
            final = _final_of(factory, content)
            spoiled = _spoil(final, kept)
            factory.deliver(f"iphone/{step}.jpg", content)
            lives.begin(die_at=step)
            came_to_its_end = not lives.end().killed
            invariant.check_bytes_only(factory, factory.given, damaged=spoiled)
            lives.whole()
            aside += kept == "damaged"
            invariant.check(factory, factory.given, quarantined=aside)
            if came_to_its_end:
                return
    pytest.fail(f"the repair took {MOST_STEPS} steps, and was not at its end")


@pytest.mark.timeout(900)
def test_a_correction_survives_a_kill_before_every_single_step(factory: Factory) -> None:
    """A photo and its sidecar are corrected to another day; each correction is cut short once."""
    every = EVERY if factory.storage.parent == factory.home else 3 * EVERY
    with Lives(factory) as lives:
        for step in range(1, MOST_STEPS, every):
            content = jpeg(f"corrected {step}")
            factory.deliver(f"pixel/IMG_20230101_{step:06d}.jpg", content)
            factory.deliver(f"pixel/IMG_20230101_{step:06d}.xmp", xmp(f"corrected {step}"))
            lives.whole()
            _correct(factory, content, datetime(2020, 1, 1) + timedelta(days=step))
            lives.begin(die_at=step)
            came_to_its_end = not lives.end().killed
            invariant.check_bytes_only(factory, factory.given)
            lives.whole()
            invariant.check(factory, factory.given)
            day = (datetime(2020, 1, 1) + timedelta(days=step)).strftime("%Y-%m-%d")
            assert _final_of(factory, content).parent.name == day
            assert len(list(_final_of(factory, content).parent.iterdir())) == 4
            if came_to_its_end:
                return
    pytest.fail(f"the correction took {MOST_STEPS} steps, and was not at its end")


def _correct(factory: Factory, content: bytes, moment: datetime) -> None:
    engine = connect(factory.database_url)
    wanted = hashlib.sha256(content).hexdigest()
    try:
        with engine.begin() as connection:
            asset_id = runs.find_asset(connection, wanted)
            corrections.ask(connection, asset_id, "anna", captured_at=moment)
    finally:
        engine.dispose()


def _final_of(factory: Factory, content: bytes) -> Path:
    wanted = hashlib.sha256(content).hexdigest()
    return next(p for p in invariant.finals(factory) if invariant.hash_of(p) == wanted)


def _spoil(final: Path, kept: str) -> list[str]:
    if kept == "missing":
        final.unlink()
        return []
    final.write_bytes(b"rot" + final.read_bytes()[3:])
    return [invariant.hash_of(final)]


# In the real command, with its sandboxed children: the call is the n-th of its kind in a thread.
POINTS = [
    ("linkat", 1), ("linkat", 3), ("rename", 1), ("rename", 2), ("unlink", 1), ("unlink", 3),
    ("fsync", 2), ("fsync", 6), ("fdatasync", 2), ("pwrite64", 9), ("ftruncate", 1), ("mkdir", 2),
]  # fmt: skip


@pytest.mark.parametrize(("call", "number"), POINTS)
def test_the_command_survives_a_kill_at_a_system_call(
    tmp_path: Path, call: str, number: int
) -> None:
    require_part("strace", "strace", shutil.which("strace") is not None)
    factory = Factory(tmp_path, None, stability_delay=0, workers=1)
    Stream(factory, seed=number).more(12)
    inject = f"--inject={call}:signal=SIGKILL:when={number}"
    ran = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", f"--trace={call}", inject,
         *PROGRAM, "ingest"],
        env=factory.env, cwd=tmp_path, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    # Not to be taken for granted: with --seccomp-bpf, strace 6.1 leaves the signal out.
    assert ran.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), ran.stderr.decode()
    invariant.check_bytes_only(factory, factory.given)
    _nothing_lives_on(factory)
    factory.ingest(check=True)
    invariant.check(factory, factory.given)


def test_a_killed_service_leaves_no_process_behind(tmp_path: Path, ledger_url: str) -> None:
    factory = Factory(tmp_path, ledger_url)
    stream = Stream(factory, seed=1)
    for wait in (1.5, 2.0, 2.5, 3.0):
        stream.more(12)
        with ended(factory.start_service()) as service:
            time.sleep(wait)
            stream.more(6)
            time.sleep(0.1)
            service.kill()
        invariant.check_bytes_only(factory, factory.given)
        _nothing_lives_on(factory)
    factory.ingest(check=True)
    invariant.check(factory, factory.given)


def _nothing_lives_on(factory: Factory) -> None:
    deadline = time.monotonic() + 10
    while orphans := factory.processes():
        assert time.monotonic() < deadline, f"still there: {orphans}"
        time.sleep(0.05)
