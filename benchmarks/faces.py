"""Faces: how often something is called one that is none, how long a photo takes, and the search."""

from __future__ import annotations

import csv
import os
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import timedelta
from multiprocessing import get_context
from statistics import median
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from sqlalchemy import insert
from tests.addons.face.conftest import a_face
from tests.corpus import corpus
from tests.factory import Factory
from tests.shared.ledger.rows import an_asset

from benchmarks import photos
from benchmarks.context import Context
from benchmarks.figures import Figure, spread
from photo_factory.addons.face import record, vectors
from photo_factory.addons.face.dlib_engine import DlibEngine
from photo_factory.addons.face.engines import Identity
from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.ledger import database
from photo_factory.shared.ledger.database import database_now
from photo_factory.shared.ledger.models import Face, MediaAsset
from photo_factory.shared.media.decode import upright_rgb
from photo_factory.shared.settings import Settings

NAME = "faces"
SIZE = (1600, 1200)
"""What the default settings make of a 12 MP photo before they look for faces."""

_OURS = Identity("dlib", "bench")


def run(context: Context) -> list[Figure]:
    """False faces in made pictures, time a photo, and the search among many embeddings."""
    return [*_false_faces(context), _on_samples(), *_time_a_photo(context), *_search(context)]


def _false_faces(context: Context) -> Iterator[Figure]:
    count = context.scaled(1_000, 60)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        found = list(pool.map(qualities_on, range(count), chunksize=10))
    by_kind = {
        kind.__name__.strip("_"): sum(len(found[number]) for number in range(i, count, len(KINDS)))
        for i, kind in enumerate(KINDS)
    }
    told = ", ".join(f"{kind} {number}" for kind, number in by_kind.items())
    per_thousand = 1_000 / count
    false = sum(map(len, found)) * per_thousand
    yield Figure(NAME, "false faces in 1,000 pictures without any", false, "faces", note=told)
    limit = Settings.model_fields["face_min_quality"].default
    strangers = sum(quality >= limit for one in found for quality in one) * per_thousand
    yield Figure(NAME, "good enough to be given to a person", strangers, "faces")


HAVE_FACES = {
    "immich/albums/text/craft-beer.jpg",
    "immich/metadata/faces/portrait-orientation-6.jpg",
    "immich/metadata/faces/portrait.jpg",
    "jpg/invalid/image00971.jpg",
    "tiff/DudleyLeavittUtah.tiff",
}
"""Samples on which a person sees a face where the engine does."""


def _on_samples() -> Figure:
    samples = corpus.samples_folder()
    what = "false faces on the real samples without any"
    if not (samples / "truth.csv").is_file():
        return Figure(NAME, what, None, "faces", note=f"no samples in {samples}")
    engine, found, pictures = DlibEngine(), 0, 0
    with (samples / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["path"] not in HAVE_FACES]
    for row in rows:
        with suppress(Unprocessable):  # some samples are damaged on purpose
            if row["mime"].startswith("image/"):
                rgb = upright_rgb(samples / row["path"], row["mime"], max(SIZE))
                found += len(engine.find(np.ascontiguousarray(rgb)))
                pictures += 1
    return Figure(NAME, what, float(found), "faces", note=f"{pictures} pictures")


_engine: list[DlibEngine] = []


def qualities_on(number: int) -> list[float]:
    """The quality of each face the default engine sees on the made picture of this number."""
    if not _engine:
        _engine.append(DlibEngine())
    return [face.quality for face in _engine[0].find(made(number))]


def made(number: int) -> Any:
    """A picture without faces: uint8, height x width x 3; the same for the same number."""
    random = np.random.default_rng(number)
    picture = KINDS[number % len(KINDS)](random)
    return np.ascontiguousarray(np.asarray(picture.convert("RGB")))


def _clouds(random: np.random.Generator) -> Image.Image:
    """Noise on every scale: sky, grass, sand, bark."""
    roughness = random.uniform(0.4, 0.9)
    tint = random.uniform(0.5, 1, 3)
    total = np.zeros((SIZE[1], SIZE[0]), dtype=np.float32)
    for octave in range(8):
        small = random.random((3 << octave, 4 << octave), dtype=np.float32)
        layer = Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC)
        total += np.asarray(layer) * np.float32(roughness**octave)
    total = (total - total.min()) / np.ptp(total)
    return Image.fromarray((total[:, :, None] * tint * 255).astype(np.uint8))


def _landscape(random: np.random.Generator) -> Image.Image:
    """Sky, hills, and trees with round crowns and trunks."""
    picture = _clouds(random).filter(ImageFilter.GaussianBlur(12))
    draw = ImageDraw.Draw(picture)
    for row in range(4):
        base = 500 + 150 * row
        steps = np.cumsum(random.normal(0, 14, 33)) + base
        line = [(50 * i, float(y)) for i, y in enumerate(steps)]
        draw.polygon([(0, 1200), *line, (1600, 1200)], fill=_colour(random))
        for _ in range(random.integers(2, 10)):
            x, size = random.uniform(0, 1600), random.uniform(20, 160)
            y = base - size / 2
            draw.rectangle((x - size / 12, y, x + size / 12, y + size), fill=_colour(random))
            draw.ellipse((x - size / 2, y - size, x + size / 2, y + size / 3), fill=_colour(random))
    return _grained(picture, random)


