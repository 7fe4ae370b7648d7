"""Corrections that fail half way: the whole group is as it was, or the correction waits."""

from __future__ import annotations

import errno
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from photo_factory.librarian import corrections as applying
from photo_factory.librarian import refiling
from photo_factory.shared import corrections
from photo_factory.shared.journal import Journal
from tests.factory import Factory, Row

RIGHT = datetime(2020, 6, 7, 8, 9, 10)
NEW_DAY = "2020-06-07"
KEPT = applying.KEPT


@pytest.fixture
def filed(factory: Factory) -> Factory:
    factory.drop("pixel/IMG_1.jpg")
    factory.drop("pixel/IMG_1.xmp", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    factory.ingest()
    return factory


def ask(factory: Factory, **said: Any) -> int:
    with factory.engine.begin() as connection:
        asset_id = factory.asset("IMG_1.jpg")["id"]
        return corrections.ask(connection, asset_id, "anna", captured_at=RIGHT, **said)


def last(factory: Factory) -> dict[str, Any]:
    with factory.engine.begin() as connection:
        return corrections.history(connection, factory.asset("IMG_1.jpg")["id"])[-1]


def kept(factory: Factory) -> list[Row]:
    return [{name: row[name] for name in KEPT} for row in factory.assets()]


def refuses(patch: pytest.MonkeyPatch, code: int, *which: str) -> None:
    """Names that end so, or whose path holds it, cannot be given."""
    original = refiling.reveal

    def reveal(old: Path, new: Path) -> None:
        if any(str(new).endswith(one) or f"/{one}/" in str(new) for one in which):
            raise OSError(code, os.strerror(code), str(new))
        original(old, new)

    patch.setattr(refiling, "reveal", reveal)


def is_whole(factory: Factory) -> bool:
    return factory.verify().all_is_well and factory.sums_hold()


def test_a_group_is_as_it_was_when_one_of_it_cannot_follow(
    filed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(filed)
    with filed.engine.begin() as connection:
        connection.execute(text("UPDATE media_assets SET is_geocoded = TRUE, is_backed_up = TRUE"))
    ask(filed, location={"lat": 50.11, "lon": 8.68}, changes_location=True)
    with monkeypatch.context() as patch:
        refuses(patch, errno.EACCES, "IMG_1.xmp")
        filed.ingest()
    asked = last(filed)
    assert asked["applied_at"] and "IMG_1.xmp: Permission denied" in asked["problem"]
    assert "nothing is changed" in asked["problem"] and "by itself" not in asked["problem"]
    assert kept(filed) == before and is_whole(filed)
    assert not (filed.paths.originals / "2020" / NEW_DAY).exists()
    assert not any(row["is_geocoded"] or row["is_backed_up"] for row in filed.assets())
    number = ask(filed)
    filed.ingest()
    assert all(f"/{NEW_DAY}/" in row["final_path"] for row in filed.assets())
    with filed.engine.begin() as connection:
        corrections.undo(connection, number, "anna")
    filed.ingest()
    assert kept(filed) == before and is_whole(filed)


def test_what_could_not_be_changed_at_all_is_not_written_again(
    filed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {path: path.stat().st_ino for path in filed.paths.originals.rglob("*.jsonl")}
    ask(filed)
    with monkeypatch.context() as patch:
        refuses(patch, errno.EACCES, NEW_DAY)
        filed.ingest()
    assert "nothing is changed" in last(filed)["problem"]
    assert {path: path.stat().st_ino for path in written} == written


@pytest.mark.parametrize(
    "code",
    [errno.EMFILE, errno.ENFILE, errno.ENOTCONN, errno.ENXIO, errno.ETIMEDOUT, errno.ENOMEM],
)
def test_what_passes_leaves_the_correction_waiting(
    embedded: Factory, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    embedded.drop("pixel/IMG_1.jpg")
    embedded.drop("pixel/IMG_1.xmp", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    embedded.ingest()
    ask(embedded)
    with monkeypatch.context() as patch:
        refuses(patch, code, "IMG_1.xmp")
        embedded.ingest()
    assert last(embedded)["applied_at"] is None
    embedded.ingest()
    assert last(embedded)["applied_at"] and last(embedded)["problem"] is None
    assert all(f"/{NEW_DAY}/" in row["final_path"] for row in embedded.assets())
    assert is_whole(embedded)


def test_a_correction_cut_short_and_refused_then_goes_back_to_what_was_at_first(
    filed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(filed)
    ask(filed)
    intend = Journal.intend

    def dies(journal: Journal, entries: Any) -> None:
        if entries[0].row["original_name"] == "IMG_1.xmp":
            raise KeyboardInterrupt
        intend(journal, entries)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "intend", dies)
        with pytest.raises(KeyboardInterrupt):
            filed.ingest()
    assert NEW_DAY in filed.asset("IMG_1.jpg")["final_path"]
    with monkeypatch.context() as patch:
        refuses(patch, errno.EACCES, "IMG_1.xmp")
        filed.ingest()
    assert last(filed)["problem"]
    assert kept(filed) == before and is_whole(filed)


def test_what_cannot_be_put_back_either_waits_until_it_can(
    filed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(filed)
    with monkeypatch.context() as patch:
        refuses(patch, errno.EACCES, "IMG_1.xmp", "2023-12-25")
        filed.ingest()
        assert last(filed)["applied_at"] is None
        assert filed.verify().all_is_well
    filed.ingest()
    assert last(filed)["applied_at"] and last(filed)["problem"] is None
    assert all(f"/{NEW_DAY}/" in row["final_path"] for row in filed.assets())
    assert is_whole(filed)
