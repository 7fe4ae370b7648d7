"""Moves that fail: the photo stands under the name that the ledger has, or the journal knows."""

from __future__ import annotations

import errno
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from photo_factory.librarian import refiling
from photo_factory.shared import corrections, manifest
from tests.factory import Factory, photo

NEW_DAY = "2020-06-07"


@pytest.fixture
def asked(factory: Factory) -> Factory:
    """A photo that is to go to another day."""
    factory.drop("pixel/IMG_1.jpg")
    factory.ingest()
    with factory.engine.begin() as connection:
        corrections.ask(
            connection, factory.asset("IMG_1.jpg")["id"], "anna", captured_at=datetime(2020, 6, 7)
        )
    return factory


def has_no_links(patch: pytest.MonkeyPatch) -> None:
    """As exFAT and most network shares."""

    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links")

    patch.setattr(os, "link", link)


def refuses_lists(patch: pytest.MonkeyPatch, day: str, *, second_only: bool = False) -> None:
    original = manifest.replace_durably

    def replace(path: Path, content: bytes) -> None:
        if path.parent.name == day and not (second_only and path.name == manifest.SUMS):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        original(path, content)

    patch.setattr(manifest, "replace_durably", replace)


def photos(factory: Factory) -> list[str]:
    return [path for path in factory.archived() if path.endswith(".jpg")]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("damage", [b"", b"rot"])
def test_a_move_whose_lists_cannot_be_written_is_taken_back(
    asked: Factory, monkeypatch: pytest.MonkeyPatch, links: bool, damage: bytes
) -> None:
    before = asked.asset("IMG_1.jpg")
    with asked.on_disk(before).open("ab") as file:
        file.write(damage)
    with monkeypatch.context() as patch:
        if not links:
            has_no_links(patch)
        refuses_lists(patch, NEW_DAY)
        asked.ingest()
    now = asked.asset("IMG_1.jpg")
    assert now["final_path"] == before["final_path"]
    assert photos(asked) == ["2023/2023-12-25/IMG_1.jpg"]
    assert not (asked.paths.originals / "2020" / NEW_DAY).exists()
    assert asked.verify().missing == []
    if not damage:
        assert asked.verify().all_is_well and asked.sums_hold()


def test_a_list_that_was_written_before_the_other_could_not_be_is_kept_in_mind(
    asked: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        refuses_lists(patch, NEW_DAY, second_only=True)
        asked.ingest()
        assert photos(asked) == ["2023/2023-12-25/IMG_1.jpg"]
        assert (asked.paths.journal / "filing.jsonl").stat().st_size > 0
    asked.ingest()
    assert photos(asked) == [f"2020/{NEW_DAY}/IMG_1.jpg"]
    assert asked.verify().all_is_well and asked.sums_hold()


def test_the_journal_stays_while_a_move_cannot_be_taken_back(
    asked: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The photo stands where the ledger does not look for it: nothing else knows of it."""
    reveal = refiling.reveal

    def only_there(old: Path, new: Path) -> None:
        if new.parent.name != NEW_DAY:
            raise OSError(errno.EACCES, "Permission denied", str(new))
        reveal(old, new)

    with monkeypatch.context() as patch:
        has_no_links(patch)
        refuses_lists(patch, NEW_DAY)
        patch.setattr(refiling, "reveal", only_there)
        asked.ingest()
        asked.ingest()
        assert photos(asked) == [f"2020/{NEW_DAY}/IMG_1.jpg"]
        assert (asked.paths.journal / "filing.jsonl").stat().st_size > 0
    asked.ingest()
    assert asked.asset("IMG_1.jpg")["final_path"].endswith(f"/{NEW_DAY}/IMG_1.jpg")
    assert asked.verify().all_is_well and asked.sums_hold()


def test_a_move_out_of_a_folder_that_nobody_may_write_in_is_not_begun(
    asked: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = asked.asset("IMG_1.jpg")
    access = os.access

    def no_writing(path: Any, mode: int, **more: Any) -> bool:
        return Path(path).name != "2023-12-25" and access(path, mode, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "access", no_writing)  # tests may run as root, who may write anywhere
        refuses_lists(patch, "2023-12-25")
        asked.drop("pixel/IMG_9.jpg", photo("2021:02:03 04:05:06"))
        assert asked.ingest().filed == 1
    assert [one for one in photos(asked) if one.endswith("/IMG_1.jpg")] == [
        "2023/2023-12-25/IMG_1.jpg"
    ]
    assert asked.asset("IMG_1.jpg")["final_path"] == before["final_path"]
    with asked.engine.begin() as connection:
        (one,) = corrections.history(connection, before["id"])
    assert "2023-12-25: Permission denied" in one["problem"]
    assert asked.verify().all_is_well and asked.sums_hold()
