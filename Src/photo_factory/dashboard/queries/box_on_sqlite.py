"""The SQL box on SQLite: a process for each question, that reads the ledger alone, and ends."""

from __future__ import annotations

import json
import logging
import marshal
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import IO, Any, cast

from photo_factory.dashboard.queries.box_limits import (
    Limits,
    Refused,
    too_long,
    too_much_memory,
    too_wide,
)
from photo_factory.shared.errors import LedgerAway

log = logging.getLogger(__name__)

_COMMAND = (sys.executable, "-m", "photo_factory.dashboard.queries.box_child")

_GRACE_S = 1.0
"""The process ends by itself when its time is over; so much later it is ended."""
_SAID = 4000
"""Characters of its last words that are logged."""


@dataclass(frozen=True)
class _Child:
    """The process that answers, when its time is over, and what it says went wrong."""

    process: subprocess.Popen[bytes]
    ends: float
    said: IO[bytes]


def rows(path: str, statement: str, limits: Limits) -> Iterator[Sequence[Any]]:
    """Yield the names of the columns, then the rows; Refused, LedgerAway."""
    asked = json.dumps({"path": path, "statement": statement, "limits": asdict(limits)})
    is_begun = False
    with _answering(asked, limits) as child:
        while isinstance(part := _next(child, limits), list):
            if is_begun:
                yield from part
            else:
                yield part  # the names
                is_begun = True
        if part is not None:
            why, reason = part
            raise _told(why, reason, limits)


@contextmanager
def _answering(asked: str, limits: Limits) -> Iterator[_Child]:
    """The process, which was asked; it is ended in any case."""
    with tempfile.TemporaryFile() as said:
        ends = time.monotonic() + limits.seconds
        process = subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
        )
        late = threading.Timer(limits.seconds + _GRACE_S, process.kill)
        late.start()
        try:
            _ask(process, asked)
            yield _Child(process, ends, said)
        finally:
            late.cancel()
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _ask(process: subprocess.Popen[bytes], asked: str) -> None:
    assert process.stdin is not None
    # Whoever ended before they were asked do not answer either: that is told then.
    with suppress(BrokenPipeError), process.stdin as question:
        question.write(asked.encode())


def _next(child: _Child, limits: Limits) -> Any:
    try:
        return marshal.load(cast(Any, child.process.stdout))
    except (EOFError, ValueError, TypeError):  # it was ended, perhaps in the middle of a row
        raise _ended(child, limits) from None


def _ended(child: _Child, limits: Limits) -> Refused:
    """Why there is no more of an answer; what the process said about it goes to the log."""
    code = child.process.wait()
    if time.monotonic() >= child.ends:
        return too_long(limits)
    how = f"signal {-code}, {signal.strsignal(-code)}" if code < 0 else f"exit code {code}"
    child.said.seek(0)
    said = child.said.read().decode(errors="replace")[-_SAID:].strip()
    log.error("the process of a question to the SQL box ended (%s): %s", how, said or "no word")
    return Refused(
        f"the process that answers it ended before it was done ({how}): "
        "ask again, and see the dashboard's log if it ends again"
    )


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
