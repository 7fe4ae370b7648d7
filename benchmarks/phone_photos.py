"""400 phone photos of 12 MP, mode `move`, one file system, beside the floor and other programs."""

from __future__ import annotations

from statistics import median

from benchmarks import floor, photos
from benchmarks.contenders import COMMAND, SERVICE, SERVICE_PG, Contenders, work_folder
from benchmarks.context import Context, Stage, postgresql
from benchmarks.figures import Figure, Rounds, interleaved, ratio, spread

NAME = "phone photos"
TARGETS = {SERVICE: 1.3, SERVICE_PG: 1.3, COMMAND: None}


def run(context: Context) -> list[Figure]:
    """Wall seconds of each contender, and each as a ratio to the floor of its round."""
    source = photos.phone_photos(context.cache, context.scaled(400, 60))
    stage = Stage(source, work_folder(context))
    stage.renew()
    with postgresql() as server:
        runs = Contenders(context, stage, server=server)
        everyone = {**runs.floors(), **runs.ours(), **runs.peers()}
        measured = interleaved(everyone, context.rounds, context.told)
    return _figures(measured)


def _figures(measured: Rounds) -> list[Figure]:
    name, floors = floor.quicker(measured)
    figures = [_seconds(who, seconds, who == name) for who, seconds in measured.items()]
    for who in measured:
        if who not in (floor.HASHLIB, floor.OPENSSL):
            above = ratio(measured, who, floors)
            figures.append(Figure(NAME, f"{who} / floor", above, "x", TARGETS.get(who)))
    if "exiftool" in measured:
        against = ratio(measured, SERVICE, measured["exiftool"])
        figures.append(Figure(NAME, f"{SERVICE} / exiftool", against, "x", 1.0))
    return figures


def _seconds(who: str, seconds: list[float], is_floor: bool) -> Figure:
    note = f"{spread(seconds)}{'; the floor of this run' if is_floor else ''}"
    return Figure(NAME, who, median(seconds), "s", note=note)
