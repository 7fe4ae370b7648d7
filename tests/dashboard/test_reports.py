"""The page of reports: every view as a table, charts, downloads, and the box for owners."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pandas as pd
import pytest
from psycopg2.extras import NumericRange
from sqlalchemy import Engine, inspect
from streamlit.dataframe_util import convert_pandas_df_to_arrow_bytes

from photo_factory.dashboard.queries import frames, reports
from tests.dashboard.conftest import OpenPage, text_of
from tests.dashboard.household import Household, household
from tests.dashboard.viewers import as_viewer
from tests.factory import Factory
from tests.parts import free_port

DOCS = Path(__file__).parents[2] / "docs" / "SQL_REPORTING.md"
VIEWS = [one.view for one in reports.reports()]


@pytest.fixture
def home(engine: Engine, ledger_url: str, tmp_path: Path) -> Iterator[Household]:
    """The household, on each kind of database."""
    factory = Factory(tmp_path / "both", ledger_url)
    yield household(factory)
    factory.close()


def test_every_view_is_a_report_and_can_be_downloaded(home: Household) -> None:
    engine = home.factory.engine
    assert sorted(VIEWS) == sorted(inspect(engine).get_view_names())
    for report in reports.reports():
        assert report.about and report.title
        table = reports.table(engine, report)
        assert frames.as_csv(table).decode().splitlines()[0] == ",".join(table.columns)
        again = pd.read_parquet(io.BytesIO(frames.as_parquet(table)))
        assert again.shape == table.shape
    for span in reports.SPANS:
        assert int(reports.over_time(engine, span)["images"].sum()) == 8


def test_the_questions_to_begin_with_are_those_of_the_docs(home: Household) -> None:
    documented = " ".join(DOCS.read_text().split())
    for question in reports.QUESTIONS.values():
        assert " ".join(question.split()) in documented
        reports.answer(home.factory.engine, re.sub(r"\nLIMIT \d+$", "", question))


def test_a_table_keeps_its_kinds_and_tells_same_names_apart() -> None:
    at = datetime(2024, 5, 1, tzinfo=UTC)
    one = [1, Decimal(2), Decimal("2.5"), at, UUID(int=1), b"\x01", {"a": 1}, None]
    table = frames.framed(["a", "a", "b", "c", "d", "e", "f", "g"], [one, one])
    assert list(table.columns) == ["a", "a_2", "b", "c", "d", "e", "f", "g"]
    assert table.iloc[0, :3].tolist() == [1, 2, 2.5]
    assert (table["e"][0], table["f"][0], table["d"][0]) == ("01", '{"a": 1}', str(UUID(int=1)))
    assert frames.as_parquet(table) and frames.as_csv(table)


def test_a_null_among_texts_is_no_text() -> None:
    table = frames.framed(["name", "n"], [["x", 1], [None, 2]])
    assert table["name"].isna().tolist() == [False, True]
    assert frames.as_csv(table) == b"name,n\nx,1\n,2\n"


def test_cells_of_several_kinds_can_be_downloaded_too() -> None:
    table = frames.framed(["x", "y"], [[1, "a"], ["b", 2.5], [None, None]])
    again = pd.read_parquet(io.BytesIO(frames.as_parquet(table)))
    assert again["x"].tolist()[:2] == ["1", "b"]


BEYOND = [
    (Decimal(10) ** 30, "1" + "0" * 30),
    (Decimal("-9223372036854775809.50"), "-9223372036854775809.5"),
    (Decimal("1" + "0" * 5000 + ".000"), "1" + "0" * 5000),
    (2**63, "9223372036854775808"),
    (NumericRange(1, 2), "[1, 2)"),
    (timedelta.max, "999999999 days, 23:59:59.999999"),
    ([memoryview(b"\x01"), Decimal(10) ** 30, None], f'["01", "1{"0" * 30}", null]'),
    ({"half": "\ud800", "at": date(2024, 5, 1)}, r'{"half": "\ud800", "at": "2024-05-01"}'),
]


@pytest.mark.parametrize(("cell", "text"), BEYOND)
def test_what_a_table_cannot_hold_is_a_text_in_it(cell: object, text: str) -> None:
    """And among numbers, too: the column is one of texts then."""
    table = frames.framed(["x", "y"], [[cell, cell], [None, Decimal("0.5")]])
    again = pd.read_parquet(io.BytesIO(frames.as_parquet(table)))
    for one in (table, again):
        assert (one["x"][0], one["x"].isna()[1]) == (text, True)
        assert one["y"].tolist() == [text, "0.5"]
    assert frames.as_csv(table)
    assert convert_pandas_df_to_arrow_bytes(table)


KEPT = [
    2**63 - 1,
    -(2**63),
    True,
    1.5,
    "x",
    date(9999, 12, 31),
    time(1, 2),
    datetime(1, 1, 1, tzinfo=UTC),
    timedelta(days=300_000),
]


@pytest.mark.parametrize("cell", KEPT)
def test_what_a_table_can_hold_stays_as_it_is(cell: object) -> None:
    table = frames.framed(["x"], [[cell]])
    again = pd.read_parquet(io.BytesIO(frames.as_parquet(table)))
    assert table["x"].tolist() == again["x"].tolist() == [cell]
    assert convert_pandas_df_to_arrow_bytes(table)


def test_no_spreadsheet_runs_what_a_stranger_named_a_file() -> None:
    table = frames.framed(["name", "n"], [["=HYPERLINK(1)", -1], ["+1", 2], ["a", 3]])
    assert frames.as_csv(table).decode().splitlines() == [
        "name,n", "'=HYPERLINK(1),-1", "'+1,2", "a,3",
    ]  # fmt: skip


def test_before_the_first_photo_it_says_so(open_page: OpenPage, factory: Factory) -> None:
    assert factory.engine
    page = open_page("reports")
    assert [one.value for one in page.info] == ["There is nothing to report yet."]


def test_it_opens_with_photos_over_time(open_page: OpenPage, factory: Factory) -> None:
    household(factory)
    page = open_page("reports")
    assert page.dataframe[0].value["images"].sum() == 8
    assert len(page.get("plotly_chart")) == 1
    assert len(page.get("download_button")) == 2


def test_every_report_draws_itself(open_page: OpenPage, factory: Factory) -> None:
    household(factory)
    page = open_page("reports")
    for view in VIEWS:
        page.session_state["report"] = view
        page = page.run()
        assert not page.exception, view
        assert page.dataframe or page.info, view
    for span in reports.SPANS:
        page.session_state["report"] = "v_photos_per_day"
        page.session_state["report_span"] = span
        page = page.run()
        assert not page.exception and len(page.get("plotly_chart")) == 1


def test_the_box_answers_and_refuses(open_page: OpenPage, factory: Factory) -> None:
    household(factory)
    page = open_page("reports")
    page.session_state["report"] = "sql"
    page = page.run()
    page.text_area[0].set_value("SELECT COUNT(*) AS n FROM media_assets")
    page = page.button[0].click().run()
    assert page.dataframe[0].value["n"].tolist() == [8]
    page.text_area[0].set_value("DELETE FROM media_assets")
    page = page.button[0].click().run()
    assert "Not answered: only a SELECT" in text_of(page) and not page.exception
    page.selectbox(key="sql_box_example").select(next(iter(reports.QUESTIONS))).run()
    page = page.button[0].click().run()
    assert page.dataframe[0].value["images"].sum() == 8


def test_a_viewer_has_the_reports_and_not_the_box(
    open_page: OpenPage, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    household(factory)
    as_viewer(monkeypatch)
    page = open_page("reports")
    assert page.dataframe
    page.session_state["report"] = "sql"
    page = page.run()
    assert "for owners" in text_of(page)
    assert not page.text_area and not page.button


def test_a_ledger_that_is_away_is_told(open_page: OpenPage) -> None:
    page = open_page("reports", DATABASE_URL=f"postgresql://x@127.0.0.1:{free_port()}/photos")
    assert not page.exception
    assert "The report cannot be shown since" in text_of(page)
