"""20,000 JPEGs of 10 KB: files a second, and memory beside that for 1,000."""

from __future__ import annotations

from statistics import median

from benchmarks import photos
from benchmarks.contenders import SERVICE, SERVICE_PG, Contenders, work_folder
from benchmarks.context import Context, Stage, postgresql
from benchmarks.figures import Figure, interleaved, spread

NAME = "small files"
FEW = 1_000


def run(context: Context) -> list[Figure]:
    """Throughput on both databases; peak memory of many files against few."""
    many = context.scaled(20_000, 3_000)
    with postgresql() as server:
        few_runs = _contenders(context, FEW)
        few_runs.service()
        few = (few_runs.peak_main, few_runs.peak_tree)
        runs = _contenders(context, many)
        runs.server = server
        everyone = {**runs.floors(), **runs.ours(), **runs.peers()}
        everyone.pop("phockup", None)  # an hour for so many
        # Half the rounds: with so many files each is long, and the figures vary less.
        measured = interleaved(everyone, (context.rounds + 1) // 2, context.told)
    figures = []
    for who, seconds in measured.items():
        target = 400 if who in (SERVICE, SERVICE_PG) else None
        rates = [many / one for one in seconds]
        figures.append(
            Figure(NAME, who, median(rates), "files/s", target, "at least", spread(rates))
        )
    return figures + _memory(few, (runs.peak_main, runs.peak_tree), many)


def _contenders(context: Context, count: int) -> Contenders:
    source = photos.small_photos(context.cache, count, 10_000)
    stage = Stage(source, work_folder(context))
    stage.renew()
    return Contenders(context, stage)


def _memory(few: tuple[float, float], many: tuple[float, float], count: int) -> list[Figure]:
    note = "sum of RSS: pages that processes share count for each"
    return [
        Figure(NAME, f"peak memory, main process, {FEW:,} files", few[0], "MiB", note="VmHWM"),
        Figure(NAME, f"peak memory, main process, {count:,} files", many[0], "MiB", note="VmHWM"),
        Figure(NAME, "peak memory, main process, many / few", many[0] / few[0], "x", 1.2),
        Figure(NAME, f"peak memory, all processes, {count:,} files", many[1], "MiB", note=note),
        Figure(NAME, "peak memory, all processes, many / few", many[1] / few[1], "x", 1.2),
    ]
