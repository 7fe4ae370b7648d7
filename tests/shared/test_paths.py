"""Where things stand, and how the ledger writes it down."""

from __future__ import annotations

from pathlib import Path

import pytest

from photo_factory.shared.errors import SettingsError
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.settings import Settings


def settings(root: Path, **changes: str) -> Settings:
    return Settings(_env_file=None, PHOTO_FACTORY_ROOT=root, **changes)  # type: ignore[call-arg]


def test_it_keeps_everything_below_the_storage(tmp_path: Path) -> None:
    paths = Paths.of(settings(tmp_path))
    below = (paths.originals, paths.quarantine, paths.journal, paths.embedded_ledger)
    assert all(path.is_relative_to(tmp_path / "Storage") for path in below)
    assert paths.day_folder("2024-05-01") == tmp_path / "Storage/Originals/2024/2024-05-01"


def test_it_writes_paths_that_survive_a_move_of_the_archive(tmp_path: Path) -> None:
    here = Paths.of(settings(tmp_path, PHOTO_FACTORY_STORAGE="nas/photos"))
    there = Paths.of(settings(tmp_path, PHOTO_FACTORY_STORAGE="Storage"))
    written = here.in_ledger(here.day_folder("2024-05-01") / "a.jpg")
    assert written == "Storage/Originals/2024/2024-05-01/a.jpg"
    assert there.on_disk(written) == there.day_folder("2024-05-01") / "a.jpg"


@pytest.mark.parametrize(
    ("inbox", "storage"), [("a", "a"), ("a/b", "a"), ("a", "a/b"), ("a/../b", "b"), ("link", "b")]
)
def test_it_refuses_an_inbox_in_the_archive(tmp_path: Path, inbox: str, storage: str) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "link").symlink_to("b")
    chosen = settings(tmp_path, PHOTO_FACTORY_INBOX=inbox, PHOTO_FACTORY_STORAGE=storage)
    with pytest.raises(SettingsError, match="overlap"):
        Paths.of(chosen)


def test_it_keeps_the_ledger_in_the_storage_unless_told(tmp_path: Path) -> None:
    assert database_url(settings(tmp_path)) == f"sqlite:///{tmp_path}/Storage/ledger.sqlite3"
    told = settings(tmp_path, DATABASE_URL="postgresql://host/photos")
    assert database_url(told) == "postgresql://host/photos"
