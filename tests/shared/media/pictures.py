"""Pictures and films with a known look: red, green / blue, white in their four corners."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import piexif
from PIL import Image

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (250, 250, 250)
CORNERS = ["red", "green", "blue", "white"]
_NAMED = dict(zip(CORNERS, (RED, GREEN, BLUE, WHITE), strict=True))

# What a camera does to the upright picture before it stores it, by EXIF orientation.
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quarters(width: int = 400, height: int = 300) -> Image.Image:
    """The upright picture."""
    picture = Image.new("RGB", (width, height), RED)
    middle = (width // 2, height // 2)
    picture.paste(GREEN, (middle[0], 0, width, middle[1]))
    picture.paste(BLUE, (0, middle[1], middle[0], height))
    picture.paste(WHITE, (*middle, width, height))
    return picture


def turned(path: Path, orientation: int, **save: Any) -> Path:
    """The picture as a camera stores it that was held in one of the eight ways."""
    stored = quarters()
    if orientation in _STORED:
        stored = stored.transpose(_STORED[orientation])
    exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation}})
    stored.save(path, exif=exif, **save)
    return path


def corners(pixels: Any) -> list[str]:
    """The nearest names of the colours at a quarter from each corner: must be CORNERS."""
    height, width = pixels.shape[:2]
    places = [(height // 4, width // 4), (height // 4, -width // 4),
              (-height // 4, width // 4), (-height // 4, -width // 4)]  # fmt: skip
    return [_nearest(pixels[place][:3]) for place in places]


def _nearest(colour: Any) -> str:
    return min(
        _NAMED, key=lambda name: float(np.abs(np.subtract(_NAMED[name], colour, dtype=float)).sum())
    )


def film(
    path: Path,
    frames: Sequence[Any],
    *,
    codec: str = "libx264",
    turn: int = 0,
    rate: int = 10,
    pixel_shape: Fraction | None = None,
    **colour: int,
) -> Path:
    """A film of these frames (arrays, height x width x 3), `turn` degrees as a phone marks it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = 5
        for name, value in colour.items():
            setattr(stream.codec_context, name, value)
        if pixel_shape:
            stream.codec_context.sample_aspect_ratio = pixel_shape
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    if turn:
        _mark_turn(path, turn)
    return path


def _mark_turn(path: Path, turn: int) -> None:
    """Write the matrix of `tkhd` for a film that is shown turned clockwise."""
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[turn]
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4
    matrix = at + (52 if data[at] == 1 else 40)
    one = 0x10000
    struct.pack_into(">6i", data, matrix, cos * one, sin * one, 0, -sin * one, cos * one, 0)
    path.write_bytes(bytes(data))


def dng(path: Path, *, width: int = 400, height: int = 300, orientation: int = 1,
        preview: bytes | None = None) -> Path:  # fmt: skip
    """A raw file (DNG 1.4) of one grey sensor, with a JPEG preview if one is given."""
    sensor = np.full((height, width), 20_000, dtype="<u2")
    strips: list[bytes] = [sensor.tobytes()]
    subs: list[dict[int, tuple[int, Sequence[int]]]] = []
    if preview is not None:
        strips.append(preview)
        subs.append(_preview_tags(preview))
    raw = _raw_tags(width, height, len(strips[0]))
    first = {**raw, 274: (3, [orientation]), **_DNG_TAGS}
    path.write_bytes(_tiff(first, subs, strips))
    return path


_DNG_TAGS: dict[int, tuple[int, Sequence[int]]] = {
    50706: (1, [1, 4, 0, 0]),  # DNGVersion
    50708: (2, list(b"Test Camera\0")),  # UniqueCameraModel
    50721: (10, [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]),  # ColorMatrix1
    50728: (5, [1, 1, 1, 1, 1, 1]),  # AsShotNeutral
    271: (2, list(b"Test\0")),
    272: (2, list(b"Camera\0")),
}


def _raw_tags(width: int, height: int, size: int) -> dict[int, tuple[int, Sequence[int]]]:
    return {
        254: (4, [0]), 256: (4, [width]), 257: (4, [height]), 258: (3, [16]), 259: (3, [1]),
        262: (3, [32803]), 273: (4, [0]), 277: (3, [1]), 278: (4, [height]), 279: (4, [size]),
        33421: (3, [2, 2]), 33422: (1, [0, 1, 1, 2]), 50714: (3, [0]), 50717: (4, [40_000]),
    }  # fmt: skip


def _preview_tags(preview: bytes) -> dict[int, tuple[int, Sequence[int]]]:
    width, height = Image.open(io.BytesIO(preview)).size
    return {
        254: (4, [1]), 256: (4, [width]), 257: (4, [height]), 258: (3, [8, 8, 8]), 259: (3, [7]),
        262: (3, [6]), 273: (4, [0]), 277: (3, [3]), 278: (4, [height]), 279: (4, [len(preview)]),
    }  # fmt: skip


_SIZES = {1: (1, "B"), 2: (1, "B"), 3: (2, "H"), 4: (4, "I"), 5: (4, "I"), 10: (4, "i")}


def _tiff(first: dict[int, Any], subs: list[dict[int, Any]], strips: list[bytes]) -> bytes:
    """A little-endian TIFF whose directories have one strip each, in the same order."""
    if subs:
        first = {**first, 330: (4, [0] * len(subs))}
    directories = [first, *subs]
    places, at = [], 8
    for directory in directories:
        places.append(at)
        at += 2 + 12 * len(directory) + 4 + sum(_beside(entry) for entry in directory.values())
    starts = []
    for strip in strips:
        starts.append(at)
        at += len(strip)
    out = b"II*\0" + struct.pack("<I", 8)
    for number, directory in enumerate(directories):
        own = {**directory, 273: (4, [starts[number]])}
        if number == 0 and subs:
            own[330] = (4, places[1:])
        out += _directory(own, places[number])
    return out + b"".join(strips)


def _beside(entry: tuple[int, Sequence[int]]) -> int:
    size = _SIZES[entry[0]][0] * len(entry[1])
    return size + size % 2 if size > 4 else 0


def _directory(entries: dict[int, Any], at: int) -> bytes:
    head, beside = struct.pack("<H", len(entries)), b""
    free = at + 2 + 12 * len(entries) + 4
    for tag in sorted(entries):
        kind, values = entries[tag]
        data = struct.pack(f"<{len(values)}{_SIZES[kind][1]}", *values)
        count = len(values) // 2 if kind in (5, 10) else len(values)
        place = data.ljust(4, b"\0")
        if len(data) > 4:
            place = struct.pack("<I", free + len(beside))
            beside += data + b"\0" * (len(data) % 2)
        head += struct.pack("<HHI", tag, kind, count) + place
    return head + struct.pack("<I", 0) + beside
