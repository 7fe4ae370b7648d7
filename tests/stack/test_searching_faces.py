"""`COMPOSE_PROFILES=face`: the image with the larger packages does its work."""

from __future__ import annotations

from pathlib import Path

from tests.factory import photo
from tests.stack.engine import Stack, until

FACE = ("--profile", "face")


def test_the_larger_image_is_made_and_searches_photos(stack: Stack, tmp_path: Path) -> None:
    source = tmp_path / "group.jpg"
    source.write_bytes(photo("2020:02:02 02:02:02"))
    stack.compose(*FACE, "up", "--detach", "--build", "--no-deps", "face")
    try:
        stack.drop(source, "faces/group.jpg")
        searched = (
            "SELECT COUNT(*) FROM media_assets"
            " WHERE source_device = 'faces' AND is_face_scanned AND face_engine IS NOT NULL"
        )
        until(lambda: stack.number(searched) == 1)
        until(lambda: stack.is_healthy("face"))
    finally:
        stack.compose(*FACE, "rm", "--stop", "--force", "face")
