"""Names that are taken, and bytes that are there already."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photo_factory.librarian import collision_handler
from photo_factory.librarian.collision_handler import archive_name, free_path, names
from photo_factory.shared.files import set_aside


def first(name: str, count: int = 3) -> list[str]:
    return list(itertools.islice(names(name), count))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG.jpg", ["IMG.jpg", "IMG_1.jpg", "IMG_2.jpg"]),
        ("a.b.jpg", ["a.b.jpg", "a.b_1.jpg", "a.b_2.jpg"]),
        ("plain", ["plain", "plain_1", "plain_2"]),
        (".jpg", [".jpg", ".jpg_1", ".jpg_2"]),
    ],
)
def test_it_counts_before_the_extension(name: str, expected: list[str]) -> None:
    assert first(name) == expected


@settings(deadline=None)  # the machine may be busy
@given(st.text(min_size=1).filter(lambda name: "/" not in name and "\0" not in name))
def test_it_makes_names_every_file_system_takes(name: str) -> None:
    made = first(archive_name(name))
    assert len(set(made)) == 3
    assert all(0 < len(one.encode()) <= 255 for one in made)


@pytest.mark.parametrize("name", ["SHA256SUMS", "ledger.jsonl", ".x.partial", "a\nb", "a\udcffb"])
def test_it_keeps_the_folders_own_names_and_control_characters_out(name: str) -> None:
    assert archive_name(name) != name


def test_it_takes_the_first_free_name(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "a_1.jpg").symlink_to("nowhere")
    found = free_path(tmp_path, "a.jpg", {tmp_path / "a_2.jpg"}, lambda _path: False)
    assert found == (tmp_path / "a_3.jpg", False)


def test_it_adopts_a_name_that_holds_the_very_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert free_path(tmp_path, "a.jpg", (), lambda _path: True) == (tmp_path / "a.jpg", True)


def test_it_sets_damaged_copies_aside_and_deletes_none(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        (tmp_path / "a.jpg").write_bytes(content)
        assert set_aside(tmp_path / "a.jpg", tmp_path / "Quarantine")
    assert set_aside(tmp_path / "a.jpg", tmp_path / "Quarantine") is None
    kept = {(tmp_path / "Quarantine" / n).read_bytes() for n in os.listdir(tmp_path / "Quarantine")}
    assert kept == {b"one", b"two"}


def test_it_holds_only_what_has_the_hash(tmp_path: Path) -> None:
    assert not collision_handler.holds(tmp_path / "missing", "0" * 64)
    (tmp_path / "a").write_bytes(b"x")
    assert not collision_handler.holds(tmp_path / "a", "0" * 64)
