"""What the Librarian's child processes run, importing nothing but the readers."""

from __future__ import annotations

from collections.abc import Sequence

from photo_factory.shared.media.facts import DatePolicy, Facts, extract

MODULES = ("photo_factory.shared.media.preload",)
"""Imported once by the fork server and shared by all children."""


def extract_beside(path: str, sidecars: Sequence[str], policy: DatePolicy) -> Facts:
    """`extract`, called by position as the sandbox does."""
    return extract(path, sidecars=sidecars, policy=policy)
