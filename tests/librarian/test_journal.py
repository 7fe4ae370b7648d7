"""The journal survives what interrupts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from photo_factory.shared import rows
from photo_factory.shared.journal import Entry, Journal
from tests.shared.ledger.rows import an_arrival, an_asset


@contextmanager
def journal_in(folder: Path) -> Iterator[Journal]:
    """The journal as the next Librarian opens it."""
    journal = Journal(folder)
    try:
        yield journal
    finally:
        journal.close()


def lines(folder: Path) -> Path:
    return folder / "filing.jsonl"


def test_it_gives_back_what_was_intended_and_what_was_placed(tmp_path: Path) -> None:
    first = Entry(an_asset(), an_arrival())
    second = Entry(an_asset(), moved_from="Storage/Originals/a.jpg")
    with journal_in(tmp_path) as journal:
        journal.intend([first, second])
        journal.placed([str(first.row["id"])])
    with journal_in(tmp_path) as journal:
        assert list(journal.entries()) == [(first, True), (second, False)]


def test_it_keeps_the_end_states_of_what_left_the_inbox(tmp_path: Path) -> None:
    arrival = an_arrival(state="duplicate")
    with journal_in(tmp_path) as journal:
        journal.note([arrival])
        assert (list(journal.noted()), list(journal.entries())) == ([arrival], [])


def test_it_is_empty_when_it_was_cleared(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        assert journal.is_empty
        journal.intend([Entry(an_asset())])
        assert not journal.is_empty
        journal.clear()
        assert journal.is_empty
    with journal_in(tmp_path) as journal:
        assert journal.is_empty


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_it_passes_over_a_torn_last_line(tmp_path: Path, cut: int) -> None:
    whole, torn = Entry(an_asset()), Entry(an_asset())
    with journal_in(tmp_path) as journal:
        journal.intend([whole, torn])
    lines(tmp_path).write_bytes(lines(tmp_path).read_bytes()[:-cut])
    with journal_in(tmp_path) as journal:
        found = [entry for entry, _ in journal.entries()]
    # Where only its line end is missing, the line itself is whole.
    assert found == ([whole, torn] if cut == 1 else [whole])


def test_it_loses_no_line_that_follows_a_torn_one(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        journal.intend([Entry(an_asset())])
    lines(tmp_path).write_bytes(lines(tmp_path).read_bytes()[:-20])
    late = Entry(an_asset())
    with journal_in(tmp_path) as journal:
        journal.intend([late])
        journal.placed([str(late.row["id"])])
        assert list(journal.entries()) == [(late, True)]


def test_it_keeps_times_and_identities_through_json() -> None:
    row = an_asset(ingested_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), location=None)
    assert rows.from_json(rows.to_json(row)) == row


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'{"a": 1}', b"null", b"\xff"])
def test_it_takes_nothing_else_for_a_row(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        rows.from_json(line)
