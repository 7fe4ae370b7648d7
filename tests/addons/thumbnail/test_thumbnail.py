"""The small pictures of an asset: which files there are, what is in them, and what stops them."""

from __future__ import annotations

import errno
import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import piexif
import pytest
from PIL import Image, ImageCms
from pydantic import ValidationError

from photo_factory.addons import thumbnail
from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.facts import Asset
from photo_factory.shared.files import sha256_of
from photo_factory.shared.media.kinds import kind_of
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings
from tests.factory import Factory
from tests.shared.media.pictures import CORNERS, corners, film, quarters, turned

SIZES = (1920, 960, 480, 240)
Make = Callable[..., Asset]


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    return Factory(tmp_path / "factory")


@pytest.fixture
def settings(factory: Factory) -> Settings:
    return factory.settings()


def asset_of(path: Path, **known: Any) -> Asset:
    kind, _ = kind_of(path.read_bytes()[:4096], path.name)
    assert kind is not None
    given = {
        "id": uuid.uuid4(), "path": path, "file_hash": sha256_of(path), "size_bytes": 1,
        "final_path": f"Storage/Originals/2024/2024-05-01/{path.name}",
        "original_name": path.name, "media_type": kind.media_type, "mime_type": kind.mime_type,
        "width": None, "height": None, "duration_s": None, "location": None,
        "captured_at": datetime(2024, 5, 1),
    }  # fmt: skip
    return Asset(**{**given, **known})


def small(asset: Asset, settings: Settings, size: int, extension: str = "jpg") -> Image.Image:
    path = Paths.of(settings).thumbnail(asset.file_hash, size, extension)
    with Image.open(path) as picture:
        picture.load()
        return picture


def written(settings: Settings) -> list[str]:
    found = Paths.of(settings).thumbnails.rglob("*")
    return sorted(str(p.relative_to(Paths.of(settings).thumbnails)) for p in found if p.is_file())


