"""The Librarian files what arrives, knows what it has, and accounts for everything."""

from __future__ import annotations

import hashlib
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from photo_factory.librarian import filing
from photo_factory.librarian.arrivals import Arrival, Outcome
from photo_factory.librarian.file_watcher import listing
from photo_factory.librarian.librarian import ArchiveInUse, Librarian, Observer
from photo_factory.librarian.summary import Summary
from photo_factory.shared.files import exclusive_lock
from tests.factory import Factory, photo


def test_it_files_a_photo_under_its_day_and_says_all_it_knows(factory: Factory) -> None:
    content = photo("2023:12:25 12:34:56")
    path = factory.drop("pixel-7/IMG_1.jpg", content)
    summary = factory.ingest()
    row = factory.asset("IMG_1.jpg")
    assert (summary.filed, summary.bytes, summary.all_went_well) == (1, len(content), True)
    assert row["final_path"] == "Storage/Originals/2023/2023-12-25/IMG_1.jpg"
    assert row["captured_at"] == datetime(2023, 12, 25, 12, 34, 56)
    assert row["original_path"] == "pixel-7/IMG_1.jpg"
    assert row["source_device"] == "pixel-7"
    assert row["file_hash"] == hashlib.sha256(content).hexdigest()
    assert (row["width"], row["height"], row["mime_type"]) == (48, 32, "image/jpeg")
    assert (row["is_ingested"], row["is_thumbnailed"], row["has_errors"]) == (True, False, False)
    assert factory.on_disk(row).read_bytes() == content
    assert not path.exists()


def test_it_notes_when_an_arrival_left_the_inbox(factory: Factory) -> None:
    factory.drop("pixel-7/IMG_1.jpg")
    factory.ingest()
    arrival = factory.arrival("IMG_1.jpg")
    assert (arrival["state"], arrival["reason"]) == ("filed", None)
    assert arrival["asset_id"] == factory.asset("IMG_1.jpg")["id"]
    assert arrival["removed_at"] is not None


def test_it_keeps_the_time_of_change_of_what_it_files(embedded: Factory) -> None:
    embedded.drop("a.jpg", at=datetime(2020, 1, 2, tzinfo=UTC))
    embedded.ingest()
    found = embedded.on_disk(embedded.asset("a.jpg")).stat()
    assert found.st_mtime == datetime(2020, 1, 2, tzinfo=UTC).timestamp()


def test_it_gives_namesakes_of_one_day_names_of_their_own(factory: Factory) -> None:
    for device in ("one", "two", "three"):
        factory.drop(f"{device}/IMG_1.jpg")
    assert factory.ingest().filed == 3
    assert [Path(name).name for name in factory.archived()] == [
        "IMG_1.jpg", "IMG_1_1.jpg", "IMG_1_2.jpg",
    ]  # fmt: skip
    assert factory.verify().all_is_well


def test_it_removes_a_duplicate_after_the_kept_copy_was_proven(factory: Factory) -> None:
    content = photo()
    factory.drop("pixel-7/IMG_1.jpg", content)
    factory.ingest()
    factory.drop("old-phone/copy.jpg", content)
    summary = factory.ingest()
    arrival = factory.arrival("copy.jpg")
    assert (summary.duplicates, summary.filed, factory.inbox()) == (1, 0, [])
    assert arrival["asset_id"] == factory.asset("IMG_1.jpg")["id"]
    assert (arrival["state"], arrival["reason"]) == ("duplicate", None)
    assert len(factory.archived()) == 1


@pytest.mark.parametrize("damage", ["missing", "flipped"])
def test_it_repairs_the_kept_copy_from_a_duplicate(factory: Factory, damage: str) -> None:
    content = photo()
    factory.drop("IMG_1.jpg", content)
    factory.ingest()
    kept = factory.on_disk(factory.asset("IMG_1.jpg"))
    if damage == "missing":
        kept.unlink()
    else:
        kept.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    factory.drop("again.jpg", content)
    assert factory.ingest().duplicates == 1
    assert kept.read_bytes() == content
    assert "repaired from this file" in factory.arrival("again.jpg")["reason"]
    aside = list(factory.paths.quarantine.glob("*")) if damage == "flipped" else []
    assert len(aside) == (damage == "flipped")
    assert factory.inbox() == []


def test_it_files_one_of_many_twins_that_arrive_together(factory: Factory) -> None:
    content = photo()
    for number in range(5):
        factory.drop(f"phone-{number}/IMG_1.jpg", content)
    summary = factory.ingest()
    assert (summary.filed, summary.duplicates) == (1, 4)
    assert len(factory.archived()) == len(factory.assets()) == 1
    assert {row["asset_id"] for row in factory.arrivals()} == {factory.assets()[0]["id"]}


def test_it_leaves_alone_what_is_no_photo_and_says_why(factory: Factory) -> None:
    factory.drop("notes.txt", b"buy milk")
    (factory.paths.inbox / "link.jpg").symlink_to("/etc/hostname")
    os.mkfifo(factory.paths.inbox / "pipe.jpg")
    factory.drop("Thumbs.db", b"x")
    summary = factory.ingest()
    assert (summary.ignored, summary.seen, summary.all_went_well) == (4, 4, True)
    reasons = {row["name"]: row["reason"] for row in factory.arrivals()}
    assert "neither its bytes nor its name" in reasons["notes.txt"]
    assert "never followed" in reasons["link.jpg"]
    assert "never followed" in reasons["pipe.jpg"]
    assert "leftover" in reasons["Thumbs.db"]
    assert (factory.paths.inbox / "notes.txt").read_bytes() == b"buy milk"


