"""Bytes on disk: hashed whole, made durable, held still while they are read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from photo_factory.shared import files
from photo_factory.shared.files import Stillness


@pytest.mark.parametrize("size", [0, 1, files.READ_SIZE - 1, files.READ_SIZE, 3 * files.READ_SIZE])
def test_it_hashes_every_byte(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    path = tmp_path / "a"
    path.write_bytes(content)
    expected = hashlib.sha256(content).hexdigest()
    assert files.sha256_of(path) == files.sha256_from_disk(path) == expected


def test_it_tells_how_much_it_has_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(3 * files.READ_SIZE + 5))
    told: list[int] = []
    descriptor = files.open_regular(path)
    files.sha256_of_descriptor(descriptor, told.append)
    os.close(descriptor)
    assert sum(told) == path.stat().st_size


def test_it_opens_nothing_but_plain_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    for name in ("pipe", "link", "."):
        with pytest.raises(OSError, match=r"not a regular file|symbolic links|directory"):
            files.open_regular(tmp_path / name)


def test_it_makes_folders_and_leaves_those_that_are_there(tmp_path: Path) -> None:
    for _ in range(2):
        files.make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a/b/c").is_dir()


def test_it_replaces_a_file_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for content in (b"one", b"two"):
        files.replace_durably(path, content)
        assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["a"]


def test_it_knows_whether_somebody_writes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    descriptor = files.open_regular(path)
    with path.open("ab"):
        assert files.hold_still(descriptor) is Stillness.WRITTEN
    assert files.hold_still(descriptor) is Stillness.LEASED
    assert files.lease_holds(descriptor)
    with pytest.raises(BlockingIOError):  # a writer waits, and the lease says so
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    assert not files.lease_holds(descriptor)
    os.close(descriptor)


def test_it_locks_one_out_and_lets_the_next_one_in(tmp_path: Path) -> None:
    lock = tmp_path / "folder" / "lock"
    with files.exclusive_lock(lock) as first:
        with files.exclusive_lock(lock) as second:
            assert (first, second) == (True, False)
        assert lock.read_text() == str(os.getpid())
    with files.exclusive_lock(lock) as third:
        assert third
