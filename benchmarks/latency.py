"""One photo from its rename into the inbox to its row, at the default settings."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from statistics import median

from benchmarks import photos
from benchmarks.context import Context
from benchmarks.figures import Figure, interleaved, ratio, spread
from benchmarks.ours import Factory, Service

NAME = "latency"
EMPTY, FULL = "into an empty day", "into a day of 10,000"
TRIES = 7
FULL_DAY = photos.FIRST_DAY + timedelta(days=1000)


def run(context: Context) -> list[Figure]:
    """Seconds from the rename to the row, into a new day and into a full one."""
    picture = min(photos.phone_photos(context.cache, context.scaled(400, 60)).iterdir())
    with context.factory() as factory:
        held = context.scaled(10_000, 2_000)
        _fill(factory, context.warm_up(), held)
        with Service(factory, context.warm_up()) as service:
            arrivals = Arrivals(service, picture.read_bytes())
            everyone = {EMPTY: arrivals.into_empty_day, FULL: arrivals.into_full_day}
            measured = interleaved(everyone, TRIES, context.told)
    figures = [
        Figure(NAME, where, median(seconds), "s", 2.0, note=spread(seconds))
        for where, seconds in measured.items()
    ]
    worse = ratio(measured, FULL, measured[EMPTY])
    note = f"{held:,} files were there"
    return [*figures, Figure(NAME, "full day / empty day", worse, "x", 1.1, note=note)]


class Arrivals:
    """Photos that arrive one by one, each different."""

    def __init__(self, service: Service, picture: bytes) -> None:
        self._service = service
        self._picture = picture
        self._number = 0

    def into_empty_day(self) -> float:
        """A photo of a day of its own."""
        return self._arrive(500 + self._number)

    def into_full_day(self) -> float:
        """A photo of the day that holds so many."""
        return self._arrive(1000)

    def _arrive(self, day: int) -> float:
        self._number += 1
        time.sleep(0.37)  # not in step with the loop
        when = photos.FIRST_DAY + timedelta(days=day, seconds=self._number)
        rows = self._service.factory.count()
        content = photos.photo(self._picture, 900_000 + self._number, when)
        start = self._service.place(f"one-{self._number}.jpg", content)
        self._service.wait_for(rows + 1)
        return time.perf_counter() - start


def _fill(factory: Factory, picture: bytes, count: int) -> None:
    """Many names in one day folder: links to one file, and the two files that list them."""
    folder = factory.originals / f"{FULL_DAY:%Y}" / f"{FULL_DAY:%Y-%m-%d}"
    folder.mkdir(parents=True)
    first = folder / "IMG_000000.jpg"
    first.write_bytes(picture)
    for number in range(1, count):
        os.link(first, folder / f"IMG_{number:06}.jpg")
    lines = [f"{'0' * 64}  IMG_{number:06}.jpg\n" for number in range(count)]
    (folder / "SHA256SUMS").write_text("".join(lines))
    (folder / "ledger.jsonl").write_text("{}\n" * count)
