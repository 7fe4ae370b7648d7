"""Who looks at the dashboard, and what they may do."""

from __future__ import annotations

from photo_factory.shared.action_log import Actor


def actor() -> Actor:
    """Whoever sits before this session."""
    return Actor("this machine", "owner")


def may_act() -> bool:
    """Whether they may do more than look."""
    return actor().role == "owner"
