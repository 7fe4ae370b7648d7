"""Migrates the ledger at argv[1], killed at its commit and before every fifth of its statements.

Each time the ledger must be as it was. Ends when a migration gets through; prints how many
statements it let happen.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys

import alembic.command
import alembic.config  # noqa: F401 -- loaded once, and not by each of the many that die
from sqlalchemy import event

from photo_factory.shared.ledger import database
from tests.upgrade import ledgers

COMMIT = 0
EVERY = 5


def main(url: str) -> int:
    """How many statements the last one that was killed had done."""
    before = ledgers.content(url)
    for number in (COMMIT, *range(1, 10_000, EVERY)):
        child = os.fork()
        if not child:
            _migrate(url, number)
        _, ended = os.waitpid(child, 0)
        if os.WIFEXITED(ended):
            assert os.WEXITSTATUS(ended) == 0
            return number - EVERY - 1
        assert os.WTERMSIG(ended) == signal.SIGKILL
        assert ledgers.content(url) == before, f"killed before statement {number}"
    raise AssertionError("it never ends")


def _migrate(url: str, number: int) -> None:
    statements = itertools.count(1)

    def die(*_about: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def count(*_about: object) -> None:
        if next(statements) == number:
            die()

    engine = database.connect(url)
    if number == COMMIT:
        event.listen(engine, "commit", die)
    else:
        event.listen(
            engine,
            "before_cursor_execute",
            lambda *_: die() if next(statements) == number else None,
        )
    done = 1
    try:
        database.migrate(engine)
        done = 0
    finally:
        os._exit(done)


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1])}\n")