def test_it_does_not_write_the_ignored_again_each_round(embedded: Factory) -> None:
    embedded.drop("notes.txt", b"buy milk")
    root = str(embedded.paths.inbox)
    summary = Summary()
    with Librarian(embedded.settings()) as librarian:
        for _ in range(3):
            librarian.file(listing(root), summary)
            settled = embedded.arrival("notes.txt")["settled_at"]
    assert summary.seen == 1
    assert settled == embedded.arrivals()[0]["settled_at"]


def test_it_makes_an_account_that_adds_up(factory: Factory) -> None:
    content = photo()
    for name, what in (("a.jpg", content), ("b.jpg", content), ("c.txt", b"x"), ("d.jpg", photo())):
        factory.drop(name, what)
    factory.ingest()
    account = factory.account()
    states = ("filed", "duplicate", "ignored", "held", "failed")
    assert [account[state]["arrivals"] for state in states] == [2, 1, 1, 0, 0]
    assert account["total"]["arrivals"] == 4
    assert [account[state]["unaccounted"] for state in states] == [0] * 5


def test_it_remembers_what_it_filed_where_the_inbox_is_kept(factory: Factory) -> None:
    content = photo()
    path = factory.drop("a/IMG_1.jpg", content)
    assert factory.ingest(keep=True).filed == 1
    factory.drop("a/IMG_2.jpg")
    second = factory.ingest(keep=True)
    assert (second.seen, second.filed) == (1, 1)
    assert factory.ingest(keep=True).seen == 0
    assert path.read_bytes() == content
    assert factory.arrival("IMG_1.jpg")["removed_at"] is None


def test_it_files_a_kept_file_again_when_it_was_replaced(embedded: Factory) -> None:
    embedded.drop("a/IMG_1.jpg")
    embedded.ingest(keep=True)
    (embedded.paths.inbox / "a/IMG_1.jpg").unlink()
    embedded.drop("a/IMG_1.jpg", photo("2022:01:01 10:00:00"))
    assert embedded.ingest(keep=True).filed == 1
    assert len(embedded.archived()) == 2


def test_it_never_writes_to_what_a_kept_inbox_shares(embedded: Factory) -> None:
    path = embedded.drop("IMG_1.jpg")
    path.chmod(0o600)
    before = path.stat()
    embedded.ingest(keep=True)
    after = path.stat()
    assert (before.st_mode, before.st_mtime_ns) == (after.st_mode, after.st_mtime_ns)


def test_it_lets_a_kept_inbox_go_when_the_mode_changes(factory: Factory) -> None:
    factory.drop("IMG_1.jpg")
    factory.ingest(keep=True)
    assert factory.ingest(INBOX_MODE="move").duplicates == 1
    assert factory.inbox() == []
    assert factory.arrival("IMG_1.jpg")["state"] == "filed"
    assert factory.verify().all_is_well


def test_it_refuses_while_another_librarian_files_into_the_storage(embedded: Factory) -> None:
    with (
        exclusive_lock(embedded.paths.journal / "lock") as is_alone,
        Librarian(embedded.settings()) as librarian,
    ):
        assert is_alone
        with pytest.raises(ArchiveInUse, match="another Librarian"):
            librarian.file((), Summary())


def test_it_takes_turns_with_another_librarian_and_loses_nothing(factory: Factory) -> None:
    photos = {f"{n % 2}/IMG_{n}.jpg": photo() for n in range(60)}
    for name, content in photos.items():
        factory.drop(name, content)
    summaries: list[Summary] = []
    threads = [
        threading.Thread(target=lambda: summaries.append(factory.ingest())) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(summary.filed for summary in summaries) == 60
    assert all(summary.all_went_well for summary in summaries)
    assert len(factory.assets()) == len(factory.archived()) == 60
    assert (factory.inbox(), factory.verify().all_is_well) == ([], True)


def test_it_finishes_what_is_in_hand_when_it_is_asked_to_stop(embedded: Factory) -> None:
    for number in range(200):
        embedded.drop(f"IMG_{number}.jpg")
    stop = threading.Event()

    def ended(_arrival: Arrival, _outcome: Outcome) -> None:
        stop.set()

    summary = embedded.ingest(stop=stop, observer=Observer(ended=ended))
    assert 0 < summary.filed < 200
    assert len(embedded.assets()) == summary.filed == len(embedded.archived())
    assert len(embedded.inbox()) == 200 - summary.filed
    assert embedded.verify().all_is_well


def test_it_comes_to_an_end_when_a_filed_photo_cannot_leave_the_inbox(
    embedded: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, *_: object) -> bool:
        raise PermissionError(13, "Permission denied", path)

    embedded.drop("IMG_1.jpg")
    monkeypatch.setattr(filing, "take_away", refuse)
    summary = embedded.ingest()
    assert (summary.filed, summary.duplicates) == (1, 0)
    assert embedded.arrival("IMG_1.jpg")["removed_at"] is None


def test_it_opens_no_file_twice_when_collections_overlap(embedded: Factory, tmp_path: Path) -> None:
    inner = tmp_path / "pictures" / "2020"
    inner.mkdir(parents=True)
    (inner / "a.jpg").write_bytes(photo())
    summary = embedded.ingest(tmp_path / "pictures", inner, inner / "a.jpg")
    assert (summary.seen, summary.filed) == (1, 1)
