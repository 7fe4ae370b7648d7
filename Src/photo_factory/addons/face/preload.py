"""Imports what looks for faces, once, in the fork server that the children come from.

OpenCV is left out: importing it starts threads, and a fork server must not have any.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from photo_factory.addons.face import dlib_engine, scan

__all__ = ["dlib_engine", "scan"]

with suppress(ImportError):  # the extra [face] is missing: then no child is ever asked
    import_module("dlib")
