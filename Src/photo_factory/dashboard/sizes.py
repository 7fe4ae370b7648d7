"""Sizes in one unit on every page: that of disks' labels, 1 GB being a thousand MB."""

from __future__ import annotations

from photo_factory.shared.heartbeat_service import Light


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


def task_of(light: Light | None) -> str:
    """What a service does, or what a probe found; its sizes as every page has them."""
    if light is None:
        return ""
    found = light.details
    if light.is_probe and "free_bytes" in found and "total_bytes" in found:
        free, total = bytes_text(found["free_bytes"]), bytes_text(found["total_bytes"])
        return f"{free} of {total} free"
    if light.is_probe and "size_bytes" in found and "round_trip_ms" in found:
        size, trip = bytes_text(found["size_bytes"]), found["round_trip_ms"]
        return f"{size}, answers in {trip:.0f} ms"
    return light.current_task
