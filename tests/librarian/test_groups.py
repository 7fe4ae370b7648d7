"""What belongs together stays together, in whatever order it comes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from photo_factory.librarian import filing
from photo_factory.librarian.filing import Bytes, How
from photo_factory.shared.manifest import read
from tests.factory import Factory, photo
from tests.shared.media import made

CHRISTMAS = "2023:12:25 12:34:56"
LATER = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)


def takeout(taken: datetime) -> bytes:
    """Google Takeout's description of a photo."""
    stamp = str(int(taken.timestamp()))
    return json.dumps({"title": "IMG_1.jpg", "photoTakenTime": {"timestamp": stamp}}).encode()


AAE = b'<?xml version="1.0"?><plist version="1.0"><dict><key>adjustmentData</key></dict></plist>'

SIDECARS = {
    "IMG_1.xmp": made.xmp(exif_DateTimeOriginal="2023-12-25T12:34:56"),
    "IMG_1.jpg.xmp": made.xmp(tiff_Make="Canon"),
    "IMG_1.aae": AAE,
    "IMG_1.jpg.supplemental-metadata.json": takeout(datetime(2023, 12, 25, 11, 34, tzinfo=UTC)),
}


def are_together(factory: Factory, *names: str) -> bool:
    """One day folder, one group, and both told alike by the ledger and by the folder."""
    rows = [factory.asset(name) for name in names]
    folders = {factory.on_disk(row).parent for row in rows}
    groups = {row["group_id"] for row in rows}
    assert len(folders) == 1, folders
    assert len(groups) == 1, groups
    assert None not in groups
    said = {row["final_path"]: row for row in read(folders.pop())}
    for row in rows:
        told = said[row["final_path"]]
        assert {name: row[name] for name in told} == told
    assert factory.sums_hold()
    assert factory.verify().all_is_well
    return True


@pytest.mark.parametrize("sidecar", SIDECARS)
def test_it_files_a_sidecar_with_the_photo_it_came_with(factory: Factory, sidecar: str) -> None:
    factory.drop("phone/IMG_1.jpg", photo(CHRISTMAS))
    factory.drop(f"phone/{sidecar}", SIDECARS[sidecar], at=LATER)
    assert factory.ingest().filed == 2
    assert are_together(factory, "IMG_1.jpg", sidecar)
    assert factory.asset(sidecar)["captured_at"] == datetime(2023, 12, 25, 12, 34, 56)


@pytest.mark.parametrize("sidecar", SIDECARS)
def test_it_files_a_late_sidecar_beside_its_photo(factory: Factory, sidecar: str) -> None:
    factory.drop("phone/IMG_1.jpg", photo(CHRISTMAS))
    factory.ingest()
    factory.drop(f"phone/{sidecar}", SIDECARS[sidecar], at=LATER)
    assert factory.ingest().filed == 1
    assert are_together(factory, "IMG_1.jpg", sidecar)


@pytest.mark.parametrize("sidecar", SIDECARS)
def test_it_moves_an_early_sidecar_to_the_photo_that_comes_after_it(
    factory: Factory, sidecar: str
) -> None:
    factory.drop(f"phone/{sidecar}", SIDECARS[sidecar], at=LATER)
    factory.ingest()
    early = factory.on_disk(factory.asset(sidecar))
    factory.drop("phone/IMG_1.jpg", photo(CHRISTMAS))
    assert factory.ingest().filed == 1
    assert are_together(factory, "IMG_1.jpg", sidecar)
    late = factory.on_disk(factory.asset(sidecar))
    assert late.read_bytes() == SIDECARS[sidecar]
    assert late == early or not early.exists()
    assert late.parent == early.parent or not early.parent.exists()


def test_it_keeps_the_old_folder_of_a_moved_sidecar_for_what_else_is_there(
    factory: Factory,
) -> None:
    factory.drop("phone/IMG_1.aae", AAE, at=LATER)
    factory.drop("phone/other.jpg", photo("2025:03:04 08:00:00"))
    factory.ingest()
    factory.drop("phone/IMG_1.jpg", photo(CHRISTMAS))
    factory.ingest()
    assert factory.archived() == [
        "2023/2023-12-25/IMG_1.aae", "2023/2023-12-25/IMG_1.jpg", "2025/2025-03-04/other.jpg",
    ]  # fmt: skip
    assert factory.sums_hold()


def test_it_dates_a_photo_by_the_sidecar_that_was_there_first(factory: Factory) -> None:
    factory.drop("phone/IMG_1.xmp", SIDECARS["IMG_1.xmp"], at=LATER)
    factory.ingest()
    factory.drop("phone/IMG_1.jpg", photo(None), at=LATER)
    factory.ingest()
    assert factory.asset("IMG_1.jpg")["captured_at"] == datetime(2023, 12, 25, 12, 34, 56)
    assert are_together(factory, "IMG_1.jpg", "IMG_1.xmp")


