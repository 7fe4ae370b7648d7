"""Lets a test look at the dashboard as somebody else."""

from __future__ import annotations

import pytest

from photo_factory.dashboard import access
from photo_factory.shared.action_log import Actor

VIEWER = Actor("guest@example.org", "viewer")


def as_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a viewer sits before every page."""
    monkeypatch.setattr(access, "visitor", lambda: VIEWER)
