"""Ways to make four small pictures of every photo in a folder, each run in a process of its own.

`python -m benchmarks.thumbnail_makers NAME PHOTOS OUT` prints the CPU seconds it took and the peak
of its memory in MiB. Its imports and its first photo, which it makes twice, do not count: a service
starts once.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

SIZES = (1920, 960, 480, 240)
QUALITY = 93


def ours(photos: list[Path], out: Path) -> None:
    """What the add-on does with each asset, as in its child process."""
    from photo_factory.addons import thumbnail
    from photo_factory.shared.facts import Asset
    from photo_factory.shared.media import preload_pixels  # noqa: F401 -- as the service does
    from photo_factory.shared.settings import Settings

    given: Any = {"PHOTO_FACTORY_ROOT": out, "THUMBNAIL_QUALITY": QUALITY}
    settings = Settings(_env_file=None, **given)
    for number, path in enumerate(photos):
        kind = {"jpg": "jpeg", "tif": "tiff"}.get(path.suffix[1:], path.suffix[1:])
        asset = Asset(
            id=uuid.uuid4(), path=path, final_path=path.name, file_hash=f"{number:064x}",
            original_name=path.name, size_bytes=path.stat().st_size, media_type="image",
            mime_type=f"image/{kind}", width=None, height=None,
            duration_s=None, captured_at=datetime(2025, 6, 1), location=None,
        )  # fmt: skip
        thumbnail.process(asset, settings)


def libvips_chain(photos: list[Path], out: Path) -> None:
    """One load by vips_thumbnail to the largest size, then from size to size; one thread."""
    os.environ["VIPS_CONCURRENCY"] = "1"
    import pyvips

    pyvips.cache_set_max(0)
    for number, path in enumerate(photos):
        picture = pyvips.Image.thumbnail(str(path), SIZES[0], height=SIZES[0], size="down")
        for size in SIZES:
            picture = picture.thumbnail_image(size, height=size, size="down").copy_memory()
            name = str(out / f"{number}_{size}.jpg")
            picture.jpegsave(name, Q=QUALITY, keep="none", subsample_mode="on")


def pillow_draft(photos: list[Path], out: Path) -> None:
    """One decode, shrunk by the JPEG decoder, then Lanczos from size to size."""
    from PIL import Image, ImageOps

    for number, path in enumerate(photos):
        with Image.open(path) as opened:
            opened.draft("RGB", (SIZES[0], SIZES[0] * 3 // 4))
            picture = ImageOps.exif_transpose(opened)
        for size in SIZES:
            picture.thumbnail((size, size), Image.Resampling.LANCZOS)
            picture.save(out / f"{number}_{size}.jpg", quality=QUALITY)


def pillow_plain(photos: list[Path], out: Path) -> None:
    """Every size from the whole picture, by `Image.thumbnail` with Lanczos."""
    from PIL import Image, ImageOps

    for number, path in enumerate(photos):
        for size in SIZES:
            with Image.open(path) as opened:
                opened.thumbnail((size, size), Image.Resampling.LANCZOS)
                ImageOps.exif_transpose(opened).save(out / f"{number}_{size}.jpg", quality=QUALITY)


MAKERS: dict[str, Callable[[list[Path], Path], None]] = {
    "ours": ours,
    "libvips chain": libvips_chain,
    "Pillow, draft and chain": pillow_draft,
    "Pillow, plain": pillow_plain,
}


def made(out: Path, number: int) -> Iterator[tuple[int, Path]]:
    """The files of one photo, wherever its maker has put them."""
    for size in SIZES:
        plain = out / f"{number}_{size}.jpg"
        ours = out / f"Storage/Derivatives/thumbnails/00/{number:064x}_{size}.jpg"
        yield size, plain if plain.exists() else ours


def peak_memory() -> float:
    """In MiB; unlike getrusage's it does not begin with that of the process which started us."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(name: str, folder: Path, out: Path) -> None:
    """Make the small pictures of every photo in the folder."""
    photos = sorted(folder.iterdir())
    if len(photos) > 1:
        MAKERS[name](photos[:1], out)
    start = time.process_time()
    MAKERS[name](photos, out)
    print(time.process_time() - start, peak_memory())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
