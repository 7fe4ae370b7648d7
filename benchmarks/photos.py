"""Photos to measure with: made once, copied for every round, warm and clean when they are used."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import piexif
from PIL import Image

FIRST_DAY = datetime(2025, 6, 1, 7, 30, 0)
DAYS = 60


def phone_photos(cache: Path, count: int) -> Path:
    """A folder of 12 MP JPEGs of about 4 MB, as a phone writes them."""
    folder = cache / f"phone-{count}"
    if not folder.is_dir():
        picture = _picture(4000, 3000, size=4_000_000)
        thumbnail = _jpeg(Image.open(io.BytesIO(picture)).resize((160, 120)), 75)
        _write_all(folder, picture, count, thumbnail)
    return folder


def small_photos(cache: Path, count: int, size: int, days: int = DAYS) -> Path:
    """A folder of JPEGs of about so many bytes."""
    folder = cache / f"small-{count}-{size}-{days}"
    if not folder.is_dir():
        side = 96 if size < 20_000 else 640
        _write_all(folder, _picture(side * 4 // 3, side, size=size - 600), count, days=days)
    return folder


def photo(picture: bytes, number: int, when: datetime, thumbnail: bytes | None = None) -> bytes:
    """A JPEG that differs from all others in its bytes and carries a phone's EXIF."""
    exif = piexif.dump(_exif(number, when, thumbnail))
    mark = f"photo {number} of the benchmark".encode()
    comment = b"\xff\xfe" + struct.pack(">H", len(mark) + 2) + mark
    return b"\xff\xd8" + _segment(0xE1, exif) + comment + _without_head(picture)


def fresh_copy(source: Path, target: Path) -> None:
    """A copy with bytes of its own, written out."""
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-r", "--reflink=never", str(source), str(target)], check=True)


def gather(tree: Path, target: Path) -> None:
    """Bring every photo below a tree back into one folder, by renaming."""
    target.mkdir(exist_ok=True)
    for path in list(tree.rglob("*.jpg")):
        path.rename(target / path.name)


def make_ready(folder: Path, delay: float) -> None:
    """Written out, in the page cache, and unchanged for longer than the quiet period."""
    os.sync()
    warm(folder)
    newest = max(os.stat(entry.path).st_ctime for entry in os.scandir(folder))
    time.sleep(max(0.0, newest + delay + 0.3 - time.time()))


def warm(folder: Path) -> None:
    """Read every file once."""
    with ThreadPoolExecutor() as readers:
        for _ in readers.map(_read, [entry.path for entry in os.scandir(folder)]):
            pass


def _read(path: str) -> None:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        while file.read(1 << 20):
            pass


def _write_all(
    folder: Path, picture: bytes, count: int, thumbnail: bytes | None = None, days: int = DAYS
) -> None:
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for number, when in enumerate(_moments(count, days)):
        content = photo(picture, number, when, thumbnail)
        (unfinished / f"IMG_{number:06}.jpg").write_bytes(content)
    unfinished.rename(folder)


def _moments(count: int, days: int) -> Iterator[datetime]:
    per_day = -(-count // days)
    for number in range(count):
        day, second = divmod(number, per_day)
        yield FIRST_DAY + timedelta(days=day, seconds=second)


def _picture(width: int, height: int, *, size: int) -> bytes:
    """A gradient under so much noise that the JPEG has about this size."""
    low, high, best = 0.0, 60.0, b""
    for _ in range(9):
        middle = (low + high) / 2
        best = _jpeg(_noisy(width, height, middle), 88)
        low, high = (middle, high) if len(best) < size else (low, middle)
    return best


def _noisy(width: int, height: int, sigma: float) -> Image.Image:
    across = np.linspace(30, 220, width, dtype=np.float32)
    down = np.linspace(-30, 30, height, dtype=np.float32)[:, None]
    noise = np.random.default_rng(7).standard_normal((height, width), dtype=np.float32)
    grey = np.clip(across + down + noise * np.float32(sigma), 0, 255).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(grey), Image.fromarray(grey[::-1]).copy(),
                               Image.fromarray(grey[:, ::-1].copy())])  # fmt: skip


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _exif(number: int, when: datetime, thumbnail: bytes | None) -> dict[str, object]:
    text = when.strftime("%Y:%m:%d %H:%M:%S")
    main = {
        piexif.ImageIFD.Make: "Google",
        piexif.ImageIFD.Model: "Pixel 7",
        piexif.ImageIFD.Orientation: 1,
        piexif.ImageIFD.DateTime: text,
    }
    taken = {
        piexif.ExifIFD.DateTimeOriginal: text,
        piexif.ExifIFD.DateTimeDigitized: text,
        piexif.ExifIFD.OffsetTimeOriginal: "+02:00",
        piexif.ExifIFD.SubSecTimeOriginal: f"{number % 1000:03}",
    }
    place = {
        piexif.GPSIFD.GPSLatitudeRef: "N",
        piexif.GPSIFD.GPSLatitude: ((52, 1), (31, 1), (number % 6000, 100)),
        piexif.GPSIFD.GPSLongitudeRef: "E",
        piexif.GPSIFD.GPSLongitude: ((13, 1), (24, 1), (number % 5900, 100)),
    }
    return {"0th": main, "Exif": taken, "GPS": place, "1st": {}, "thumbnail": thumbnail}


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def _without_head(picture: bytes) -> bytes:
    """The JPEG after its start marker and its JFIF segment, which phones do not write."""
    if picture[2:4] != b"\xff\xe0":
        return picture[2:]
    return picture[4 + struct.unpack(">H", picture[4:6])[0] :]
