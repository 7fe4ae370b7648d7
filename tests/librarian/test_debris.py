"""What lies in an inbox and is no photo is known by name."""

from __future__ import annotations

import pytest

from photo_factory.librarian.debris import is_debris, is_foreign_folder, is_no_arrival


@pytest.mark.parametrize(
    "name",
    [".syncthing.IMG_1.jpg.tmp", "~syncthing~IMG_1.jpg.tmp", ".pending-1700000000-IMG_1.jpg",
     ".gitkeep", "IMG_1.jpg.part", "IMG_1.jpg.crdownload", "a\nb.tmp", "IMG_1.JPG.PART"],
)  # fmt: skip
def test_it_passes_over_names_that_are_still_written_to(name: str) -> None:
    assert is_no_arrival(name)
    assert not is_debris(name)


@pytest.mark.parametrize(
    "name",
    ["Thumbs.db", "thumbs.db", "desktop.ini", ".DS_Store", "._IMG_1.jpg", ".nomedia",
     ".trashed-1700000000-IMG_1.jpg", ".stignore"],
)  # fmt: skip
def test_it_knows_what_other_programs_leave(name: str) -> None:
    assert is_debris(name)
    assert not is_no_arrival(name)


@pytest.mark.parametrize("name", [".stfolder", ".stversions", "@eaDir", "#recycle", ".Trash-1000"])
def test_it_knows_folders_nobody_put_photos_into(name: str) -> None:
    assert is_foreign_folder(name)


@pytest.mark.parametrize(
    "name",
    ["IMG_1.jpg", "IMG_1.sync-conflict-20260101-101010-ABCDEFG.jpg", ".hidden.jpg", "party.jpg",
     "apart", "template.jpg", "Thumbs.db.jpg", "trashed.jpg", "depart.jpeg"],
)  # fmt: skip
def test_it_takes_nothing_else_for_debris(name: str) -> None:
    assert not (is_debris(name) or is_no_arrival(name) or is_foreign_folder(name))
