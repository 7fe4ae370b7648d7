"""Four small pictures of 12 MP JPEGs: photos per CPU second, likeness, memory of 200 MP."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image
from tests.corpus.corpus import samples_folder

from benchmarks import photos
from benchmarks.context import Context
from benchmarks.figures import Figure, Rounds, interleaved, spread
from benchmarks.thumbnail_makers import MAKERS, QUALITY, SIZES, made

NAME = "thumbnails"
TOOL = "vipsthumbnail, once a size"
HUGE = (16320, 12240)  # what phones with 200 MP write
_HUGE_KINDS = {"jpg": "Q=90", "progressive.jpg": "Q=90,interlace", "png": "compression=1"}

Pixels = Any


def run(context: Context) -> list[Figure]:
    """Speed as ratios per CPU second, likeness to a Lanczos from the full picture, memory."""
    folder = _copies(context)
    contenders = {name: _contender(context, name, folder) for name in (*MAKERS, TOOL)}
    if not shutil.which("vipsthumbnail"):
        del contenders[TOOL]
    measured = interleaved(contenders, context.rounds, context.told)
    return [*_speed(measured, len(list(folder.iterdir()))), *_likeness(context), *_memory(context)]


def _copies(context: Context) -> Path:
    """The first of the phone's photos: all show the same, their bytes are their own."""
    source = _copies_of_one(context)
    folder = context.work / "photos"
    folder.mkdir()
    for path in sorted(source.iterdir())[: context.scaled(40, 10)]:
        shutil.copy(path, folder)
    return folder


