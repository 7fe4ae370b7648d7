"""What a day folder says of itself: to coreutils, and to a rebuild."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from photo_factory.shared import manifest
from tests.factory import Factory, photo
from tests.shared.ledger.rows import an_asset

ODD_NAMES = [
    "a b.jpg",
    "back\\slash.jpg",
    "Käse.jpg",
    "日本.jpg",
    "line\u2028sep.jpg",
    "-x.jpg",
    " ",
]


def filed(folder: Path, name: str) -> dict[str, Any]:
    """A file in a day folder, and its row."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(name)
    found = hashlib.sha256(name.encode()).hexdigest()
    return an_asset(file_hash=found, final_path=f"Storage/Originals/2024/{folder.name}/{name}")


def test_it_writes_sums_that_coreutils_confirm(embedded: Factory) -> None:
    folder = embedded.paths.originals / "2024-05-01"
    folder.mkdir(parents=True)
    manifest.add(folder, [filed(folder, name) for name in ODD_NAMES])
    assert embedded.sums_hold()


def test_it_reads_back_what_it_wrote(tmp_path: Path) -> None:
    rows = [filed(tmp_path / "day", name) for name in ODD_NAMES]
    manifest.add(tmp_path / "day", rows)
    assert list(manifest.read(tmp_path / "day")) == rows
    assert list(manifest.read(tmp_path)) == []


def test_it_passes_over_a_torn_last_line(tmp_path: Path) -> None:
    rows = [filed(tmp_path, "a.jpg"), filed(tmp_path, "b.jpg")]
    manifest.add(tmp_path, rows)
    ledger = tmp_path / manifest.LEDGER
    ledger.write_bytes(ledger.read_bytes()[:-20])
    assert list(manifest.read(tmp_path)) == rows[:1]


@pytest.mark.parametrize("loss", ["torn", "gone"])
def test_it_keeps_the_sums_of_what_the_other_file_lost(embedded: Factory, loss: str) -> None:
    folder = embedded.paths.originals / "2024-05-01"
    folder.mkdir(parents=True)
    manifest.add(folder, [filed(folder, name) for name in ODD_NAMES])
    ledger = folder / manifest.LEDGER
    if loss == "torn":
        ledger.write_bytes(ledger.read_bytes()[:-20])
    else:
        ledger.unlink()
    manifest.amend(folder, present=[filed(folder, "new.jpg")])
    assert embedded.sums_hold()
    assert len((folder / manifest.SUMS).read_bytes().split(b"\n")) == len(ODD_NAMES) + 2


def test_it_forgets_what_left_the_folder(tmp_path: Path) -> None:
    rows = [filed(tmp_path, "a.jpg"), filed(tmp_path, "b.jpg")]
    manifest.add(tmp_path, rows)
    manifest.amend(tmp_path, absent=[rows[0]["final_path"]])
    assert list(manifest.read(tmp_path)) == rows[1:]
    assert "a.jpg" not in (tmp_path / manifest.SUMS).read_text()


def test_it_names_a_file_once_however_often_it_is_amended(tmp_path: Path) -> None:
    row = filed(tmp_path, "a.jpg")
    for _ in range(3):
        manifest.amend(tmp_path, present=[row])
    assert len((tmp_path / manifest.SUMS).read_text().splitlines()) == 1


def test_it_describes_every_file_of_a_factory(embedded: Factory) -> None:
    for number in range(3):
        embedded.drop(f"{number}/IMG_1.jpg", photo())
    embedded.ingest()
    assert embedded.sums_hold()
    said = [row for path in embedded.paths.originals.rglob("2023-*") for row in manifest.read(path)]
    assert len(said) == 3
