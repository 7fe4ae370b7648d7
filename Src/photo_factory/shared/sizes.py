"""Sizes and spans of time in words; sizes as on disks' labels, 1 GB being a thousand MB."""

from __future__ import annotations


def bytes_text(number: float) -> str:
    """A size in the units of disks' labels, such as `1.2 TB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return (
                f"{number:.0f} {unit}"
                if number >= 100 or unit == "bytes"
                else f"{number:.1f} {unit}"
            )
        number /= 1000
    return f"{number:.1f} TB"


def duration_text(seconds: float) -> str:
    """How long something takes, such as `3 h`."""
    for name, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(seconds, 0):.0f} s"
