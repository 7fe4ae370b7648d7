"""The same photos from a disk into a storage on another file system (copied and read again)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks import floor, photos
from benchmarks.contenders import Contenders, work_folder
from benchmarks.context import QUIET, Context, Stage
from benchmarks.figures import Figure, interleaved, ratio, spread
from benchmarks.ours import Service

NAME = "two file systems"
ACROSS = "service, storage on tmpfs"


def run(context: Context) -> list[Figure]:
    """The service over two file systems against the floor on one."""
    if os.geteuid() != 0:
        return [Figure(NAME, ACROSS, None, "x", note="only root may mount a tmpfs")]
    source = photos.phone_photos(context.cache, context.scaled(400, 60))
    stage = Stage(source, work_folder(context))
    stage.renew()
    everyone = {
        **Contenders(context, stage).floors(),
        ACROSS: lambda: _across(context, stage),
    }
    measured = interleaved(everyone, context.rounds, context.told)
    _, floors = floor.quicker(measured)
    note = "tmpfs: nothing waits for a disk there"
    return [
        Figure(NAME, ACROSS, median(measured[ACROSS]), "s", note=spread(measured[ACROSS])),
        Figure(NAME, f"{ACROSS} / floor", ratio(measured, ACROSS, floors), "x", 2.5, note=note),
    ]


def _across(context: Context, stage: Stage) -> float:
    count = len(list(stage.source.iterdir()))
    with _mounted(context.work / "other") as other, context.factory(storage=other) as factory:
        with Service(factory, context.warm_up(), STABILITY_DELAY=str(QUIET)) as service:
            seconds = service.hand_over(stage.ready(), count)
        filed = len(list(factory.originals.glob("*/*/IMG_*.jpg")))
        if filed != count:
            raise RuntimeError(f"{filed} of {count} photos were filed")
    stage.renew()
    return seconds


@contextmanager
def _mounted(folder: Path) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4g", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()