def _town(random: np.random.Generator) -> Image.Image:
    """Walls with rows of windows and doors, which have the symmetry of faces."""
    picture = Image.new("RGB", SIZE, _colour(random))
    draw = ImageDraw.Draw(picture)
    for _ in range(random.integers(4, 12)):
        x, y, width = random.uniform(-100, 1500), random.uniform(50, 900), random.uniform(120, 500)
        draw.rectangle((x, y, x + width, 1200), fill=_colour(random))
        across, pane = int(random.integers(2, 7)), _colour(random)
        step = width / across
        for row in range(int((1200 - y) / step)):
            for column in range(across):
                left, top = x + step * (column + 0.25), y + step * (row + 0.25)
                draw.rectangle((left, top, left + step / 2, top + step / 2), fill=pane)
    return _grained(picture, random)


def _things(random: np.random.Generator) -> Image.Image:
    """Rounded things with round things on them: plates, wheels, buttons, fruit."""
    picture = Image.new("RGB", SIZE, _colour(random))
    draw = ImageDraw.Draw(picture)
    for _ in range(random.integers(10, 50)):
        x, y, size = random.uniform(0, 1600), random.uniform(0, 1200), random.uniform(30, 260)
        tall = size * random.uniform(0.6, 1.5)
        draw.ellipse((x, y, x + size, y + tall), fill=_colour(random), outline=_colour(random))
        for _ in range(random.integers(0, 5)):
            at, part = random.uniform(0.1, 0.7, 2), size * random.uniform(0.05, 0.3)
            left, top = x + size * at[0], y + tall * at[1]
            draw.ellipse((left, top, left + part, top + part), fill=_colour(random))
    return _grained(picture, random)


KINDS: tuple[Callable[[np.random.Generator], Image.Image], ...] = (
    _clouds, _landscape, _town, _things,
)  # fmt: skip


def _colour(random: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(value) for value in random.integers(0, 256, 3))


def _grained(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """What a lens and a sensor do to hard edges."""
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.5)), dtype=np.float32)
    grain = random.standard_normal((SIZE[1], SIZE[0], 1), dtype=np.float32) * 6
    return Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8))


def _time_a_photo(context: Context) -> Iterator[Figure]:
    folder = photos.phone_photos(context.cache, context.scaled(400, 40))
    engine, decoding, finding = DlibEngine(), [], []
    for path in sorted(folder.iterdir())[: context.scaled(20, 5)]:
        began = time.perf_counter()
        rgb = np.ascontiguousarray(upright_rgb(path, "image/jpeg", max(SIZE)))
        read = time.perf_counter()
        engine.find(rgb)
        decoding.append(read - began)
        finding.append(time.perf_counter() - read)
    for what, seconds in (("decode", decoding), ("search", finding)):
        told = spread([1000 * one for one in seconds])
        yield Figure(NAME, f"{what} a 12 MP photo", 1000 * median(seconds), "ms", note=told)


def _search(context: Context) -> Iterator[Figure]:
    count = context.scaled(100_000, 5_000)
    with context.folder() as home:
        factory = Factory(home)
        engine = factory.engine
        _fill(engine, count)
        memory = vectors.Memory(_OURS)
        with database.reading(engine) as connection:
            yield _seconds(f"read {count:,} embeddings", 1, lambda: memory.refresh(connection))
            yield _seconds("see that nothing has changed", 20, lambda: memory.refresh(connection))
        here = _numbers(np.random.default_rng(9), 1)[0].tobytes()
        yield _seconds("nearest person", 50, lambda: memory.nearest(here, 0.5))
        settings = factory.settings()

        def enter() -> None:
            with engine.begin() as connection:
                face = {**a_face(1), "embedding": here}
                asset = an_asset()
                connection.execute(insert(MediaAsset), [asset])
                record.enter(connection, asset["id"], [face], _OURS, settings)

        enter()
        yield _seconds("enter a photo with one face", 20, enter)
        factory.close()


def _seconds(what: str, times: int, work: Callable[[], object]) -> Figure:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    return Figure(NAME, what, median(took), "ms", note=spread(took) if times > 1 else "")


def _numbers(random: np.random.Generator, count: int) -> Any:
    """Embeddings of length 1, as different as those of strangers."""
    made = random.standard_normal((count, 128)).astype("<f4")
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def _fill(engine: Any, count: int) -> None:
    """A ledger with so many faces, ten a person."""
    numbers = _numbers(np.random.default_rng(4), count)
    asset = an_asset()
    with engine.begin() as connection:
        connection.execute(insert(MediaAsset), [asset])
        now = database_now(connection)
        for start in range(0, count, 10):
            whose = record.new_person(connection, now)
            rows = [
                {**a_face(1), "embedding": row.tobytes(), "id": uuid.uuid4(), "engine": "dlib",
                 "engine_version": "bench", "asset_id": asset["id"], "person_id": whose,
                 "found_at": now, "changed_at": now - timedelta(seconds=count - start)}
                for row in numbers[start : start + 10]
            ]  # fmt: skip
            connection.execute(insert(Face), rows)
