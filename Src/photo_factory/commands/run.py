"""What `photo-factory run` does: one service, with a progress bar where its work has an end."""

from __future__ import annotations

import threading

from photo_factory.commands import console
from photo_factory.registry import ServiceEntry
from photo_factory.shared.settings import Settings


def run_service(
    entry: ServiceEntry, settings: Settings, stop: threading.Event, *, once: bool
) -> bool:
    """Run it; False when not all went well."""
    if not once or not entry.is_addon:
        return entry.runner()(settings, stop, once)
    with console.counting(entry.name) as bar:
        task = bar.task_ids[0]

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return entry.addon_runner()(settings, stop, once, told)
