"""Compares what the factory finds in real files with what an independent reader found in them.

`python -m tests.corpus.corpus [SAMPLES]`: per file expected against got, then the shares right.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from photo_factory.shared.files import sha256_of

PROJECT = Path(__file__).resolve().parents[2]
DEGREES = 1e-4
QUESTIONS = ("captured", "offset", "position")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one side says about a file; an empty field of the truth asserts nothing."""

    captured: str | None
    offset: str | None
    position: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Row:
    """One file: what is expected, what was got."""

    path: str
    expected: Answer
    got: Answer

    def right(self, question: str) -> bool | None:
        """Whether the answer is right; None where nothing is asserted."""
        expected, got = getattr(self.expected, question), getattr(self.got, question)
        if expected is None:
            return None
        if question != "position":
            return bool(expected == got)
        return got is not None and all(
            abs(one - other) <= DEGREES for one, other in zip(expected, got, strict=True)
        )


def samples_folder(arguments: Sequence[str] = ()) -> Path:
    """The folder named on the command line, else by the environment, else beside the project."""
    named = arguments[0] if arguments else os.environ.get("PHOTO_FACTORY_SAMPLES")
    return Path(named) if named else PROJECT.parent / "shared" / "samples"


def truth(samples: Path) -> Iterator[tuple[str, Answer]]:
    """Read truth.csv: path, and what the independent reader found."""
    with (samples / "truth.csv").open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            position = (float(line["lat"]), float(line["lon"])) if line["lat"] else None
            answer = Answer(line["captured_local"] or None, line["utc_offset"] or None, position)
            yield line["path"], answer


def measure(samples: Path) -> list[Row]:
    """File a copy of every sample in a temporary factory and read its ledger."""
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        home = Path(folder)
        shutil.copytree(samples, home / "Photos_Inbox" / "samples")
        file_all(home)
        answers = dict(ledger_answers(home))
        return [
            Row(path, expected, answers[sha256_of(samples / path)])
            for path, expected in truth(samples)
        ]


def file_all(home: Path) -> None:
    """Run the real command over the factory's inbox; a file that is not filed ends the program."""
    environment = {
        **os.environ,
        "PHOTO_FACTORY_ROOT": str(home),
        "STABILITY_DELAY": "0",
        "TIMEZONE": "Europe/Berlin",
    }
    subprocess.run(
        [sys.executable, "-m", "photo_factory", "ingest", "--json"],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def ledger_answers(home: Path) -> Iterator[tuple[str, Answer]]:
    """What the ledger says of every filed file, by its SHA-256."""
    with closing(sqlite3.connect(home / "Storage" / "ledger.sqlite3")) as ledger:
        columns = "file_hash, captured_at, captured_utc_offset, location"
        for file_hash, captured, offset, location in ledger.execute(
            f"SELECT {columns} FROM media_assets"
        ):
            place = json.loads(location) if location else None
            position = (place["lat"], place["lon"]) if place else None
            yield file_hash, Answer(captured[:19].replace(" ", "T"), offset, position)


def shares(rows: Sequence[Row]) -> dict[str, tuple[int, int]]:
    """Return how many answers are right, of how many asserted, for every question."""
    found = {}
    for question in QUESTIONS:
        judged = [row.right(question) for row in rows]
        found[question] = (judged.count(True), len(judged) - judged.count(None))
    return found


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Tell every asserted answer, then the shares."""
    marks = {True: "right", False: "WRONG"}
    for row in rows:
        for question in QUESTIONS:
            right = row.right(question)
            if right is not None:
                expected, got = getattr(row.expected, question), getattr(row.got, question)
                yield f"{marks[right]}  {row.path}  {question}: expected {expected}, got {got}"
    yield f"{len(rows)} files"
    for question, (right, asserted) in shares(rows).items():
        share = 100 * right / asserted if asserted else 100
        yield f"{question}: {right} of {asserted} right ({share:.1f} %)"


def main(arguments: Sequence[str]) -> int:
    """Print the comparison; 1 when something is wrong, 2 when there are no samples."""
    samples = samples_folder(arguments)
    if not (samples / "truth.csv").is_file():
        print(f"no samples: {samples}/truth.csv is missing", file=sys.stderr)  # noqa: T201
        return 2
    rows = measure(samples)
    print("\n".join(lines(rows)))  # noqa: T201
    return int(any(right < asserted for right, asserted in shares(rows).values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
