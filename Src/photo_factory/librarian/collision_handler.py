"""Names that are taken, and bytes that are there already."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Iterator
from pathlib import Path

from photo_factory.shared import manifest
from photo_factory.shared.files import LONGEST_NAME, sha256_from_disk
from photo_factory.shared.roots import MARKER

_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff/]")


def archive_name(name: str) -> str:
    """The name a file gets in the archive: its own, without what terminals and shares choke on.

    Control characters and bytes that are no UTF-8 become `_`. Names the day folder keeps for
    itself get one in front, and so does `-`, which `sha256sum -c` would read from its input.
    """
    fit = _UNFIT.sub("_", name)
    is_taken = fit in (*manifest.FILES, MARKER, "-") or fit.endswith(".partial")
    return f"_{fit}" if is_taken else fit


def names(name: str) -> Iterator[str]:
    """The name, then the name with _1, _2 … before its extension, each short enough."""
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    tail = dot + extension
    if len(tail.encode()) > 32:  # a dot in a sentence, not an extension
        stem, tail = name, ""
    number = 0
    while True:
        suffix = (f"_{number}" if number else "") + tail
        yield _shortened(stem, LONGEST_NAME - len(suffix.encode())) + suffix
        number += 1


def _shortened(stem: str, most: int) -> str:
    return stem.encode()[:most].decode("utf-8", "ignore")


def free_path(
    folder: Path, name: str, taken: Container[Path], is_ours: Callable[[Path], bool]
) -> tuple[Path, bool]:
    """The first path that is free, or that already holds these very bytes (then True)."""
    for candidate in names(archive_name(name)):
        path = folder / candidate
        if path in taken:
            continue
        if not os.path.lexists(path):
            return path, False
        if is_ours(path):
            return path, True
    raise AssertionError("names() never ends")


def holds(path: Path, file_hash: str, *, read: Callable[[Path], str] = sha256_from_disk) -> bool:
    """Whether a copy is there and its bytes, by default read from the disk, have this hash."""
    try:
        return read(path) == file_hash
    except FileNotFoundError:
        return False
