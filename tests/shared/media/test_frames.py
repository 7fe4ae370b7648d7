"""A film is shown by a frame that says something, upright and in colours a screen can show."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.media import decode, tone
from photo_factory.shared.media.badge import duration_badge
from tests.shared.media.pictures import CORNERS, corners, film, quarters

WIDTH, HEIGHT = 320, 240
PICTURE = np.asarray(quarters(WIDTH, HEIGHT))
BLACK = np.zeros_like(PICTURE)


def grey(level: int) -> Any:
    return np.full_like(PICTURE, level)


def upright(path: Path, mime_type: str = "video/mp4", long_side: int = 200) -> decode.Picture:
    return decode.upright(path, mime_type, long_side)


def level(picture: decode.Picture) -> int:
    return round(float(picture.image.numpy().mean()))


def test_it_takes_the_frame_at_one_second(tmp_path: Path) -> None:
    frames = [grey(100 + number) for number in range(120)]  # ten a second
    picture = upright(film(tmp_path / "a.mp4", frames))
    assert abs(level(picture) - 110) <= 3
    assert picture.duration_s == pytest.approx(12, abs=0.2)


def test_it_takes_the_frame_at_a_tenth_of_a_short_film(tmp_path: Path) -> None:
    frames = [grey(100 + 2 * number) for number in range(40)]
    assert abs(level(upright(film(tmp_path / "a.mp4", frames))) - 108) <= 3


def test_it_passes_over_black_at_the_beginning(tmp_path: Path) -> None:
    frames = [BLACK] * 30 + [PICTURE] * 30
    assert corners(upright(film(tmp_path / "a.mp4", frames)).image.numpy()) == CORNERS


def test_it_takes_the_brightest_where_all_is_dark(tmp_path: Path) -> None:
    frames = [BLACK] * 30 + [grey(20)] * 30
    assert level(upright(film(tmp_path / "a.mp4", frames))) > 10
    assert level(upright(film(tmp_path / "b.mp4", [BLACK] * 10))) < 5


@pytest.mark.parametrize(("turn", "seen"), [
    (90, ["blue", "red", "white", "green"]),
    (180, ["white", "blue", "green", "red"]),
    (270, ["green", "white", "red", "blue"]),
])  # fmt: skip
def test_it_turns_a_film_as_its_matrix_says(turn: int, seen: list[str], tmp_path: Path) -> None:
    picture = upright(film(tmp_path / "a.mp4", [PICTURE] * 15, turn=turn))
    assert corners(picture.image.numpy()) == seen
    sides = (WIDTH, HEIGHT) if turn == 180 else (HEIGHT, WIDTH)
    assert (picture.width, picture.height) == sides


def test_it_makes_pixels_square(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [PICTURE] * 10, pixel_shape=Fraction(4, 3))
    picture = upright(path, long_side=1920)
    assert (picture.image.width, picture.image.height) == (427, 240)
    assert corners(picture.image.numpy()) == CORNERS


@pytest.mark.parametrize(("name", "mime_type", "codec"), [
    ("a.mov", "video/quicktime", "libx264"), ("a.mkv", "video/x-matroska", "libx264"),
    ("a.webm", "video/webm", "libvpx-vp9"), ("a.avi", "video/x-msvideo", "mpeg4"),
    ("a.mpg", "video/mpeg", "mpeg2video"), ("a.ts", "video/mp2t", "libx264"),
    ("a.3gp", "video/3gpp", "mpeg4"), ("a.wmv", "video/x-ms-wmv", "wmv2"),
])  # fmt: skip
def test_it_reads_every_kind_of_film(name: str, mime_type: str, codec: str, tmp_path: Path) -> None:
    path = film(tmp_path / name, [PICTURE] * 50, codec=codec, rate=25)
    assert corners(upright(path, mime_type).image.numpy()) == CORNERS


@pytest.mark.parametrize(("transfer", "code"), [(tone.PQ, 0.58), (tone.HLG, 0.75)])
def test_it_shows_the_white_of_an_hdr_film_bright(
    transfer: int, code: float, tmp_path: Path
) -> None:
    """ITU-R BT.2408: 58 % of PQ and 75 % of HLG is diffuse white, shown plainly as mid-grey."""
    path = tmp_path / "a.mp4"
    film(path, [grey(round(code * 255))] * 15, color_primaries=9, color_trc=transfer)
    assert level(upright(path)) > 205


def test_it_refuses_sound_without_pictures(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(Unprocessable, match="no moving pictures"):
        upright(tmp_path / "a.mp4")


def test_it_shows_the_first_frame_of_a_film_that_is_broken_further_on(tmp_path: Path) -> None:
    path = film(tmp_path / "a.ts", [PICTURE] * 30 + [BLACK] * 100)
    data = bytearray(path.read_bytes())
    data[len(data) // 5 :] = bytes(len(data) - len(data) // 5)
    path.write_bytes(bytes(data))
    assert corners(upright(path, "video/mp2t").image.numpy()) == CORNERS


def test_it_refuses_a_coding_that_nobody_knows(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", [PICTURE] * 3)
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_SECRET/ISO/AV"))
    with pytest.raises(Unprocessable, match="how its pictures are coded"):
        upright(path, "video/x-matroska")


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_it_refuses_a_film_that_lost_its_index(share: float, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [PICTURE] * 30)  # its `moov` stands at the end
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(Unprocessable, match="cannot be decoded"):
        upright(path)


def test_it_heeds_the_limit_of_pixels(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [PICTURE] * 3)
    with pytest.raises(Unprocessable, match="DECODER_MEGAPIXELS"):
        decode.upright(path, "video/mp4", 200, most_pixels=WIDTH * HEIGHT - 1)


@pytest.mark.parametrize(("seconds", "badge"), [
    (0.2, "0:01"), (1, "0:01"), (59.4, "0:59"), (59.6, "1:00"), (65, "1:05"), (600, "10:00"),
    (3599.7, "1:00:00"), (3725, "1:02:05"), (None, None), (0, None), (-1, None),
])  # fmt: skip
def test_it_words_a_duration_as_galleries_do(seconds: float | None, badge: str | None) -> None:
    assert duration_badge(seconds) == badge
