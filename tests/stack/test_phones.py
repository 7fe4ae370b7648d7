"""Two real Syncthings: a phone in a container of its own, and the stack's."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import settled
from tests.factory import photo
from tests.shared.media import made
from tests.stack.engine import USER, Engine, Stack, until
from tests.stack.test_dashboard import enter, open_page

KEY = "the-key-of-the-phone"
NAME = "photo-factory-test-phone"
PARIS = made.gps(48.8584, 2.2945)


class Syncthing:
    """The REST API of one."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/rest/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-API-Key": self.key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            told = answer.read()
        return json.loads(told) if told else None

    @property
    def id(self) -> str:
        return str(self.ask("GET", "system/status")["myID"])

    def folder(self, name: str) -> dict[str, Any]:
        """The one whose path ends so."""
        (found,) = [
            one for one in self.ask("GET", "config/folders") if Path(one["path"]).name == name
        ]
        return dict(found)


class Phone:
    """A Syncthing that has photos, in a container in the stack's network."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self.engine, self.home = engine, home
        home.mkdir()
        os.chown(home, USER, USER)
        engine.docker("rm", "--force", NAME, check=False)
        engine.docker(
            "run", "--detach", "--name", NAME, "--network", "photo-factory_default",
            "--env", f"PUID={USER}", "--env", f"PGID={USER}", "--env", f"STGUIAPIKEY={KEY}",
            "--env", "STNODEFAULTFOLDER=1", "--volume", f"{home}:/var/syncthing",
            "syncthing/syncthing:1",
        )  # fmt: skip
        networks = engine.inspect(NAME)["NetworkSettings"]["Networks"]
        address = networks["photo-factory_default"]["IPAddress"]
        self.syncthing = Syncthing(f"http://{address}:8384", KEY)
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.syncthing.id)
        except OSError:
            return False

    def share(self, folder: str, nas: Syncthing, kind: str, name: str) -> None:
        """Offer a folder of photos to the NAS."""
        device = {"deviceID": nas.id, "addresses": ["tcp://syncthing:22000"], "name": "nas"}
        self.syncthing.ask("POST", "config/devices", device)
        path = self.home / name
        path.mkdir()
        os.chown(path, USER, USER)
        offered = {
            "id": folder, "path": f"/var/syncthing/{name}", "type": kind, "fsWatcherDelayS": 1,
            "devices": [{"deviceID": nas.id}],
        }  # fmt: skip
        self.syncthing.ask("POST", "config/folders", offered)

    def take(self, name: str, count: int) -> list[Path]:
        """Photos are taken, newer than all others of these tests."""
        paths = []
        for number in range(count):
            path = self.home / name / f"{name}-{number}.jpg"
            path.write_bytes(photo("2025:07:07 07:07:07", place=PARIS))
            os.chown(path, USER, USER)
            paths.append(path)
        return paths


@pytest.fixture(scope="module")
def nas(stack: Stack) -> Syncthing:
    lines = (stack.stack / ".env").read_text().splitlines()
    (key,) = [one.partition("=")[2] for one in lines if one.startswith("SYNCTHING_API_KEY=")]
    return Syncthing("http://127.0.0.1:8384", key)


@pytest.fixture(scope="module")
def phone(
    stack: Stack, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Phone]:
    yield Phone(engine, tmp_path_factory.mktemp("phone") / "home")
    engine.docker("rm", "--force", NAME)


def _filed(stack: Stack, device: str, more: str = "") -> int:
    query = f"SELECT COUNT(*) FROM media_assets WHERE source_device = '{device}' {more}"
    return stack.number(query)


def test_photos_of_a_phone_come_to_be_shown_and_stay_on_the_phone(
    stack: Stack, phone: Phone, nas: Syncthing
) -> None:
    stack.compose(
        "exec", "-T", "service-monitor", "photo-factory", "syncthing", "add-device", "pixel-9",
        phone.syncthing.id,
    )  # fmt: skip
    folder = nas.folder("pixel-9")
    assert folder["type"] == "receiveonly"
    phone.share(folder["id"], nas, "sendonly", "DCIM")
    taken = phone.take("DCIM", 5)
    worked = "AND is_thumbnailed AND is_geocoded AND location IS NOT NULL AND place_id IS NOT NULL"
    until(lambda: _filed(stack, "pixel-9", worked) == 5, 300)
    until(lambda: not list((stack.data / "Photos_Inbox/pixel-9").glob("*.jpg")))
    phone.syncthing.ask("POST", f"db/scan?folder={folder['id']}")
    assert all(path.exists() for path in taken)
    assert not _errors(nas, folder["id"])


def test_the_dashboard_shows_them_with_their_place(stack: Stack, page: Page) -> None:
    enter(page, stack.password)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    open_page(page, "library")
    tile = page.locator(".tile[aria-label^='DCIM-0.jpg, 07 July 2025']")
    expect(tile).to_be_visible()
    tile.click()
    settled(page)
    expect(page.get_by_text("7 July 2025").first).to_be_visible()
    expect(page.get_by_text("Paris").first).to_be_visible()


def test_umask_decides_who_may_read_what_a_phone_sent(stack: Stack, phone: Phone) -> None:
    """Filing renames what Syncthing wrote: its rights are those that Syncthing gave it."""
    assert stack.value("UMASK") == "027"
    assert (phone.home / "DCIM/DCIM-0.jpg").stat().st_mode & 0o777 == 0o644
    day = stack.data / "Storage/Originals/2025/2025-07-07"
    assert {path.stat().st_mode & 0o777 for path in day.glob("DCIM-*.jpg")} == {0o640}


def test_a_set_up_that_would_delete_photos_is_red_and_not_emptied(
    stack: Stack, phone: Phone, nas: Syncthing
) -> None:
    """Both sides Send & Receive, Syncthing's default for a folder that is just accepted."""
    path = stack.data / "Photos_Inbox/tablet"
    path.mkdir()
    os.chown(path, USER, USER)
    dangerous = {
        "id": "tablet", "path": "/inbox/tablet", "type": "sendreceive", "fsWatcherDelayS": 1,
        "devices": [{"deviceID": phone.syncthing.id}],
    }  # fmt: skip
    nas.ask("POST", "config/folders", dangerous)
    phone.share("tablet", nas, "sendreceive", "tablet")
    taken = phone.take("tablet", 4)
    until(lambda: len(list(path.glob("*.jpg"))) == 4, 300)
    until(lambda: _doctor(stack) == "ERROR", 120)
    held = "SELECT COUNT(*) FROM arrivals WHERE source_device = 'tablet' AND state = 'held'"
    until(lambda: stack.number(held) == 4, 120)
    assert _filed(stack, "tablet") == 0
    assert all(one.exists() for one in taken)


def test_once_it_is_mended_the_photos_are_filed_and_stay_on_the_phone(
    stack: Stack, phone: Phone, nas: Syncthing
) -> None:
    nas.ask("PATCH", "config/folders/tablet", {"type": "receiveonly"})
    until(lambda: _filed(stack, "tablet") == 4, 300)
    phone.syncthing.ask("POST", "db/scan?folder=tablet")
    nas.ask("POST", "db/scan?folder=tablet")
    until(lambda: nas.ask("GET", "db/status?folder=tablet")["state"] == "idle")
    assert len(list((phone.home / "tablet").glob("*.jpg"))) == 4


def _doctor(stack: Stack) -> str:
    rows = stack.sql("SELECT status FROM system_status WHERE service_name = 'syncthing'")
    return rows[0][0] if rows else ""


def _errors(nas: Syncthing, folder: str) -> int:
    told = nas.ask("GET", f"db/status?folder={folder}")
    return int(told["errors"]) + int(told["pullErrors"])
