"""Database URLs: which are understood, and that their passwords are never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photo_factory.shared.errors import SettingsError
from photo_factory.shared.ledger import database


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://u:secret@h/d", "sqlite://", "sqlite:///:memory:", "x://secret"]
)
def test_it_refuses_a_url_it_cannot_use(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        database.connect(url)
    assert "secret" not in str(raised.value)


@given(st.text(st.characters(codec="ascii", exclude_characters="@/ "), min_size=8))
def test_it_shows_no_password(password: str) -> None:
    shown = database.redacted(f"postgresql://photo:{password}@host:5432/name")
    assert shown == "postgresql://photo:***@host:5432/name"


def test_it_shows_no_password_from_a_query_either() -> None:
    shown = database.redacted("postgresql:///name?host=db&password=secret&sslmode=require")
    assert shown == "postgresql:///name?host=db&password=***&sslmode=require"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_it_knows_postgresql_by_all_its_names(scheme: str) -> None:
    engine = database.connect(f"{scheme}://photo@127.0.0.1/ledger")
    assert (engine.dialect.name, engine.dialect.driver) == ("postgresql", "psycopg2")
