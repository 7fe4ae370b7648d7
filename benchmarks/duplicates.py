"""5,000 duplicates in one go, as Syncthing sends them after its database is lost."""

from __future__ import annotations

from statistics import median

from benchmarks import floor, photos
from benchmarks.contenders import Contenders, work_folder
from benchmarks.context import QUIET, Context, Stage
from benchmarks.figures import Figure, interleaved, ratio, spread
from benchmarks.ours import Factory, Service

NAME = "duplicates"
OURS = "service, SQLite"
SIZE = 500_000
DUPLICATE_ROWS = "arrivals WHERE state = 'duplicate'"


def run(context: Context) -> list[Figure]:
    """The service over photos it has, against a floor that hashes every file twice."""
    source = photos.small_photos(context.cache, context.scaled(5_000, 500), SIZE)
    stage = Stage(source, work_folder(context))
    stage.renew()
    with context.factory() as factory:
        stage.ready().rename(factory.inbox / "phone")
        factory.ingest(STABILITY_DELAY=str(QUIET))
        stage.renew()
        with Service(factory, context.warm_up(), STABILITY_DELAY=str(QUIET)) as service:
            everyone = {
                **Contenders(context, stage).floors(times=2),
                OURS: lambda: _again(factory, service, stage),
            }
            measured = interleaved(everyone, context.rounds, context.told)
    _, floors = floor.quicker(measured)
    return [
        Figure(NAME, "floor, every file hashed twice", median(floors), "s", note=spread(floors)),
        Figure(NAME, OURS, median(measured[OURS]), "s", note=spread(measured[OURS])),
        Figure(NAME, f"{OURS} / floor", ratio(measured, OURS, floors), "x", 1.3),
    ]


def _again(factory: Factory, service: Service, stage: Stage) -> float:
    assets = factory.count()
    count = len(list(stage.source.iterdir()))
    seconds = service.hand_over(stage.ready(), count, DUPLICATE_ROWS)
    if factory.count() != assets:
        raise RuntimeError("a duplicate became an asset")
    stage.renew()
    return seconds
