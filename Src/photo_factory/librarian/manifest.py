"""What each day folder says of itself: SHA256SUMS for coreutils, ledger.jsonl for a rebuild."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from photo_factory.librarian import rows
from photo_factory.librarian.rows import Row
from photo_factory.shared.files import fsync_file, naming, replace_durably

SUMS = "SHA256SUMS"
LEDGER = "ledger.jsonl"
FILES = frozenset({SUMS, LEDGER})


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
    """Fsync a folder's two files."""
    for name in sorted(FILES):
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


def amend(folder: Path, *, present: Iterable[Row] = (), absent: Collection[str] = ()) -> None:
    """Rewrite both files whole and durably: with these rows, without these final paths."""
    kept = {row["final_path"]: row for row in read(folder)}
    kept.update({row["final_path"]: row for row in present})
    for final_path in absent:
        kept.pop(final_path, None)
    sums = "".join(sums_line(r["file_hash"], Path(r["final_path"]).name) for r in kept.values())
    replace_durably(folder / SUMS, sums.encode())
    replace_durably(
        folder / LEDGER, "".join(rows.to_json(r) + "\n" for r in kept.values()).encode()
    )
