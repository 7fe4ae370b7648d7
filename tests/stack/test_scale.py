"""`--scale thumbnail=3`: more hands, and no asset in two of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.factory import photo
from tests.stack.engine import Stack, until

PHOTOS = 120


def test_three_work_and_no_asset_is_worked_twice(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.compose("up", "--detach", "--scale", "thumbnail=3", "--no-recreate", "thumbnail")
    try:
        for number in range(PHOTOS):
            source = tmp_path / f"scale-{number}.jpg"
            source.write_bytes(photo("2019:05:05 05:05:05"))
            stack.drop(source, f"scale/{source.name}")
        ours = "FROM media_assets WHERE source_device = 'scale'"
        until(lambda: stack.number(f"SELECT COUNT(*) {ours} AND is_thumbnailed") == PHOTOS)
        claims = f"SELECT MAX(claims) FROM stage_runs WHERE asset_id IN (SELECT id {ours})"
        assert stack.number(f"{claims} AND stage = 'thumbnail'") == 1
        beats = (
            "SELECT COUNT(DISTINCT instance) FROM system_status_history"
            " WHERE service_name = 'thumbnail' AND beat_at > now() - interval '2 minutes'"
        )
        assert stack.number(beats) >= 3
        span = "EXTRACT(EPOCH FROM MAX(thumbnailed_at) - MIN(thumbnailed_at))"
        ((seconds,),) = stack.sql(f"SELECT {span} {ours}")
        with capsys.disabled():
            sys.stdout.write(f" {(PHOTOS - 1) / float(seconds):.1f} small photos a second ")
    finally:
        stack.compose("up", "--detach", "--scale", "thumbnail=1", "--no-recreate", "thumbnail")
