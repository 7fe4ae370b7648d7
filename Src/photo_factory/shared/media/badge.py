"""What a gallery writes into the corner of a film's picture."""

from __future__ import annotations


def duration_badge(duration_s: float | None) -> str | None:
    """Word `duration_s` of an asset as 0:07, 1:05 or 1:02:05; None for what does not last."""
    if not duration_s or duration_s <= 0:
        return None
    minutes, seconds = divmod(max(1, round(duration_s)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
