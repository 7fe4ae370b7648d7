"""Any picture comes out upright, small and in sRGB; Pillow and known colours are the judges."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from photo_factory.shared.media import decode, isobmff, jxl_size, stills
from photo_factory.shared.media.kinds import kind_of
from tests.corpus.corpus import samples_folder
from tests.shared.media.pictures import CORNERS, corners, dng, quarters, turned

PLAIN = ["jpg", "png", "gif", "webp", "bmp", "tif", "avif"]


def mime_of(path: Path) -> str | None:
    kind, _ = kind_of(path.read_bytes()[:4096], path.name)
    return kind.mime_type if kind else None


def shown(path: Path, long_side: int = 1920, **options: Any) -> Any:
    """The array as `face` gets it."""
    return decode.upright_rgb(path, mime_of(path), long_side, **options)


@pytest.mark.parametrize("kind", [*PLAIN, "heic", "jxl"])
def test_it_decodes_every_kind_of_still_to_the_size_asked_for(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "heic":
        pillow_heif.from_pillow(quarters()).save(path)
    elif kind == "jxl":
        path.write_bytes(imagecodecs.jpegxl_encode(np.asarray(quarters())))
    else:
        quarters().save(path)
    pixels = shown(path, 200)
    assert (pixels.shape, pixels.dtype, corners(pixels)) == ((150, 200, 3), np.uint8, CORNERS)


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_upright_whichever_way_the_camera_was_held(
    orientation: int, kind: str, tmp_path: Path
) -> None:
    path = turned(tmp_path / f"a.{kind}", orientation)
    picture = decode.upright(path, mime_of(path), 200)
    assert corners(picture.image.numpy()) == CORNERS
    assert (picture.width, picture.height) == (400, 300)


def test_it_turns_a_heic_by_its_container_and_not_by_exif_once_more(tmp_path: Path) -> None:
    stored = quarters().transpose(Image.Transpose.ROTATE_90)
    heif = pillow_heif.from_pillow(stored)
    exif = Image.Exif()
    exif[0x0112] = 6
    heif.save(tmp_path / "a.heic", exif=exif.tobytes())  # writes `irot`, and the tag beside it
    once = corners(shown(tmp_path / "a.heic"))
    judge = pillow_heif.open_heif(tmp_path / "a.heic")
    assert once == corners(np.asarray(judge[0]))


@pytest.mark.parametrize("kind", PLAIN)
def test_it_never_enlarges(kind: str, tmp_path: Path) -> None:
    quarters(40, 30).save(tmp_path / f"a.{kind}")
    assert shown(tmp_path / f"a.{kind}").shape == (30, 40, 3)


def test_it_keeps_a_pixel_of_a_picture_that_is_nearly_a_line(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 3)).save(tmp_path / "a.png")
    assert shown(tmp_path / "a.png", 240).shape == (1, 240, 3)


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_it_shrinks_as_a_lanczos_over_the_whole_picture_does(kind: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    natural = Image.fromarray(noise).resize((1600, 1200), Image.Resampling.BICUBIC)
    natural.save(tmp_path / f"a.{kind}", quality=95)
    with Image.open(tmp_path / f"a.{kind}") as whole:
        judge = np.asarray(whole.resize((770, 578), Image.Resampling.LANCZOS), dtype=float)
    assert np.abs(shown(tmp_path / f"a.{kind}", 770) - judge).mean() < 2.0


MODES = {
    "grey": ("L", "png"), "1-bit": ("1", "png"), "1-bit TIFF": ("1", "tif"),
    "palette": ("P", "png"), "palette TIFF": ("P", "tif"),
    "CMYK": ("CMYK", "jpg"), "CMYK TIFF": ("CMYK", "tif"), "grey JPEG": ("L", "jpg"),
    "1-bit BMP": ("1", "bmp"), "palette BMP": ("P", "bmp"), "Lab TIFF": ("LAB", "tif"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODES)
def test_it_knows_every_way_to_store_a_pixel(name: str, tmp_path: Path) -> None:
    mode, kind = MODES[name]
    path = tmp_path / f"a.{kind}"
    original = Image.new("RGB", (64, 48), (200, 200, 200))
    original.paste((20, 20, 20), (0, 0, 32, 48))
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        original = ImageCms.profileToProfile(original, srgb, lab, outputMode="LAB")
    else:
        original = original.convert(mode)
    original.save(path)
    pixels = shown(path).astype(int)
    assert pixels.shape == (48, 64, 3)
    # Paper and ink of a CMYK picture without a profile are anybody's guess, but dark is dark.
    assert pixels[24, 8].max() < 70
    assert pixels[24, 56].min() > 150


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_it_brings_sixteen_bits_down_to_eight(kind: str, tmp_path: Path) -> None:
    Image.fromarray(np.full((30, 40), 0x8000, np.uint16)).save(tmp_path / f"a.{kind}")
    assert np.abs(shown(tmp_path / f"a.{kind}").astype(int) - 128).max() <= 1


def test_it_converts_wide_gamut_as_lcms_does_for_pillow(tmp_path: Path) -> None:
    wide = _display_p3()
    path = tmp_path / "a.jpg"
    picture = quarters()
    picture.save(path, icc_profile=wide.tobytes(), quality=100, subsampling=0)
    with Image.open(path) as stored:
        judge = ImageCms.profileToProfile(stored, wide, ImageCms.createProfile("sRGB"))
    pixels = shown(path).astype(int)
    assert np.abs(pixels - np.asarray(judge, dtype=int))[75, 100].max() <= 3
    assert np.abs(pixels - np.asarray(picture, dtype=int))[75, 100].max() > 8  # it did convert


def _display_p3() -> ImageCms.ImageCmsProfile:
    """sRGB with the red primary of Display P3: its matrix column is replaced in the profile."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag, xyz in ((b"rXYZ", (0.5151, 0.2412, -0.0011)), (b"gXYZ", (0.2920, 0.6922, 0.0419)),
                     (b"bXYZ", (0.1571, 0.0666, 0.7841))):  # fmt: skip
        at = data.index(tag, 128)
        place = int.from_bytes(data[at + 4 : at + 8], "big")
        struct.pack_into(">3i", data, place + 8, *(round(v * 65536) for v in xyz))
    for name in (b"sRGB", "sRGB".encode("utf-16-be")):
        data = data.replace(name, name[::-1])
    return ImageCms.ImageCmsProfile(io.BytesIO(bytes(data)))


