"""How much one question of the SQL box may cost."""

from __future__ import annotations

from dataclasses import dataclass

from photo_factory.shared.errors import PhotoFactoryError


class Refused(PhotoFactoryError):
    """The question was not answered; the message is the reason."""


@dataclass(frozen=True)
class Limits:
    """Rows, seconds, bytes of one row and of all together, and of memory while it is answered."""

    rows: int = 10_000
    seconds: float = 10.0
    row_bytes: int = 1_000_000
    all_bytes: int = 16_000_000
    memory_bytes: int = 256_000_000


LIMITS = Limits()


def too_long(limits: Limits) -> Refused:
    """What is said when the time is over."""
    return Refused(f"it was stopped after {limits.seconds:g} seconds: narrow it, by a WHERE")


def too_wide(limits: Limits) -> Refused:
    """What is said when one row would not fit."""
    return Refused(f"a row of it is larger than {limits.row_bytes:,} bytes: choose fewer columns")


def too_much_memory(limits: Limits) -> Refused:
    """What is said when what stands between the question and the answer is too large."""
    return Refused(
        f"it needs more than {limits.memory_bytes // 1_000_000} MB of memory: narrow it, by a WHERE"
    )
