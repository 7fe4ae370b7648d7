"""The real files, where they are there."""

from __future__ import annotations

import pytest

from tests.corpus import corpus

SAMPLES = corpus.samples_folder()


def test_it_finds_every_asserted_date_offset_and_position() -> None:
    if not (SAMPLES / "truth.csv").is_file():
        pytest.skip(f"no samples: {SAMPLES}/truth.csv is missing (see PHOTO_FACTORY_SAMPLES)")
    rows = corpus.measure(SAMPLES)
    wrong = [line for line in corpus.lines(rows) if line.startswith("WRONG")]
    assert not wrong, "\n".join(wrong)
    assert all(asserted for _, asserted in corpus.shares(rows).values())


def test_it_asserts_nothing_where_the_truth_is_silent() -> None:
    silent = corpus.Answer(None, None, None)
    row = corpus.Row("a.jpg", silent, corpus.Answer("2023-12-25T12:34:56", "+01:00", (1.0, 2.0)))
    assert [row.right(question) for question in corpus.QUESTIONS] == [None, None, None]


def test_it_calls_an_answer_wrong_when_it_differs() -> None:
    expected = corpus.Answer("2023-12-25T12:34:56", "+01:00", (1.0, 2.0))
    got = corpus.Answer("2023-12-25T12:34:57", None, (1.0, 2.001))
    row = corpus.Row("a.jpg", expected, got)
    assert [row.right(question) for question in corpus.QUESTIONS] == [False, False, False]
    assert corpus.shares([row])["position"] == (0, 1)
