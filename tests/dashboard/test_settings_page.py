"""The page of settings: what holds and where it came from, and no secret ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from photo_factory.dashboard.queries import settings
from photo_factory.shared import clock
from photo_factory.shared.ledger.database import connect
from photo_factory.shared.ledger.models import Action
from photo_factory.shared.paths import Paths
from tests.dashboard.conftest import OpenPage, text_of
from tests.dashboard.household import Household, household
from tests.dashboard.viewers import as_viewer
from tests.factory import Factory
from tests.parts import free_port

SECRET = "correct horse battery"


@pytest.fixture
def home(engine: Engine, ledger_url: str, tmp_path: Path) -> Iterator[Household]:
    """The household, on each kind of database."""
    factory = Factory(tmp_path / "both", ledger_url)
    yield household(factory, photos=4)
    factory.close()


def test_it_tells_what_the_doctor_found(home: Household) -> None:
    found = settings.doctor(home.factory.engine)
    assert found and [one.verdict for one in found.folders] == ["OK", "ERROR"]
    assert found.folders[1].advice == "set the phone's folder to Send Only"


def test_it_lists_the_last_actions_and_no_more_than_those(home: Household) -> None:
    row = {"who": "x", "role": "owner", "action": "retry", "subject": "s", "details": {}}
    at = clock.now()
    many = [{**row, "done_at": at - timedelta(minutes=number)} for number in range(1, 250)]
    home.put(Action, *many)
    found = settings.last_actions(home.factory.engine)
    assert len(found) == settings.LAST
    assert found[0].who == "marie@example.org"
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)


def test_it_names_versions(home: Household) -> None:
    told = settings.versions(home.factory.engine)
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[home.factory.engine.dialect.name]
    assert told["Ledger's shape, as it is"] == told["Ledger's shape, of this program"]
    assert told[kind][0].isdigit()


def test_places_hide_the_password_of_the_database(tmp_path: Path) -> None:
    engine = connect(f"postgresql://photo:{SECRET.replace(' ', '%20')}@db/photo")
    told = settings.places(Paths(tmp_path / "in", tmp_path / "out"), engine)
    assert "horse" not in str(told) and "photo" in told["Ledger"]


def table_of(page: object, column: str) -> object:
    found = [one.value for one in page.dataframe if column in one.value]  # type: ignore[attr-defined]
    return found[0] if found else None


def test_every_setting_has_its_value_and_source(open_page: OpenPage, factory: Factory) -> None:
    assert factory.engine
    page = open_page("settings", SCAN_INTERVAL="7")
    rows = {row["setting"]: row for row in table_of(page, "setting").to_dict("records")}  # type: ignore[attr-defined]
    assert (rows["SCAN_INTERVAL"]["value"], rows["SCAN_INTERVAL"]["from"]) == ("7.0", "environment")
    assert rows["POLL_INTERVAL"]["from"] == "default"
    assert "has not looked yet" in text_of(page) and "Nothing stands still." in text_of(page)
    page.text_input[0].set_value("scan").run()
    assert set(table_of(page, "setting")["setting"]) >= {"SCAN_INTERVAL"}  # type: ignore[index]
    assert len(table_of(page, "setting")) < 10  # type: ignore[arg-type]


def test_no_secret_is_shown(open_page: OpenPage, factory: Factory) -> None:
    assert factory.engine
    secrets = {
        "BACKUP_TARGETS": f"sftp://u:{SECRET}@nas/x",
        "SYNCTHING_API_KEY": SECRET,
        "READER_PASSWORD": SECRET,
        "ALERT_URLS": f"mailto://u:{SECRET}@example.org",
        "DASHBOARD_OIDC_SECRET": SECRET,
    }
    page = open_page("settings", **secrets)
    assert not page.exception
    shown = table_of(page, "setting").to_csv() + text_of(page)  # type: ignore[attr-defined]
    assert "horse" not in shown and "BACKUP_TARGETS,****" in shown


def test_it_shows_the_doctor_the_breakers_and_the_log(
    open_page: OpenPage, factory: Factory
) -> None:
    household(factory, photos=4)
    page = open_page("settings")
    assert not page.exception
    assert "set the phone's folder to Send Only" in text_of(page)
    assert "The inbox folder iphone" in text_of(page)
    assert "marie@example.org" in list(table_of(page, "who")["who"])  # type: ignore[index]
    assert [one.label for one in page.button] == ["The cause is gone: let it go on"]


def test_a_viewer_sees_it_and_resets_nothing(
    open_page: OpenPage, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    household(factory, photos=4)
    as_viewer(monkeypatch)
    page = open_page("settings")
    assert not page.button and "The inbox folder iphone" in text_of(page)


def test_the_configuration_is_shown_while_the_ledger_is_away(open_page: OpenPage) -> None:
    page = open_page("settings", DATABASE_URL=f"postgresql://x@127.0.0.1:{free_port()}/photos")
    assert not page.exception
    assert len(table_of(page, "setting")) > 50  # type: ignore[arg-type]
    assert "The log of actions cannot be shown since" in text_of(page)
