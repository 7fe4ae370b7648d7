"""The service: looks for faces in a child process, and enters them in the ledger in one place."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import Engine, Table, or_, select, update

from photo_factory.addons.face import engines, record, vectors
from photo_factory.addons.face.found import Found
from photo_factory.shared.claims import Asset, Facts
from photo_factory.shared.errors import TryLater, Unprocessable
from photo_factory.shared.executors import Job
from photo_factory.shared.flag_loop import Told
from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.ledger.database import away, connect
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.paths import database_url
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

NAME = "face"

PRELOAD = (
    "photo_factory.shared.media.preload_pixels",
    "photo_factory.addons.face.preload",
)

_AT_ONCE = 5000

_assets: Table = MediaAsset.__table__  # type: ignore[assignment]


def process(asset: Asset, settings: Settings) -> Facts:
    """Find the faces of one photo and say whose they are; repeatable.

    The pixels are read in a child process, the ledger here: the rows of faces are written in a
    transaction of their own, because who a face belongs to depends on all that were found before.

    Unprocessable, with the file and the reason, for what cannot be decoded; TryLater while the
    models of FACE_ENGINE=onnx are not in their folder; LedgerAway.
    """
    if told := engines.problem(settings):
        raise TryLater(told)
    found = Job(look, settings, in_child=True, preload=PRELOAD)(asset)
    identity = engines.identity(settings)
    with away(), ledger(settings).begin() as connection:
        record.enter(connection, asset.id, found.replaces["faces"], identity, settings)
    return Facts(columns={"face_engine": str(identity)})


def look(asset: Asset, settings: Settings) -> Facts:
    """In the child: decode the photo and find its faces, each a row without id and person."""
    import numpy as np

    from photo_factory.shared.media import decode

    engine = engines.load(settings)
    try:
        rgb = decode.upright_rgb(
            asset.path,
            asset.mime_type,
            engines.long_side(settings),
            settings.decoder_megapixels * 1_000_000,
        )
    except Unprocessable as error:
        raise Unprocessable(f"{asset.final_path}: {error}") from error
    return Facts(replaces={"faces": list(_rows(engine.find(np.ascontiguousarray(rgb))))})


def _rows(found: list[Found]) -> Iterator[dict[str, Any]]:
    for face in found:
        yield {
            "box_left": face.box.left,
            "box_top": face.box.top,
            "box_width": face.box.width,
            "box_height": face.box.height,
            "landmarks": {name: list(point) for name, point in face.landmarks.items()},
            "quality": face.quality,
            "embedding": face.embedding.astype("<f4").tobytes(),
        }


def idle(settings: Settings) -> str | None:
    """Why there is nothing to do: the packages, an extra of their own, are not installed."""
    return engines.missing_packages(settings)


def complaint(settings: Settings, _engine: Engine) -> str | None:
    """What only a person can mend: models that are missing or not the expected ones."""
    return engines.problem(settings)


def prepare(settings: Settings, engine: Engine) -> None:
    """Let photos that another engine or version has searched be searched again."""
    if told := engines.missing_packages(settings):
        log.warning("%s", told)
        return
    count, some = 0, _search_again(engine, settings)
    while some:
        count, some = count + some, _search_again(engine, settings)
    if count:
        log.info("%d photos were searched by another engine and are searched again", count)
    vectors.prepare(engine)


def _search_again(engine: Engine, settings: Settings) -> int:
    """Lower the flag of some: all in one statement would take a large ledger longer than it may."""
    identity = str(engines.identity(settings))
    other = or_(_assets.c.face_engine.is_(None), _assets.c.face_engine != identity)
    some = select(_assets.c.id).where(_assets.c.is_face_scanned, other).limit(_AT_ONCE)
    with away(), engine.begin() as connection:
        again = update(_assets).where(_assets.c.id.in_(some))
        return connection.execute(again.values(is_face_scanned=False)).rowcount


def ledger(settings: Settings) -> Engine:
    """This process's own way to the ledger, beside that of the loop."""
    return _opened(database_url(settings))


@cache
def _opened(url: str) -> Engine:
    engine = connect(url, application=NAME)
    _open.append(engine)
    return engine


def close_ledgers() -> None:
    """Let go of every connection that `process` has opened."""
    _opened.cache_clear()
    while _open:
        _open.pop().dispose()


_open: list[Engine] = []

service = FlagService(
    name=NAME,
    flag=MediaAsset.is_face_scanned,
    process=process,
    prepare=prepare,
    idle=idle,
    complaint=complaint,
)


def run(
    settings: Settings, stop: threading.Event, once: bool = False, told: Told | None = None
) -> bool:
    """Work until asked to stop (`once`: until nothing is due); False when all was not well."""
    try:
        return service.run(settings, stop, once, told)
    finally:
        close_ledgers()