def _contender(context: Context, name: str, folder: Path) -> Callable[[], float]:
    def measure() -> float:
        with context.folder() as out:
            return _make(name, folder, out)[0]

    return measure


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _make(name: str, folder: Path, out: Path) -> tuple[float, float]:
    """Make all small pictures; CPU seconds, and the peak of memory in MiB where that is known."""
    if name == TOOL:
        before = _cpu_of_children()
        for size in SIZES:
            form = f"{out}/%s_{size}.jpg[Q={QUALITY},strip,subsample-mode=on]"
            subprocess.run(
                ["vipsthumbnail", *map(str, sorted(folder.iterdir())), "-s", str(size), "-o", form],
                check=True,
            )
        return _cpu_of_children() - before, 0
    command = [sys.executable, "-m", "benchmarks.thumbnail_makers", name, str(folder), str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    cpu, peak = done.stdout.split()
    return float(cpu), float(peak)


def _speed(measured: Rounds, count: int) -> list[Figure]:
    figures = [
        Figure(NAME, name, median(count / one for one in cpu), "photos/CPU s", note=spread(cpu))
        for name, cpu in measured.items()
    ]
    chains = [name for name in measured if name not in ("ours", TOOL)]
    best = min(chains, key=lambda name: median(measured[name]))
    figures.append(_faster(measured, best, 1.0))
    figures.append(_faster(measured, TOOL, 3.0))
    return figures


def _faster(measured: Rounds, than: str, target: float) -> Figure:
    if than not in measured:
        return Figure(NAME, f"ours / {than}", None, "x", target, note="install libvips-tools")
    ratios = [theirs / ours for theirs, ours in zip(measured[than], measured["ours"], strict=True)]
    return Figure(NAME, f"ours / {than}", median(ratios), "x", target, "at least")


def _likeness(context: Context) -> list[Figure]:
    """The worst SSIM of all sizes. Beside it that of Pillow, plain: what compression alone costs.

    The photo of the speed bench is noise, which no JPEG of this quality keeps: it has no target.
    """
    pictures = {"1/f picture": (_natural(4000, 3000), 0.98)}
    pictures["noise"] = (Image.open(min(_copies_of_one(context).iterdir())), None)
    for path in _real_photos():
        pictures[path.name] = (Image.open(path), 0.98)
    figures = []
    for what, (picture, target) in pictures.items():
        with context.folder() as folder:
            picture.save(folder / "a.jpg", quality=92)
            judge = {name: _worst(context, name, folder) for name in ("ours", "Pillow, plain")}
        worst, plain = judge["ours"], judge["Pillow, plain"]
        note = f"{worst:.3f}; Pillow, plain: {plain:.3f}"
        figures.append(Figure(NAME, f"worst SSIM, {what}", worst, "", target, "at least", note))
    return figures


def _copies_of_one(context: Context) -> Path:
    return photos.phone_photos(context.cache, context.scaled(400, 60))


def _real_photos() -> list[Path]:
    """Real photos of 7 MP and more, where the samples of the corpus test are at hand."""
    found = sorted((samples_folder() / "jpg").rglob("*.jpg"))
    return [path for path in found if _is_large(path)]


def _is_large(path: Path) -> bool:
    if "corrupted" in path.name:
        return False
    with Image.open(path) as picture:
        return picture.width * picture.height >= 7_000_000


def _worst(context: Context, name: str, folder: Path) -> float:
    with context.folder() as out, Image.open(folder / "a.jpg") as whole:
        _make(name, folder, out)
        found = []
        for _, path in made(out, 0):
            with Image.open(path) as small:
                judge = whole.convert("RGB").resize(small.size, Image.Resampling.LANCZOS)
                found.append(ssim(_grey(small), _grey(judge)))
        return min(found)


def _natural(width: int, height: int) -> Image.Image:
    """A picture whose contrast falls off with 1/frequency, as that of the world does, and half of
    which a lens and a sensor have lost at a quarter of a cycle a pixel (MTF50), as good ones do."""
    random = np.random.default_rng(11)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.hypot(down, across)
    falloff = 0.5 ** ((frequency / 0.25) ** 2) / np.maximum(frequency, 1 / width)
    bands = []
    for _ in range(3):
        phase = np.exp(2j * np.pi * random.random(falloff.shape))
        band = np.fft.irfft2(falloff * phase, (height, width))
        bands.append(np.clip(128 + 45 * band / band.std(), 0, 255).astype(np.uint8))
    picture = np.stack(bands, axis=2)
    picture[height // 3 : height // 2, width // 4 : width // 2] //= 3
    return Image.fromarray(picture)


def _grey(picture: Image.Image) -> Pixels:
    return np.asarray(picture.convert("L"), dtype=np.float64)


def ssim(one: Pixels, other: Pixels) -> float:
    """Mean structural similarity (Wang 2004) of two grey pictures, in windows of 7 x 7."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean1, mean2 = _local_mean(one), _local_mean(other)
    spread1 = _local_mean(one * one) - mean1**2
    spread2 = _local_mean(other * other) - mean2**2
    both = _local_mean(one * other) - mean1 * mean2
    alike = (2 * mean1 * mean2 + c1) * (2 * both + c2)
    return float((alike / ((mean1**2 + mean2**2 + c1) * (spread1 + spread2 + c2))).mean())


def _local_mean(picture: Pixels, side: int = 7) -> Pixels:
    total = np.pad(picture.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    window = total[side:, side:] - total[:-side, side:] - total[side:, :-side]
    return (window + total[:-side, :-side]) / side**2


def _memory(context: Context) -> list[Figure]:
    """Peak memory of a process that makes the small pictures of one of 200 MP."""
    figures = []
    for kind, options in _HUGE_KINDS.items():
        with context.folder() as folder, context.folder() as out:
            shutil.copy(_huge(context, kind, options), folder / f"a.{kind}")
            _, peak = _make("ours", folder, out)
            # The bound is DECODER_MEMORY's default, which holds it back in service.
            figures.append(Figure(NAME, f"peak memory, 200 MP {kind}", peak, "MiB", 2048))
    return figures


def _huge(context: Context, kind: str, options: str) -> Path:
    path = context.cache / f"huge.{kind}"
    if not path.exists():
        import pyvips

        noise = [pyvips.Image.perlin(*HUGE, cell_size=size, uchar=True) for size in (100, 200, 300)]
        picture = noise[0].bandjoin(noise[1:]).copy(interpretation="srgb")
        unfinished = path.with_name(f"unfinished.{kind}")
        picture.write_to_file(f"{unfinished}[{options}]")
        unfinished.rename(path)
    return path
