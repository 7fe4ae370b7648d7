"""What each day folder says of itself: SHA256SUMS for coreutils, ledger.jsonl for a rebuild."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from photo_factory.shared import rows
from photo_factory.shared.files import fsync_file, fsync_folder, naming, replace_durably
from photo_factory.shared.rows import Row

SUMS = "SHA256SUMS"
LEDGER = "ledger.jsonl"
FILES = frozenset({SUMS, LEDGER})

_AFTER_HASH = 64
"""Characters of a line before what tells its name; in a line that starts with \\ one more."""


def sums_line(file_hash: str, name: str) -> str:
    """One line as `sha256sum` writes it: odd names are escaped and the line starts with \\."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return f"{mark}{file_hash}  {escaped}\n"


def add(folder: Path, added: Iterable[Row]) -> None:
    """Append rows; not durable before `make_durable`, so the journal keeps them until then."""
    added = list(added)
    sums = "".join(sums_line(row["file_hash"], Path(row["final_path"]).name) for row in added)
    lines = "".join(rows.to_json(row) + "\n" for row in added)
    for name, text in ((SUMS, sums), (LEDGER, lines)):
        with naming(folder / name), (folder / name).open("ab") as file:
            file.write(text.encode())


def make_durable(folder: Path) -> None:
    """Fsync a folder's two files, unless the folder is gone because it was empty."""
    for name in sorted(FILES):
        with suppress(FileNotFoundError):
            fsync_file(folder / name)


def read(folder: Path) -> Iterator[Row]:
    """The rows of a day folder; lines torn by a power cut are passed over."""
    try:
        file = (folder / LEDGER).open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            try:
                yield rows.from_json(line)
            except ValueError:
                continue


def listed(folder: Path) -> dict[bytes, bytes]:
    """The lines of SHA256SUMS by what follows their hash; of two for one name the elder."""
    try:
        lines = (folder / SUMS).read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    return {line[_AFTER_HASH:]: line for line in reversed(lines[:-1])}


def is_anothers(lines: Mapping[bytes, bytes], name: str, file_hash: str) -> bool:
    """Whether a day folder's `listed` lines give a name to other bytes than these."""
    own = sums_line(file_hash, name)[:-1].encode("utf-8", "surrogateescape")
    return lines.get(own[_AFTER_HASH:], own) != own


def knows(folder: Path, row: Row) -> bool:
    """Whether both files speak of this file with these bytes."""
    if sums_line(row["file_hash"], Path(row["final_path"]).name) not in _sums(folder):
        return False
    said = ((one["final_path"], one["file_hash"]) for one in read(folder))
    return (row["final_path"], row["file_hash"]) in said


def amend(folder: Path, *, present: Iterable[Row] = (), absent: Collection[str] = ()) -> None:
    """Rewrite both files whole and durably: with these rows, without these final paths."""
    kept = {row["final_path"]: row for row in read(folder)}
    kept.update({row["final_path"]: row for row in present})
    for final_path in absent:
        kept.pop(final_path, None)
    sums = [sums_line(r["file_hash"], Path(r["final_path"]).name) for r in kept.values()]
    gone = [sums_line("", Path(final_path).name) for final_path in absent]
    named = {_name(line) for line in (*sums, *gone)}
    # What only SHA256SUMS knows stays: the other file may have been torn or lost.
    unsaid = [line for line in _sums(folder) if _name(line) not in named]
    replace_durably(folder / SUMS, "".join(unsaid + sums).encode("utf-8", "surrogateescape"))
    replace_durably(
        folder / LEDGER, "".join(rows.to_json(r) + "\n" for r in kept.values()).encode()
    )


def remove_if_empty(folder: Path) -> None:
    """Remove a day folder whose last file left: an empty list fails `sha256sum -c`."""
    files = [folder / name for name in sorted(FILES)]
    if any(file.stat().st_size for file in files):
        return
    for file in files:
        file.unlink()
    with suppress(OSError):  # somebody keeps other things there
        folder.rmdir()
    fsync_folder(folder.parent)


def _sums(folder: Path) -> list[str]:
    """The whole lines of SHA256SUMS."""
    try:
        text = (folder / SUMS).read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return []
    lines = text.split("\n")[:-1]  # names may hold what else ends a line in Unicode
    return [f"{line}\n" for line in lines if len(line.partition("  ")[0]) >= 64]


def _name(line: str) -> str:
    return line.partition("  ")[2]
