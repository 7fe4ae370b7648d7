"""A duplicate arrives: it goes only for a copy that is proven whole, else it becomes that copy."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from photo_factory.librarian import recorder
from tests.faults.workshop import Workshop, photo


def _kept(shop: Workshop) -> Path:
    shop.put("phone/IMG_1.jpg", photo(1))
    shop.run()
    return shop.paths.on_disk(shop.assets()[0]["final_path"])


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _swap_for_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def test_it_lets_a_duplicate_go_for_a_whole_copy(both: Workshop) -> None:
    kept = _kept(both)
    asset = both.assets()
    inode = kept.stat().st_ino
    both.put("tablet/copy.jpg", photo(1))
    both.put("tablet/copy 2.jpg", photo(1))
    assert both.run().duplicates == 2
    both.check(photo(1))
    assert (both.left(), both.assets(), kept.stat().st_ino) == ([], asset, inode)


@pytest.mark.parametrize("harm", [_cut, _flip, os.remove], ids=["cut", "flipped", "missing"])
def test_it_repairs_the_kept_copy(both: Workshop, harm: Callable[[Path], None]) -> None:
    kept = _kept(both)
    harm(kept)
    harmed = kept.read_bytes() if kept.exists() else None
    both.put("tablet/copy.jpg", photo(1))
    both.put("tablet/copy 2.jpg", photo(1))
    assert both.run().duplicates == 2
    both.check(photo(1))
    assert both.left() == []
    aside = [path.read_bytes() for path in both.paths.quarantine.glob("*")]
    assert aside == ([harmed] if harmed else [])
    reasons = [row["reason"] for row in both.arrivals() if row["state"] == "duplicate"]
    assert sum("repaired" in (reason or "") for reason in reasons) == 1


def test_it_repairs_a_lost_day_folder(both: Workshop) -> None:
    kept = _kept(both)
    for path in kept.parent.iterdir():
        path.unlink()
    kept.parent.rmdir()
    both.put("tablet/copy.jpg", photo(1))
    assert both.run().duplicates == 1
    both.check(photo(1))


def test_it_does_not_believe_a_link_in_the_archive(workshop: Workshop) -> None:
    kept = _kept(workshop)
    _swap_for_link(kept)
    workshop.put("tablet/copy.jpg", photo(1))
    workshop.run()
    assert workshop.left() == [] or workshop.inbox.joinpath("tablet/copy.jpg").exists()
    everything = [p.read_bytes() for p in workshop.inbox.rglob("*.jpg")]
    everything += [p.read_bytes() for p in workshop.archived()]
    assert photo(1) in everything


def test_it_keeps_a_duplicate_whose_copy_cannot_be_read(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = _kept(workshop)
    pread = os.pread

    def failing(descriptor: int, *where: int) -> bytes:
        if os.path.samestat(os.fstat(descriptor), kept.stat()):
            raise OSError(5, "Input/output error")
        return pread(descriptor, *where)

    monkeypatch.setattr(os, "pread", failing)
    workshop.put("tablet/copy.jpg", photo(1))
    summary = workshop.run()
    assert (summary.held, workshop.left()) == (1, ["copy.jpg"])
    assert f"{kept}: input/output error" in workshop.reasons()
    monkeypatch.undo()
    assert Workshop(workshop.inbox.parent, workshop.url).run().duplicates == 1
    workshop.check(photo(1))


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_it_repairs_once_for_twins_that_arrive_together(workshop: Workshop, harm: str) -> None:
    kept = _kept(workshop)
    kept.unlink()
    if harm == "damaged":
        kept.write_bytes(b"rotten")
    for number in range(6):
        workshop.put(f"tablet/copy {number}.jpg", photo(1))
    summary = workshop.run()
    assert (summary.duplicates, summary.held, workshop.left()) == (6, 0, [])
    workshop.check(photo(1))


def test_it_leaves_no_archive_name_on_a_file_that_is_held(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.put("phone/a.jpg", photo(1))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorder, "tell_groups", refuse)  # once it is placed, before its row
    assert workshop.run().held == 1
    assert list(workshop.paths.originals.rglob("*.jpg")) == []
    monkeypatch.undo()
    (workshop.inbox / "phone" / "a.jpg").write_bytes(photo(2))
    assert Workshop(workshop.inbox.parent, workshop.url).run().filed == 1
    workshop.check(photo(2))
