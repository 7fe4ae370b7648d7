"""The process that answers one question of the SQL box on SQLite, and may be killed at any time.

SQLite looks at the clock between the steps of its machine. Inside one function, such as `trim` of
a long text, there is no step: minutes can pass. So each question has a process of its own.

It reads a JSON object from its input (`path`, `statement` and the limits) and writes to its
output, each by `marshal`: the list of names, then lists of rows, and at the end None, or a pair of
a word of `Why` and the reason.
"""

from __future__ import annotations

import json
import marshal
import resource
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Literal
from urllib.parse import quote

from photo_factory.dashboard.queries.box_limits import Limits

Why = Literal["long", "wide", "memory", "away", "denied", "refused"]

_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_NOT_CALLED = {"load_extension", "fts3_tokenizer", "sqlite_log", "readfile", "writefile", "edit"}
_STATM = Path("/proc/self/statm")
_STEPS = 1000
"""Instructions of SQLite's machine between two looks at the clock."""
_AT_ONCE = 100
_BYTES_AT_ONCE = 1_000_000


def main() -> None:
    """Answer the question on the standard input."""
    asked = json.load(sys.stdin)
    limits = Limits(**asked["limits"])
    _enter(limits)
    out = sys.stdout.buffer
    try:
        _answer(asked["path"], asked["statement"], limits, out)
        end: tuple[Why, str] | None = None
    except sqlite3.Error as error:
        end = _why(error), str(error)
    except OverflowError as error:  # a statement longer than its limit
        end = "refused", str(error)
    except MemoryError:
        end = "memory", ""
    marshal.dump(end, out)
    out.flush()


def _enter(limits: Limits) -> None:
    """Bound what this process may use, whatever happens to who started it."""
    if (used := _used()) is not None:
        memory = used + limits.memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    seconds = int(limits.seconds) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _used() -> int | None:
    """The bytes of its address space; None where the system does not tell, as others than Linux."""
    try:
        return int(_STATM.read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return None


def _answer(path: str, statement: str, limits: Limits, out: BinaryIO) -> None:
    with closing(opened(path, limits)) as connection:
        cursor = connection.execute(statement)
        marshal.dump([column[0] for column in cursor.description or ()], out)
        for some in _batches(cursor):
            marshal.dump(some, out)
            out.flush()


def _batches(cursor: sqlite3.Cursor) -> Iterator[list[Sequence[Any]]]:
    """Rows together, few enough that they are small."""
    some: list[Sequence[Any]] = []
    size = 0
    for row in cursor:
        some.append(row)
        size += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
        if len(some) == _AT_ONCE or size > _BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    yield some


def opened(path: str, limits: Limits) -> sqlite3.Connection:
    """A connection that can read this ledger, and do nothing else."""
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None, timeout=5
    )
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.row_bytes)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    # Matching takes the text's length times the pattern's, and no clock is read meanwhile.
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200)
    # Of SQLite's own memory; that of the whole process is bounded on Linux alone.
    connection.execute(f"PRAGMA hard_heap_limit = {limits.memory_bytes}")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")  # which is bounded, and no disk is filled
    connection.set_authorizer(_may)
    ends = time.monotonic() + limits.seconds
    connection.set_progress_handler(lambda: int(time.monotonic() > ends), _STEPS)
    return connection


def _may(action: int, _first: str | None, second: str | None, *_rest: str | None) -> int:
    is_called = action == sqlite3.SQLITE_FUNCTION
    if action not in _READING or (is_called and (second or "").lower() in _NOT_CALLED):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


_WHY: dict[int, Why] = {
    sqlite3.SQLITE_INTERRUPT: "long",
    sqlite3.SQLITE_TOOBIG: "wide",
    sqlite3.SQLITE_NOMEM: "memory",
    sqlite3.SQLITE_BUSY: "away",
    sqlite3.SQLITE_CANTOPEN: "away",
    sqlite3.SQLITE_IOERR: "away",
    sqlite3.SQLITE_AUTH: "denied",
    sqlite3.SQLITE_READONLY: "denied",
}


def _why(error: sqlite3.Error) -> Why:
    return _WHY.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "refused")


if __name__ == "__main__":
    main()
