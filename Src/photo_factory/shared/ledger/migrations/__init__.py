"""The steps from one shape of the ledger to the next."""

from __future__ import annotations

from pathlib import Path

HEAD = max(step.name[:4] for step in Path(__file__).parent.glob("versions/[0-9]*.py"))
"""The newest step. Steps are numbered and compared as text: 0002 follows 0001."""
