"""The promise, checked from outside: by reading every byte in inbox and archive, and the ledger.

`check_bytes_only` holds at any instant, also the moment after a crash. `check` holds once an
`ingest` ran to its end. Neither believes what the program says of itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import text

from photo_factory.librarian.verify import Verifier
from photo_factory.shared.ledger.database import connect
from tests.faults.factory import Factory

MANIFESTS = {"SHA256SUMS", "ledger.jsonl", ".photo-factory"}
Given = Mapping[str, bytes | int]
"""What was delivered: SHA-256 -> the bytes, or how many inputs held them."""


def check_bytes_only(factory: Factory, given: Given, *, damaged: Collection[str] = ()) -> None:
    """No input is lost, and what carries a final name is a whole input.

    `damaged` are hashes of what the test itself spoiled in the archive.
    """
    archived = contents(finals(factory))
    strangers = {p: one for p, one in archived.items() if one not in given and one not in damaged}
    _demand(not strangers, f"final names that hold no input's bytes: {_shown(strangers)}")
    found = set(archived.values()) | set(contents(inbox_files(factory)).values())
    lost = set(given) - found
    _demand(not lost, f"{len(lost)} inputs are neither in the inbox nor in the archive: {lost}")


def check_rows_only(factory: Factory, *, missing: Collection[str] = ()) -> None:
    """Every row's final path holds the row's bytes (`missing` may be away for the moment)."""
    for row in rows(factory, "media_assets"):
        path = factory.paths.on_disk(row["final_path"])
        if row["final_path"] not in missing:
            _demand(path.is_file(), f"the ledger names {path}, which is not there")
            _demand(hash_of(path) == row["file_hash"], f"{path} holds other bytes than its row")


def check(
    factory: Factory,
    given: Given,
    *,
    left: Collection[str] = (),
    keep: bool = False,
    quarantined: int = 0,
) -> None:
    """The whole promise after a run to the end.

    `left` are paths below the inbox that may still stand there; `keep`: all inputs do.
    """
    check_bytes_only(factory, given)
    _check_inbox(factory, given, left, keep)
    _check_ledger_and_disk(factory, given)
    _check_manifests(factory)
    _check_account(factory, given)
    journal = factory.paths.journal / "filing.jsonl"
    _demand(not journal.exists() or not journal.stat().st_size, "the journal is not empty")
    aside = list(_files(factory.paths.quarantine))
    _demand(len(aside) == quarantined, f"the quarantine holds {aside}")


def _check_inbox(factory: Factory, given: Given, left: Collection[str], keep: bool) -> None:
    standing = {str(path.relative_to(factory.inbox)): path for path in inbox_files(factory)}
    if keep:
        here = set(contents(standing.values()).values())
        _demand(set(given) <= here, "an input left the inbox in mode keep")
        return
    forgotten = set(standing) - set(left)
    _demand(not forgotten, f"still in the inbox: {sorted(forgotten)}; {factory.stderr[-2000:]}")


def _check_ledger_and_disk(factory: Factory, given: Given) -> None:
    assets = rows(factory, "media_assets")
    by_path = {row["final_path"]: row for row in assets}
    on_disk = {factory.paths.in_ledger(path): path for path in finals(factory)}
    _demand(len(by_path) == len(assets), "two rows share a final path")
    missing, unknown = set(by_path) - set(on_disk), set(on_disk) - set(by_path)
    _demand(not missing, f"rows without a file: {sorted(missing)}")
    _demand(not unknown, f"files without a row: {sorted(unknown)}")
    held = {final_path: hash_of(path) for final_path, path in on_disk.items()}
    count = Counter(held.values())
    twice = [final_path for final_path, one in held.items() if count[one] > 1]
    _demand(not twice, f"filed twice: {twice}")
    _demand(set(count) == set(given), f"not filed: {set(given) - set(count)}")
    for final_path, path in on_disk.items():
        row = by_path[final_path]
        _demand(held[final_path] == row["file_hash"], f"{path} holds other bytes than its row")
        _demand(path.stat().st_size == row["size_bytes"], f"{path} has another size than its row")
    partials = [path for path in _files(factory.paths.originals) if is_partial(path)]
    _demand(not partials, f"unfinished files are left: {partials}")
    findings = _verified(factory)
    _demand(findings["ok"], f"`verify` does not agree with this checker: {findings}")


def _verified(factory: Factory) -> dict[str, Any]:
    engine = connect(factory.database_url)
    try:
        return Verifier(factory.paths, engine, workers=1).run().as_json()
    finally:
        engine.dispose()


def _check_manifests(factory: Factory) -> None:
    ids = {
        row["final_path"]: str(row["id"]).replace("-", "") for row in rows(factory, "media_assets")
    }
    folders: dict[Path, list[str]] = {}
    for path in finals(factory):
        folders.setdefault(path.parent, []).append(path.name)
    for folder, names in folders.items():
        check_sums(folder, len(names))
        lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
        listed = sorted(Path(line["final_path"]).name for line in lines)
        _demand(listed == sorted(names), f"{folder}/ledger.jsonl lists {listed}, not {names}")
        for line in lines:
            own = line["id"].replace("-", "")
            _demand(own == ids[line["final_path"]], f"{line['final_path']} has another id there")
    for folder in {path.parent for path in _files(factory.paths.originals)}:
        if folder not in (*folders, factory.paths.originals):
            sums = (folder / "SHA256SUMS").read_text()
            _demand(not sums, f"{folder} is empty, and its SHA256SUMS says: {sums}")


def check_sums(folder: Path, expected: int) -> None:
    """Coreutils finds every line true, and there are as many as files."""
    ran = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    told = f"{folder}: {ran.stdout}{ran.stderr}"
    _demand(ran.returncode == 0, told)
    _demand(ran.stdout.count(": OK\n") == expected, f"not {expected} lines: {told}")


def _check_account(factory: Factory, given: Given) -> None:
    """Every input came to an end: one arrival filed it, the others are its duplicates."""
    states: dict[str, Counter[str]] = {}
    for row in rows(factory, "arrivals"):
        if row["state"] in ("filed", "duplicate"):
            states.setdefault(row["file_hash"], Counter())[row["state"]] += 1
            _demand(row["asset_id"] is not None, f"{row['path']} is {row['state']} as nothing")
    for file_hash, inputs in given.items():
        ends = states.get(file_hash, Counter())
        _demand(ends["filed"] == 1, f"{file_hash} was filed by {ends['filed']} arrivals")
        count = inputs if isinstance(inputs, int) else 1
        # At least: a name in the inbox that a crash changed half way ends once more.
        _demand(ends.total() >= count, f"{count} inputs of {file_hash}, {ends.total()} ends")


def rows(factory: Factory, table: str) -> list[dict[str, Any]]:
    """Every row of a table of the ledger, by plain SQL."""
    engine = connect(factory.database_url)
    try:
        with engine.connect() as connection:
            found = connection.execute(text(f"SELECT * FROM {table}"))
            return [dict(row._mapping) for row in found]
    finally:
        engine.dispose()


def finals(factory: Factory) -> list[Path]:
    """Everything in the archive that carries a final name."""
    found = _files(factory.paths.originals)
    return [path for path in found if path.name not in MANIFESTS and not is_partial(path)]


def is_partial(path: Path) -> bool:
    """Whether a name in the archive says of itself that it is unfinished."""
    return path.name.startswith(".") and path.name.endswith(".partial")


def inbox_files(factory: Factory) -> list[Path]:
    """Every file in the inbox, under whatever name."""
    return list(_files(factory.inbox))


def contents(paths: Collection[Path] | Iterator[Path]) -> dict[Path, str]:
    """The SHA-256 of each file that is there; a name may go while others are read."""
    found = {}
    for path in paths:
        try:
            found[path] = hash_of(path)
        except FileNotFoundError:
            continue
    return found


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for inner, _, names in os.walk(folder):
        for name in names:
            path = Path(inner, name)
            if not path.is_symlink() and path.is_file():
                yield path


def _shown(found: Mapping[Path, str]) -> list[str]:
    return [f"{path} ({path.stat().st_size} bytes)" for path in found]


def _demand(holds: bool, complaint: str) -> None:
    if not holds:
        raise AssertionError(complaint)
