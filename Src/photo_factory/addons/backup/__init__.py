"""Backup: verified copies of every asset on every target, and of the ledger."""

from __future__ import annotations

from photo_factory.addons.backup.copying import NAME, run, service

__all__ = ["NAME", "run", "service"]