@pytest.mark.parametrize("first", ["IMG_1.dng", "IMG_1.jpg"])
@pytest.mark.parametrize("at_once", [True, False])
def test_it_groups_raw_and_jpeg(factory: Factory, first: str, at_once: bool) -> None:
    raw = made.picture(factory.home / "raw.tif", exif=made.exif(CHRISTMAS)).read_bytes()
    contents = {"IMG_1.dng": raw, "IMG_1.jpg": photo(CHRISTMAS)}
    for name in sorted(contents, key=lambda name: name != first):
        factory.drop(f"card/{name}", contents[name])
        if not at_once:
            factory.ingest()
    factory.ingest()
    assert are_together(factory, "IMG_1.dng", "IMG_1.jpg")


@pytest.mark.parametrize("at_once", [True, False])
def test_it_groups_a_live_photo_by_name_and_time(factory: Factory, at_once: bool) -> None:
    film = made.film(factory.home / "a.mov", creation_time="2023-12-25T11:34:57Z").read_bytes()
    factory.drop("iphone/IMG_1.jpg", photo(CHRISTMAS))
    if not at_once:
        factory.ingest()
    factory.drop("iphone/IMG_1.mov", film)
    factory.ingest()
    assert are_together(factory, "IMG_1.jpg", "IMG_1.mov")


@pytest.mark.parametrize("at_once", [True, False])
def test_it_groups_films_of_one_content_identifier_whatever_their_names(
    factory: Factory, at_once: bool
) -> None:
    for number, name in enumerate(("IMG_1.mov", "renamed.mov")):
        film = made.film(
            factory.home / name,
            com__apple__quicktime__content__identifier="ABC-1",
            com__apple__quicktime__creationdate=f"2023-12-25T12:3{number}:56+0100",
        )
        factory.drop(f"iphone-{number}/{name}", film.read_bytes())
        if not at_once:
            factory.ingest()
    factory.ingest()
    assert are_together(factory, "IMG_1.mov", "renamed.mov")


def test_it_keeps_apart_what_only_shares_a_name(factory: Factory) -> None:
    factory.drop("phone/IMG_1.jpg", photo(CHRISTMAS))
    factory.drop("phone/IMG_1.png", made.picture(factory.home / "a.png").read_bytes(), at=LATER)
    factory.drop("tablet/IMG_1.jpg", photo(CHRISTMAS))
    factory.ingest()
    assert [row["group_id"] for row in factory.assets()] == [None] * 3


def test_it_gives_a_sidecar_to_the_photo_it_came_with_when_a_name_is_used_again(
    factory: Factory,
) -> None:
    factory.drop("card/IMG_1.jpg", photo("2019:06:01 10:00:00"))
    factory.drop("card/IMG_1.xmp", made.xmp(tiff_Make="old"), at=LATER)
    factory.ingest()
    factory.drop("card/IMG_1.jpg", photo(CHRISTMAS))
    factory.drop("card/IMG_1.xmp", made.xmp(tiff_Make="new"), at=LATER)
    factory.ingest()
    days = sorted(str(Path(name).parent) for name in factory.archived())
    assert days == ["2019/2019-06-01"] * 2 + ["2023/2023-12-25"] * 2
    groups = {factory.on_disk(row).parent.name: row["group_id"] for row in factory.assets()}
    assert len({row["group_id"] for row in factory.assets()}) == len(groups) == 2


def test_it_tells_the_group_in_the_day_folder_as_well(factory: Factory) -> None:
    factory.drop("card/IMG_1.jpg", photo(CHRISTMAS))
    factory.ingest()
    factory.drop("card/IMG_1.aae", AAE, at=LATER)
    factory.ingest()
    (folder,) = [path.parent for path in factory.paths.originals.rglob("ledger.jsonl")]
    said = {row["original_name"]: row["group_id"] for row in read(folder)}
    assert said["IMG_1.jpg"] == said["IMG_1.aae"] == factory.asset("IMG_1.jpg")["id"]


def test_it_finds_the_photo_of_a_sidecar_that_was_filed_without_it(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = filing.place

    def full(source: Bytes, final: Path, how: How, **options: Any) -> None:
        if final.suffix == ".jpg":
            raise OSError(28, "No space left on device")
        place(source, final, how, **options)

    factory.drop("phone/IMG_1.jpg", photo(CHRISTMAS))
    factory.drop("phone/IMG_1.aae", AAE, at=LATER)
    with monkeypatch.context() as patch:
        patch.setattr(filing, "place", full)
        summary = factory.ingest()
        assert (summary.filed, summary.held) == (1, 1)
    assert factory.ingest().filed == 1
    assert are_together(factory, "IMG_1.jpg", "IMG_1.aae")


def test_it_never_parts_a_group_at_the_end_of_a_batch(embedded: Factory) -> None:
    start = datetime(2023, 12, 25, 8)
    for number in range(40):
        taken = (start + timedelta(minutes=number)).strftime("%Y:%m:%d %H:%M:%S")
        embedded.drop(f"phone/IMG_{number:02}.jpg", photo(taken))
        embedded.drop(f"phone/IMG_{number:02}.aae", AAE + b"\n" * number, at=LATER)
    assert embedded.ingest().filed == 80
    groups = [row["group_id"] for row in embedded.assets()]
    assert len(set(groups)) == 40
    assert None not in groups