def test_it_writes_every_size_under_the_hash_of_the_original(
    tmp_path: Path, settings: Settings
) -> None:
    quarters(2400, 1800).save(tmp_path / "a.jpg")
    asset = asset_of(tmp_path / "a.jpg")
    thumbnail.process(asset, settings)
    folder = f"{asset.file_hash[:2]}/{asset.file_hash}"
    assert written(settings) == sorted(f"{folder}_{size}.jpg" for size in SIZES)
    for size in SIZES:
        picture = small(asset, settings, size)
        assert (picture.format, picture.size) == ("JPEG", (size, size * 3 // 4))
        assert corners(np.asarray(picture)) == CORNERS


def test_it_never_enlarges_and_yet_has_every_size(tmp_path: Path, settings: Settings) -> None:
    quarters(600, 450).save(tmp_path / "a.jpg")
    asset = asset_of(tmp_path / "a.jpg")
    thumbnail.process(asset, settings)
    sides = [small(asset, settings, size).size for size in SIZES]
    assert sides == [(600, 450), (600, 450), (480, 360), (240, 180)]


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_it_strips_what_strangers_wrote_into_a_picture(
    kind: str, tmp_path: Path, factory: Factory
) -> None:
    settings = factory.settings(THUMBNAIL_FORMAT=kind)
    place = {piexif.GPSIFD.GPSLatitudeRef: b"N", piexif.GPSIFD.GPSLatitude: ((52, 1),) * 3}
    exif = piexif.dump({"0th": {piexif.ImageIFD.Make: b"Secret"}, "GPS": place})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    quarters().save(tmp_path / "a.jpg", exif=exif, icc_profile=profile, comment=b"Secret")
    asset = asset_of(tmp_path / "a.jpg")
    thumbnail.process(asset, settings)
    for size in SIZES:
        picture = small(asset, settings, size, thumbnail.EXTENSIONS[kind])
        left = {"exif", "icc_profile", "comment", "xmp"} & picture.info.keys()
        assert (left, dict(picture.getexif())) == (set(), {})


def test_it_tells_the_sides_and_the_duration_only_where_nobody_knew(
    tmp_path: Path, settings: Settings
) -> None:
    path = film(tmp_path / "a.mp4", [np.asarray(quarters(320, 240))] * 20, turn=90)
    facts = thumbnail.process(asset_of(path), settings)
    assert facts.columns == {"width": 240, "height": 320, "duration_s": 2.0}
    known = asset_of(path, width=7, height=9, duration_s=3.0)
    assert thumbnail.process(known, settings).columns == {}
    half_known = asset_of(path, width=7, duration_s=3.0)
    assert thumbnail.process(half_known, settings).columns == {"height": 320}


def test_it_knows_the_sides_of_a_turned_jpeg_that_was_shrunk(
    tmp_path: Path, factory: Factory
) -> None:
    path = turned(tmp_path / "a.jpg", 6)
    columns = thumbnail.process(asset_of(path), factory.settings(THUMBNAIL_SIZES="64")).columns
    assert columns == {"width": 400, "height": 300}


def test_it_keeps_transparency_in_webp_and_shows_it_white_in_jpeg(
    tmp_path: Path, factory: Factory
) -> None:
    picture = Image.new("RGBA", (400, 300), (220, 30, 30, 0))
    picture.paste((220, 30, 30, 255), (0, 0, 200, 300))
    picture.save(tmp_path / "a.png")
    asset = asset_of(tmp_path / "a.png")
    thumbnail.process(asset, factory.settings(THUMBNAIL_FORMAT="webp"))
    kept = small(asset, factory.settings(), 240, "webp")
    assert (kept.mode, kept.getpixel((200, 90))[3]) == ("RGBA", 0)  # type: ignore[index]
    thumbnail.process(asset, factory.settings())
    assert np.asarray(small(asset, factory.settings(), 240))[90, 200].min() >= 253


def test_it_replaces_what_was_made_before_and_leaves_one_format(
    tmp_path: Path, factory: Factory
) -> None:
    quarters().save(tmp_path / "a.jpg")
    asset = asset_of(tmp_path / "a.jpg")
    thumbnail.process(asset, factory.settings(THUMBNAIL_FORMAT="webp"))
    before = {n: (Paths.of(factory.settings()).thumbnails / n).stat().st_ino
              for n in written(factory.settings())}  # fmt: skip
    thumbnail.process(asset, factory.settings(THUMBNAIL_FORMAT="webp"))
    folder = Paths.of(factory.settings()).thumbnails
    assert list(before) == written(factory.settings())
    assert all((folder / name).stat().st_ino != inode for name, inode in before.items())
    thumbnail.process(asset, factory.settings())
    assert {Path(name).suffix for name in written(factory.settings())} == {".jpg"}


def test_it_lets_the_household_read_its_pictures(tmp_path: Path, settings: Settings) -> None:
    quarters().save(tmp_path / "a.jpg")
    before = os.umask(0o022)
    try:
        thumbnail.process(asset_of(tmp_path / "a.jpg"), settings)
    finally:
        os.umask(before)
    for name in written(settings):
        assert (Paths.of(settings).thumbnails / name).stat().st_mode & 0o777 == 0o644


def test_it_parks_what_it_cannot_decode_with_the_file_and_the_reason(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(Unprocessable, match=r"2024-05-01/a\.png: it cannot be decoded: .+"):
        thumbnail.process(asset_of(tmp_path / "a.png"), settings)
    assert written(settings) == []


def test_it_parks_more_pixels_than_the_household_allows(tmp_path: Path, factory: Factory) -> None:
    quarters(1200, 900).save(tmp_path / "a.jpg")
    with pytest.raises(Unprocessable, match=r"a\.jpg.* 1200 x 900 .*DECODER_MEGAPIXELS"):
        thumbnail.process(asset_of(tmp_path / "a.jpg"), factory.settings(DECODER_MEGAPIXELS=1))


def test_it_shows_half_a_jpeg_and_still_parks_it(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "a.jpg"
    quarters().save(path, quality=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    with pytest.raises(Unprocessable, match=r"a\.jpg: only a part of it is readable, and shown"):
        thumbnail.process(asset_of(path), settings)
    assert corners(np.asarray(small(asset_of(path), settings, 240)))[:2] == CORNERS[:2]


def test_it_says_that_the_disk_is_full_and_leaves_the_old_picture(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarters().save(tmp_path / "a.jpg")
    asset = asset_of(tmp_path / "a.jpg")
    thumbnail.process(asset, settings)
    before = {
        name: (Paths.of(settings).thumbnails / name).read_bytes() for name in written(settings)
    }

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left.*_1920\.jpg"):
        thumbnail.process(asset, settings)
    folder = Paths.of(settings).thumbnails
    assert {name: (folder / name).read_bytes() for name in written(settings)} == before


def test_it_lets_a_missing_original_through(tmp_path: Path, settings: Settings) -> None:
    quarters().save(tmp_path / "a.jpg")
    asset = asset_of(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(FileNotFoundError):
        thumbnail.process(asset, settings)


def test_two_hosts_with_the_same_process_number_write_no_common_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that was frozen goes on with an asset whose lease another one took over."""
    used: list[Path] = []
    replace = thumbnail._replace
    monkeypatch.setattr(
        thumbnail,
        "_replace",
        lambda final, partial, content: (used.append(partial), replace(final, partial, content)),
    )
    for _ in range(2):
        thumbnail.write("ab" * 32, {240: b"content"}, settings)
    assert len(set(used)) == 2


def test_it_sweeps_only_what_nobody_can_be_writing_any_more(factory: Factory) -> None:
    folder = Paths.of(factory.settings()).thumbnails / ".partial"
    folder.mkdir(parents=True)
    (folder / "old").touch()
    os.utime(folder / "old", (time.time() - 90_000,) * 2)
    (folder / "new").touch()
    thumbnail.sweep(factory.settings(), factory.engine)
    assert os.listdir(folder) == ["new"]


@pytest.mark.parametrize(("given", "sizes"), [("240, 960,240", (960, 240)), ("1024", (1024,))])
def test_it_takes_sizes_in_any_order(given: str, sizes: tuple[int, ...], factory: Factory) -> None:
    assert factory.settings(THUMBNAIL_SIZES=given).thumbnail_sizes == sizes


@pytest.mark.parametrize("given", ["big", "240;480", "0", "100000", ","])
def test_it_refuses_sizes_that_are_none(given: str, factory: Factory) -> None:
    with pytest.raises(ValidationError, match="size"):
        factory.settings(THUMBNAIL_SIZES=given)


def test_it_works_off_what_the_librarian_filed(factory: Factory) -> None:
    """End to end: the real loop, the real child process, one good photo, one bomb, one film."""
    good = factory.home / "made.jpg"
    turned(good, 6)
    factory.drop("phone/good.jpg", good.read_bytes())
    clip = film(factory.home / "made.mp4", [np.asarray(quarters(320, 240))] * 20)
    factory.drop("phone/clip.mp4", clip.read_bytes())
    quarters(1300, 900).save(good)
    factory.drop("phone/huge.jpg", good.read_bytes())
    factory.ingest(once=True)
    settings = factory.settings(DECODER_MEGAPIXELS=1)
    thumbnail.service.run(settings, threading.Event(), once=True)
    done = {row["original_name"]: row["is_thumbnailed"] for row in factory.assets()}
    assert done == {"good.jpg": True, "clip.mp4": True, "huge.jpg": False}
    assert "1300 x 900" in factory.asset("huge.jpg")["error_message"]
    for name in ("good.jpg", "clip.mp4"):
        file_hash = factory.asset(name)["file_hash"]
        with Image.open(factory.paths.thumbnail(file_hash, 240, "jpg")) as picture:
            assert corners(np.asarray(picture)) == CORNERS