@pytest.mark.parametrize(
    ("bands", "dtype"),
    [(1, np.uint8), (3, np.uint8), (4, np.uint8), (3, np.uint16), (3, np.float32)],
)
def test_it_reads_every_depth_of_a_jpeg_xl(bands: int, dtype: Any, tmp_path: Path) -> None:
    """libjxl's encoder takes bytes for sRGB, and finer samples for linear light."""
    full = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    pixels = np.full((30, 40, bands), full, dtype)
    pixels[..., : min(bands, 3)] = full * (188 / 255 if dtype is np.uint8 else 0.5)
    path = tmp_path / "a.jxl"
    path.write_bytes(imagecodecs.jpegxl_encode(pixels.squeeze(), lossless=True))
    assert np.abs(shown(path).astype(int) - 188).max() <= 1


def test_it_reads_the_colours_of_a_jpeg_xl_in_display_p3() -> None:
    sample = samples_folder() / "immich/formats/jxl/16bit-HDR-P3-nclx.jxl"
    if not sample.is_file():
        pytest.skip(f"no samples: {sample} is missing (see PHOTO_FACTORY_SAMPLES)")
    with sample.open("rb") as file:
        start = isobmff.jxl_codestream(file, sample.stat().st_size)
    assert jxl_size.code_points_of(start) == (12, 13)


@pytest.mark.parametrize("profile", [b"nonsense", bytes(200), b"\0" * 36 + b"acsp" + b"\xff" * 200])
def test_it_passes_over_a_broken_profile(profile: bytes, tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.jpg", icc_profile=profile)
    assert corners(shown(tmp_path / "a.jpg")) == CORNERS


def test_it_shows_what_is_transparent_on_white_without_dark_fringes(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (400, 300), (0, 0, 0, 0))  # the hidden colour is black
    picture.paste((220, 30, 30, 255), (0, 0, 199, 300))
    picture.save(tmp_path / "a.png")
    row = shown(tmp_path / "a.png", 100)[40].astype(int)
    assert row[80].tolist() == [255, 255, 255]
    assert row[:, 0].min() >= 215  # red all along the edge: never darker than the picture


def test_it_shows_a_transparent_gif_by_its_first_frame(tmp_path: Path) -> None:
    frames = [quarters(), Image.new("RGB", (400, 300))]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert corners(shown(tmp_path / "a.gif")) == CORNERS


def test_it_shows_an_animated_webp_by_its_first_frame(tmp_path: Path) -> None:
    frames = [quarters(), Image.new("RGB", (400, 300))]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:])
    assert corners(shown(tmp_path / "a.webp")) == CORNERS


def test_it_takes_the_preview_of_a_raw_file_turned_as_the_camera_was(tmp_path: Path) -> None:
    preview = io.BytesIO()
    quarters().transpose(Image.Transpose.ROTATE_90).save(preview, "JPEG")
    path = dng(tmp_path / "a.dng", width=300, height=400, orientation=6, preview=preview.getvalue())
    picture = decode.upright(path, mime_of(path), 400)
    assert corners(picture.image.numpy()) == CORNERS
    assert (picture.width, picture.height) == (400, 300)


@pytest.mark.parametrize("preview", [None, "small", "damaged"])
def test_it_develops_a_raw_file_whose_preview_is_no_use(
    preview: str | None, tmp_path: Path
) -> None:
    inside = io.BytesIO()
    quarters(*((40, 30) if preview == "small" else (400, 300))).save(inside, "JPEG")
    data = inside.getvalue()[:-400] if preview == "damaged" else inside.getvalue()
    path = dng(tmp_path / "a.dng", preview=data if preview else None)
    pixels = shown(path, 400)
    assert pixels.shape == (300, 400, 3)
    assert np.ptp(pixels[20:-20, 20:-20].astype(int), axis=(0, 1)).max() <= 2  # the even sensor


def test_it_leaves_out_of_a_jpeg_what_is_not_needed() -> None:
    assert [stills._shrink(side, 1920) for side in (1000, 3839, 3840, 8000, 16320)] == [
        1,
        1,
        2,
        4,
        8,
    ]
