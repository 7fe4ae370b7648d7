"""`photo-factory syncthing`: against two real Syncthings, and against refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from photo_factory.commands.syncthing import show_added
from photo_factory.monitor.syncthing.client import Client, SyncthingError
from photo_factory.monitor.syncthing.phones import Added, add_phone
from photo_factory.shared import breakers
from photo_factory.shared.errors import SettingsError
from tests.factory import Factory, photo
from tests.monitor.syncthing.conftest import Pair, asking, until
from tests.parts import Syncthing


def run(factory: Factory, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """What a person does in a terminal."""
    environ = factory.environment(COLUMNS="200", **changes)
    command = [sys.executable, "-m", "photo_factory", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environ, cwd=factory.home
    )


def asked(syncthing: Syncthing) -> dict[str, str]:
    return {"SYNCTHING_URL": syncthing.url, "SYNCTHING_API_KEY": syncthing.key}


@pytest.mark.part("syncthing")
def test_it_adds_a_phone_whose_photos_are_filed_and_stay_on_it(
    pair: Pair, factory: Factory, tmp_path: Path
) -> None:
    pair.nas.ask(f"config/devices/{pair.phone.device}", method="DELETE")
    dcim = tmp_path / "DCIM"
    try:
        done = run(
            factory, "syncthing", "add-device", "pixel-7", pair.phone.device.lower(),
            **asked(pair.nas),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert pair.nas.device in done.stderr
        assert "Send Only" in done.stderr
        pair.phone.shares("photos-pixel-7", dcim, "sendonly", pair.nas)  # what the person does
        pair.phone.knows(pair.nas)
        (dcim / "a.jpg").touch(0o640)
        (dcim / "a.jpg").write_bytes(photo())
        pair.phone.rescan("photos-pixel-7")
        inbox = factory.paths.inbox / "pixel-7"
        until((inbox / "a.jpg").exists, "nothing arrives")
        (factory.home / "as made here").touch()
        assert (inbox / "a.jpg").stat().st_mode == (factory.home / "as made here").stat().st_mode
        assert run(factory, "ingest", "--once", **asked(pair.nas)).returncode == 1  # it waits
        judged = run(factory, "syncthing", "doctor", "--json", **asked(pair.nas))
        (verdict,) = json.loads(judged.stdout)["doctor"]
        assert (judged.returncode, verdict["verdict"], verdict["advice"]) == (0, "OK", "")
        assert run(factory, "ingest", "--once", **asked(pair.nas)).returncode == 0
        pair.nas.rescan("photos-pixel-7")
        until(lambda: pair.nas.state("photos-pixel-7")["receiveOnlyChangedDeletes"])
        assert ((dcim / "a.jpg").exists(), (inbox / "a.jpg").exists()) == (True, False)
        shown = run(factory, "syncthing", "status", **asked(pair.nas))
        assert (shown.returncode, "pixel-7" in shown.stdout, shown.stderr) == (0, True, "")
    finally:
        pair.meet()


@pytest.mark.part("syncthing")
def test_it_adds_nothing_twice_and_changes_nothing_that_stands(
    pair: Pair, factory: Factory
) -> None:
    client, settings = Client(pair.nas.url, pair.nas.key), asking(factory, pair.nas)

    def add(name: str) -> Added:
        return add_phone(client, settings, name, pair.phone.device)

    assert add("pixel-7").changes == (
        f"folder photos-pixel-7 added, Receive Only, at {factory.paths.inbox}/pixel-7",
    )
    before = pair.nas.ask("config")
    assert add("pixel-7").changes == ()
    assert pair.nas.ask("config") == before
    pair.nas.shares("hers", factory.paths.inbox / "anna", "sendreceive")
    assert add("anna").changes == ("folder hers shared with anna",)
    hers = next(one for one in pair.nas.ask("config/folders") if one["id"] == "hers")
    assert hers["type"] == "sendreceive"  # which is the doctor's to complain of
    assert len(hers["devices"]) == 2


@pytest.mark.part("syncthing")
def test_it_makes_the_folder_as_recommended(pair: Pair, factory: Factory) -> None:
    settings = asking(factory, pair.nas)
    add_phone(Client(pair.nas.url, pair.nas.key), settings, "pixel-7", pair.phone.device)
    made = pair.nas.ask("config/folders/photos-pixel-7")
    turned_on = dict.fromkeys(("ignoreDelete", "ignorePerms", "fsWatcherEnabled"), True)
    wanted = {"type": "receiveonly", **turned_on}
    assert {key: made[key] for key in wanted} == wanted
    assert (made["label"], made["rescanIntervalS"]) == ("pixel-7", 3600)
    assert {one["deviceID"] for one in made["devices"]} == {pair.nas.device, pair.phone.device}


@pytest.mark.part("syncthing")
def test_it_refuses_what_is_no_id_and_its_own(pair: Pair, factory: Factory) -> None:
    client, settings = Client(pair.nas.url, pair.nas.key), asking(factory, pair.nas)
    phone = pair.phone.device
    mistyped = phone[:-1] + ("A" if phone[-1] != "A" else "B")
    for wrong, text in (("abc", "no device ID"), (mistyped, "no device ID"), ("", "no device ID"),
                        (pair.nas.device, "the phone's")):  # fmt: skip
        with pytest.raises(SyncthingError, match=text):
            add_phone(client, settings, "pixel-7", wrong)
    assert pair.nas.ask("config/folders") == []


@pytest.mark.part("syncthing")
@pytest.mark.parametrize(
    ("folder", "below", "text"),
    [
        ("all", "", "holds the whole inbox"),
        ("deep", "pixel-7/2023", "is in the way"),
        ("photos-pixel-7", "../elsewhere", "choose another name"),
    ],
)
def test_it_puts_no_folder_into_a_folder(
    pair: Pair, factory: Factory, folder: str, below: str, text: str
) -> None:
    client, settings = Client(pair.nas.url, pair.nas.key), asking(factory, pair.nas)
    pair.nas.shares(folder, factory.paths.inbox / below, "receiveonly")
    with pytest.raises(SyncthingError, match=text):
        add_phone(client, settings, "pixel-7", pair.phone.device)
    assert [one["id"] for one in pair.nas.ask("config/folders")] == [folder]


@pytest.mark.parametrize("name", ["", " ", ".", "..", ".stfolder", "a/b", "/etc", "a\nb", "a\x1b"])
def test_it_refuses_names_that_are_no_folder(factory: Factory, name: str) -> None:
    with pytest.raises(SyncthingError, match="cannot be a folder"):
        add_phone(Client("http://127.0.0.1:1", "key"), factory.settings(), name, "ID")


@pytest.mark.part("syncthing")
def test_its_doctor_is_red_and_stops_the_librarian(pair: Pair, factory: Factory) -> None:
    pair.nas.shares("camera", factory.paths.inbox / "pixel-7", "sendreceive", pair.phone)
    factory.drop("pixel-7/a.jpg")
    red = run(factory, "syncthing", "doctor", **asked(pair.nas))
    assert red.returncode == 1
    assert "delete photos on a phone" in red.stdout
    assert set(breakers.tripped(factory.engine)) == {"inbox/pixel-7"}
    assert run(factory, "ingest", **asked(pair.nas)).returncode == 1
    assert factory.inbox().count("pixel-7/a.jpg") == 1
    assert factory.status("syncthing")["status"] == "ERROR"


def test_it_says_where_the_phone_finds_a_container_that_announces_nothing_to_the_house(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_added(Added("pixel-7", "PHONE", "photos-pixel-7", "/inbox/pixel-7", "NAS-ID", ()))
    (line,) = [one for one in capsys.readouterr().err.splitlines() if "NAS-ID" in one]
    assert "tcp://ADDRESS-OF-THE-NAS:22000, dynamic" in line


def test_it_says_in_one_line_what_is_not_set_up(factory: Factory) -> None:
    for verb in (["doctor"], ["status"], ["add-device", "pixel-7", "ID"]):
        done = run(factory, "syncthing", *verb)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("photo-factory: Syncthing is not set up: set SYNCTHING_URL")
        assert done.stderr.count("\n") == 1


def test_it_judges_though_the_ledger_is_away(pair: Pair, factory: Factory) -> None:
    pair.nas.shares("camera", factory.paths.inbox / "pixel-7", "sendreceive", pair.phone)
    nowhere = "postgresql://photo@127.0.0.1:1/none"
    done = run(factory, "syncthing", "doctor", DATABASE_URL=nowhere, **asked(pair.nas))
    assert done.returncode == 1
    assert "the Librarian cannot be told now" in done.stderr
    assert "delete photos on a phone" in done.stdout


def test_it_refuses_an_address_that_is_none(factory: Factory) -> None:
    done = run(factory, "syncthing", "doctor", SYNCTHING_URL="nas:8384")
    assert (done.returncode, "no address" in done.stderr) == (SettingsError.exit_code, True)
