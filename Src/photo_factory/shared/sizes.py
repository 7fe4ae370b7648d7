"""Sizes in one unit everywhere: that of disks' labels, 1 GB being a thousand MB."""

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
