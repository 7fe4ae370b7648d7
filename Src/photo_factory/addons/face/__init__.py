"""Face: boxes, landmarks, quality and an embedding of every face, and whose it is."""

from __future__ import annotations

from photo_factory.addons.face.scan import NAME, run, service

__all__ = ["NAME", "run", "service"]
