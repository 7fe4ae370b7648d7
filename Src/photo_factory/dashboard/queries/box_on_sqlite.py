"""The SQL box on SQLite: a process for each question, that reads the ledger alone, and ends."""

from __future__ import annotations

import json
import marshal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO, Any, cast

from photo_factory.dashboard.queries.box_limits import (
    Limits,
    Refused,
    too_long,
    too_much_memory,
    too_wide,
)
from photo_factory.shared.errors import LedgerAway

_CHILD = "photo_factory.dashboard.queries.box_child"

_GRACE_S = 1.0
"""The process ends by itself when its time is over; so much later it is ended."""


def rows(path: str, statement: str, limits: Limits) -> Iterator[Sequence[Any]]:
    """Yield the names of the columns, then the rows; Refused, LedgerAway."""
    asked = json.dumps({"path": path, "statement": statement, "limits": asdict(limits)})
    is_begun = False
    with _answering(asked, limits) as answer:
        while isinstance(part := _next(answer, limits), list):
            if is_begun:
                yield from part
            else:
                yield part  # the names
                is_begun = True
        if part is not None:
            why, reason = part
            raise _told(why, reason, limits)


@contextmanager
def _answering(asked: str, limits: Limits) -> Iterator[IO[bytes]]:
    """What the process says; it is ended in any case."""
    process = subprocess.Popen(
        [sys.executable, "-m", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    late = threading.Timer(limits.seconds + _GRACE_S, process.kill)
    late.start()
    try:
        with process.stdin as question, process.stdout as answer:
            question.write(asked.encode())
            question.close()
            yield answer
    finally:
        late.cancel()
        process.kill()
        process.wait()


def _next(answer: IO[bytes], limits: Limits) -> Any:
    try:
        return marshal.load(cast(Any, answer))
    except (EOFError, ValueError, TypeError):  # it was ended, perhaps in the middle of a row
        raise too_long(limits) from None


def _told(why: str, reason: str, limits: Limits) -> Exception:
    if why == "away":
        return LedgerAway(f"the ledger cannot be read now: {reason}")
    if why == "denied":
        return Refused(
            f"only a SELECT is answered here, which reads and does nothing else: {reason}"
        )
    if why == "refused":
        return Refused(reason)
    return {"long": too_long, "wide": too_wide, "memory": too_much_memory}[why](limits)
