"""An add-on that is killed again and again still does every photo, and leaves nothing half done."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image
from sqlalchemy import Engine

from tests.factory import Factory

PHOTOS = 60
KILLS = 4
SIZES = (240, 480, 960, 1920)


def test_every_photo_gets_its_thumbnails_though_the_service_is_killed(
    engine: Engine, ledger_url: str, tmp_path: Path
) -> None:
    factory = Factory(tmp_path / "factory", ledger_url)
    for number in range(PHOTOS):
        factory.drop(f"{number}.jpg", _noise(number))
    factory.ingest()
    # One worker, so that it is not done before it has been killed often enough.
    given = factory.environment(LEASE="1", WORKERS="1", POLL_INTERVAL="0.2", MAX_TRIES="99")
    kills = 0
    for _ in range(KILLS):
        process = _start(given)
        before = _done(factory)
        _wait(lambda before=before: _done(factory) > before or not _left(factory))
        time.sleep(random.uniform(0, 0.1))
        kills += bool(_left(factory))
        process.kill()
        process.wait()
    process = _start(given)
    _wait(lambda: not _left(factory))
    process.terminate()
    assert process.wait(30) == 0
    assert kills >= 2, "it was too quick to be killed in the middle"
    for row in factory.assets():
        for size in SIZES:
            path = factory.paths.thumbnail(row["file_hash"], size, "jpg")
            Image.open(path).load()
    assert factory.sums_hold()
    factory.close()


def _noise(number: int) -> bytes:
    picture = Image.effect_noise((1600, 1200), 60 + number % 7).convert("RGB")
    picture.putpixel((number, 0), (255, 0, 0))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80, comment=str(number).encode())
    return file.getvalue()


def _start(given: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "photo_factory", "run", "thumbnail"]
    return subprocess.Popen(command, env=given, stderr=subprocess.DEVNULL)


def _done(factory: Factory) -> int:
    return sum(row["is_thumbnailed"] for row in factory.assets())


def _left(factory: Factory) -> int:
    return PHOTOS - _done(factory)


def _wait(condition: object, seconds: float = 90) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
