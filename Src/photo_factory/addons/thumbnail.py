"""Thumbnail: small pictures of every asset, upright and in sRGB, for galleries.

Each original is decoded once, to the largest size; each smaller size is made from the one before.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from photo_factory.shared import files
from photo_factory.shared.claims import Asset, Facts
from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.flag_service import FlagService
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.media import colours, decode
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

NAME = "thumbnail"

EXTENSIONS = {"jpeg": "jpg", "webp": "webp"}
"""THUMBNAIL_FORMAT, and what the files are called by."""

_FINEST = 95
_FINER = 2
_LEFT_OVER_S = 86400


def process(asset: Asset, settings: Settings) -> Facts:
    """Write the small pictures of one asset; facts are its sides and duration where unknown.

    Unprocessable, with the file and the reason, for what cannot be decoded. Of an original that is
    readable in part the pictures are written all the same: somebody has to look at it.
    """
    try:
        picture = decode.upright(
            asset.path,
            asset.mime_type,
            settings.thumbnail_sizes[0],
            settings.decoder_megapixels * 1_000_000,
        )
        write(asset.file_hash, dict(encoded(picture.image, settings)), settings)
    except Unprocessable as error:
        raise Unprocessable(f"{asset.final_path}: {error}") from error
    if picture.damage:
        raise Unprocessable(
            f"{asset.final_path}: only a part of it is readable, and shown: {picture.damage}"
        )
    return Facts(columns=_news(asset, picture))


def _news(asset: Asset, picture: decode.Picture) -> dict[str, Any]:
    """What the ledger does not know yet."""
    seen = {name: getattr(picture, name) for name in ("width", "height", "duration_s")}
    if asset.width and asset.height:
        del seen["width"], seen["height"]
    return {
        name: value
        for name, value in seen.items()
        if value is not None and not getattr(asset, name)
    }


def encoded(image: Any, settings: Settings) -> Iterator[tuple[int, bytes]]:
    """Yield every size with its file's bytes, which carry neither metadata nor a profile."""
    quality = settings.thumbnail_quality
    for size in settings.thumbnail_sizes:
        image = decode.fitted(image, size).copy_memory()
        yield size, _file_of(image, settings.thumbnail_format, quality)
        # A small picture shows what compression does to it, and costs few bytes.
        quality = max(quality, min(quality + _FINER, _FINEST))


def _file_of(image: Any, kind: str, quality: int) -> bytes:
    if kind == "webp":
        # More effort would double the work again, and at this quality save hardly a byte.
        return bytes(image.webpsave_buffer(Q=quality, effort=0, keep="none"))
    plain = colours.opaque(image)
    return bytes(plain.jpegsave_buffer(Q=quality, keep="none", subsample_mode="on"))


def write(file_hash: str, contents: Mapping[int, bytes], settings: Settings) -> None:
    """Put the small pictures in place, durable and each at once; OSError when that fails."""
    paths = Paths.of(settings)
    extension = EXTENSIONS[settings.thumbnail_format]
    files.make_folders([_unfinished(paths), paths.thumbnail(file_hash, 0, extension).parent])
    for size, content in contents.items():
        final = paths.thumbnail(file_hash, size, extension)
        # Containers and hosts that share the storage have processes of the same number.
        _replace(final, _unfinished(paths) / f"{final.name}.{secrets.token_hex(4)}", content)
    for other in EXTENSIONS.values():
        for size in contents if other != extension else ():
            paths.thumbnail(file_hash, size, other).unlink(missing_ok=True)
    files.fsync_folder(paths.thumbnail(file_hash, 0, extension).parent)


def _unfinished(paths: Paths) -> Path:
    return paths.thumbnails / ".partial"


def _replace(final: Path, partial: Path, content: bytes) -> None:
    try:
        with files.naming(final), partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(final)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def sweep(settings: Settings, _engine: Engine) -> None:
    """Remove what killed workers left unfinished, but nothing that another may be writing."""
    folder = _unfinished(Paths.of(settings))
    if not folder.is_dir():
        return
    for entry in os.scandir(folder):
        if entry.stat().st_mtime < time.time() - _LEFT_OVER_S:
            Path(entry.path).unlink(missing_ok=True)


service = FlagService(
    name=NAME,
    flag=MediaAsset.is_thumbnailed,
    process=process,
    in_child=True,
    preload=("photo_factory.shared.media.preload_pixels",),
    prepare=sweep,
)
run = service.run
