"""The one place where parsers of strangers' bytes are called, whatever they raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from photo_factory.shared.files import DISK_FAILS
from photo_factory.shared.media.clues import Findings


def attempt(findings: Findings, parser: str, read: Callable[..., None], *arguments: Any) -> None:
    """Call a parser; what it raises becomes an error of the file that names the parser.

    Third-party parsers raise anything, hence the only broad `except` of the readers. A failing
    disk is no damage of the file: it goes on as OSError, and want of memory as MemoryError.
    """
    try:
        read(*arguments)
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK_FAILS:
            raise
        reason = " ".join(str(error).split())[:200] or "no reason given"
        findings.errors.append(f"{parser}: {type(error).__name__}: {reason}")
