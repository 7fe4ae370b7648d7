"""What cannot be decoded is refused in words, by its header where it would be too much."""

from __future__ import annotations

import errno
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.media import decode
from photo_factory.shared.media.kinds import BY_EXTENSION, kind_of
from tests.shared.media.pictures import CORNERS, corners, dng, quarters

PLAIN = ["jpg", "png", "gif", "webp", "bmp", "tif", "avif"]


def mime_of(path: Path) -> str | None:
    kind, _ = kind_of(path.read_bytes()[:4096], path.name)
    return kind.mime_type if kind else None


def shown(path: Path, long_side: int = 1920, **options: Any) -> Any:
    """The array as `face` gets it."""
    return decode.upright_rgb(path, mime_of(path), long_side, **options)


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(Unprocessable) as caught:
        shown(path, **options)
    return str(caught.value)


def bomb_png(path: Path, width: int = 60_000, height: int = 60_000) -> Path:
    """A PNG of a few hundred bytes that claims billions of pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path


def bomb(path: Path) -> Path:
    """A small picture whose header is changed to claim far more pixels."""
    if path.suffix == ".png":
        return bomb_png(path)
    quarters(64, 48).save(path, **({"compression": "raw"} if path.suffix == ".tif" else {}))
    data = bytearray(path.read_bytes())
    if path.suffix == ".jpg":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    elif path.suffix == ".gif":
        size = struct.pack("<HH", 65_000, 65_000)
        frame = data.index(b",\0\0\0\0") + 5
        data[6:10] = data[frame : frame + 4] = size
    elif path.suffix == ".bmp":
        data[18:26] = struct.pack("<ii", 60_000, 60_000)
    elif path.suffix == ".tif":
        for tag in (256, 257):
            at = data.index(struct.pack("<HH", tag, 3) if struct.pack("<HH", tag, 3) in data
                            else struct.pack("<HH", tag, 4))  # fmt: skip
            data[at : at + 12] = struct.pack("<HHII", tag, 4, 1, 60_000)
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tif"])
def test_it_refuses_a_pixel_bomb_by_its_header(kind: str, tmp_path: Path) -> None:
    assert "more than the 500 million of DECODER_MEGAPIXELS" in refusal(
        bomb(tmp_path / f"a.{kind}")
    )


@pytest.mark.parametrize("kind", [*PLAIN, "heic", "jxl", "dng"])
def test_it_heeds_the_limit_of_pixels_for_every_kind(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "heic":
        pillow_heif.from_pillow(quarters()).save(path)
    elif kind == "jxl":
        path.write_bytes(imagecodecs.jpegxl_encode(np.asarray(quarters())))
    elif kind == "dng":
        dng(path)
    else:
        quarters().save(path)
    assert "DECODER_MEGAPIXELS" in refusal(path, most_pixels=100_000)


@pytest.mark.parametrize("kind", ["png", "gif", "webp", "tif", "avif", "heic", "jxl", "bmp", "dng"])
def test_it_refuses_what_is_cut_off(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    noise = Image.fromarray(
        np.random.default_rng(1).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    )
    if kind == "heic":
        pillow_heif.from_pillow(noise).save(path)
    elif kind == "jxl":
        path.write_bytes(imagecodecs.jpegxl_encode(np.asarray(noise)))
    elif kind == "dng":
        dng(path)
    else:
        noise.save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refusal(path)


def test_it_shows_the_readable_part_of_a_jpeg_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    quarters().save(path, quality=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    picture = decode.upright(path, "image/jpeg", 200)
    assert "premature end" in str(picture.damage)
    assert corners(picture.image.numpy())[:2] == CORNERS[:2]
    assert "premature end" in refusal(path)  # a face is not looked for in half a picture


@pytest.mark.parametrize("name", sorted(BY_EXTENSION))
def test_it_refuses_rubbish_by_every_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{name}"
    path.write_bytes(b"rubbish " * 5000)
    mime_type = BY_EXTENSION[name].mime_type
    with pytest.raises(Unprocessable):
        decode.upright(path, mime_type, 240)


@pytest.mark.parametrize(
    "mime_type", ["image/svg+xml", "application/pdf", None, "image/x-portable"]
)
def test_it_opens_nothing_that_is_never_filed(mime_type: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    with pytest.raises(Unprocessable, match="no decoder"):
        decode.upright(path, mime_type, 240)
    with pytest.raises(Unprocessable):  # and a name of another kind does not bring it in
        decode.upright(path, "image/jpeg", 240)


def test_it_knows_a_decoder_for_every_kind_that_is_filed() -> None:
    filed = {k.mime_type for k in BY_EXTENSION.values() if k.media_type != "sidecar"}
    assert filed - decode.READERS.keys() == set()


def test_it_tells_a_missing_file_from_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode.upright(tmp_path / "gone.jpg", "image/jpeg", 240)


def test_it_blames_a_broken_disk_and_not_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarters().save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:500])

    def broken(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", broken)
    with pytest.raises(OSError, match=r"Input/output error.*a\.png"):
        decode.upright(tmp_path / "a.png", "image/png", 240)
