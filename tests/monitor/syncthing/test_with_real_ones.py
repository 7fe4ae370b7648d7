"""A phone's photos go through a real Syncthing into the archive, and stay on the phone."""

from __future__ import annotations

import itertools
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from photo_factory.commands import syncthing as commands
from photo_factory.librarian import holds
from photo_factory.librarian.summary import Summary
from photo_factory.monitor.syncthing.examination import Examination
from photo_factory.shared import breakers
from tests.factory import Factory, photo
from tests.librarian.test_service import running
from tests.monitor.syncthing.conftest import Pair, asking, until

pytestmark = pytest.mark.part("syncthing")

_numbers = itertools.count(1)
BREAKER = breakers.inbox_breaker("pixel-7")


@pytest.fixture(autouse=True)
def asks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "_ASK_EVERY", 0.0)


class Household:
    """A phone whose camera folder is synced into inbox/pixel-7 of a factory."""

    def __init__(self, pair: Pair, factory: Factory, dcim: Path) -> None:
        self.phone, self.nas = pair.phone, pair.nas
        self.factory = factory
        self.dcim = dcim
        self.inbox = factory.paths.inbox / "pixel-7"
        self.folder = f"camera-{next(_numbers)}"
        self.taken: dict[str, bytes] = {}

    def share(self, phone: str, nas: str, **more: Any) -> None:
        """Share it with these folder types."""
        self.phone.shares(self.folder, self.dcim, phone, self.nas)
        self.nas.shares(self.folder, self.inbox, nas, self.phone, **more)

    def take(self, *names: str) -> None:
        """Take photos, and wait until they are in the inbox."""
        for name in names:
            self.taken[name] = photo()
            (self.dcim / name).write_bytes(self.taken[name])
        self.phone.rescan(self.folder)
        until(lambda: all((self.inbox / name).exists() for name in names), "they do not arrive")

    def examine(self, **changes: Any) -> Examination:
        """What the service-monitor does in its turn."""
        return commands.examine(asking(self.factory, self.nas, **changes))

    def file(self, **changes: Any) -> Summary:
        return self.factory.ingest(
            SYNCTHING_URL=self.nas.url, SYNCTHING_API_KEY=self.nas.key, **changes
        )

    def settle(self) -> None:
        """Have both sides hear of everything that has happened so far."""
        self.nas.rescan(self.folder)
        beacon = f"beacon-{next(_numbers)}.txt"
        (self.dcim / beacon).write_bytes(b"hello")
        self.phone.rescan(self.folder)
        until((self.inbox / beacon).exists, "nothing arrives any more")
        until(lambda: self.phone.state(self.folder)["state"] == "idle")

    def on_phone(self) -> dict[str, bytes]:
        found = {}
        for path in self.dcim.glob("*.jpg"):
            with suppress(FileNotFoundError):  # Syncthing deletes it meanwhile
                found[path.name] = path.read_bytes()
        return found

    def breakers(self) -> dict[str, str]:
        return breakers.tripped(self.factory.engine)


@pytest.fixture
def household(pair: Pair, factory: Factory, tmp_path: Path) -> Household:
    return Household(pair, factory, tmp_path / "DCIM")


def test_it_files_from_receive_only_and_nothing_vanishes_from_the_phone(
    household: Household,
) -> None:
    household.share("sendonly", "receiveonly", ignoreDelete=True)
    household.take("a.jpg", "b.jpg", "c.jpg")
    assert household.file().held == 3  # nobody has looked yet
    found = household.examine()
    assert (found.status, [one.verdict for one in found.verdicts]) == ("OK", ["OK"])
    assert household.file().filed == 3
    household.settle()
    state = household.nas.state(household.folder)
    assert (state["receiveOnlyChangedDeletes"], state["state"]) == (3, "idle")
    assert household.on_phone() == household.taken
    again = household.examine()
    assert (again.status, again.message) == ("OK", None)  # local changes are no fault
    (device,) = again.picture.devices
    assert (device.name, device.connected, device.completion) == ("phone", True, 100.0)
    seen_by_phone = f"db/completion?device={household.nas.device}&folder={household.folder}"
    assert household.phone.ask(seen_by_phone)["completion"] < 100  # nor is this one
    household.take("d.jpg")
    assert household.file().filed == 1


def test_it_holds_what_send_and_receive_brings_until_it_is_mended(household: Household) -> None:
    household.share("sendreceive", "sendreceive")
    household.take("a.jpg", "b.jpg")
    found = household.examine()
    assert (found.status, found.verdicts[0].verdict) == ("ERROR", "ERROR")
    assert "delete photos on a phone" in household.breakers()[BREAKER]
    assert household.file().held == 2
    household.settle()
    assert household.on_phone() == household.taken
    assert "Receive Only" in household.factory.arrival("a.jpg")["reason"]

    household.nas.change(household.folder, type="receiveonly")
    household.phone.change(household.folder, type="sendonly")
    assert household.examine().status == "OK"
    assert household.breakers() == {}
    assert household.file().filed == 2
    household.settle()
    assert household.on_phone() == household.taken
    assert household.factory.account()["held"]["arrivals"] == 0


def test_it_is_right_to_be_afraid_of_send_and_receive(household: Household) -> None:
    household.share("sendreceive", "sendreceive")
    household.take("a.jpg", "b.jpg")
    household.examine()
    assert household.breakers()
    found = household.examine(SYNCTHING_OVERRIDE="pixel-7")
    assert (found.status, household.breakers()) == ("WARNING", {})
    assert household.file(SYNCTHING_OVERRIDE="pixel-7").filed == 2
    household.nas.rescan(household.folder)
    until(lambda: not household.on_phone(), "the phone kept them: is the doctor too strict?")


def test_a_running_librarian_waits_files_holds_and_goes_on_by_itself(household: Household) -> None:
    household.share("sendonly", "receiveonly")
    asked = {"SYNCTHING_URL": household.nas.url, "SYNCTHING_API_KEY": household.nas.key}
    factory = household.factory
    with running(factory, STABILITY_DELAY=0, SCAN_INTERVAL=3600, **asked):
        household.take("a.jpg")
        until(lambda: "waiting for Syncthing's doctor" in factory.status()["current_task"])
        household.examine()
        until(lambda: len(factory.assets()) == 1)
        household.nas.change(household.folder, type="sendreceive")
        household.examine()
        until(lambda: household.nas.state(household.folder)["state"] == "idle")
        household.take("b.jpg")
        until(lambda: [row for row in factory.arrivals() if row["state"] == "held"])
        household.nas.change(household.folder, type="receiveonly")
        household.examine()
        until(lambda: len(factory.assets()) == 2)
    household.settle()
    assert household.on_phone() == household.taken


def test_a_folder_must_never_be_changed_back(household: Household) -> None:
    household.share("sendreceive", "receiveonly")
    household.take("a.jpg", "b.jpg")
    household.file()
    assert "Never change it back" in household.examine().verdicts[0].reason
    assert household.file().filed == 2
    household.settle()
    assert household.on_phone() == household.taken
    household.nas.change(household.folder, type="sendreceive")
    until(lambda: not household.on_phone(), "the phone kept them: the warning is not needed")
    assert household.factory.verify().all_is_well


@pytest.mark.parametrize(
    ("phone", "nas"), [("sendreceive", "sendreceive"), ("sendonly", "receiveonly")]
)
def test_it_endangers_nothing_where_the_inbox_is_kept(
    household: Household, phone: str, nas: str
) -> None:
    household.share(phone, nas)
    household.take("a.jpg", "b.jpg")
    assert household.examine(INBOX_MODE="keep").status == "OK"
    assert household.file(INBOX_MODE="keep").filed == 2
    household.settle()
    assert household.on_phone() == household.taken
    assert {path.name for path in household.inbox.glob("*.jpg")} == set(household.taken)


def test_it_keeps_in_the_inbox_what_the_phone_deletes_before_it_was_filed(
    household: Household,
) -> None:
    household.share("sendonly", "receiveonly", ignoreDelete=True)
    household.take("a.jpg", "b.jpg")
    (household.dcim / "a.jpg").unlink()
    household.settle()
    household.examine()
    household.file()
    household.examine()
    assert household.file().filed == 2


def test_it_tells_of_files_that_fail_though_the_folder_is_idle(household: Household) -> None:
    household.share("sendonly", "receiveonly")
    household.take("a.jpg")
    household.nas.change(household.folder, minDiskFree={"value": 10**6, "unit": "GB"})
    (household.dcim / "b.jpg").write_bytes(photo())
    household.phone.rescan(household.folder)
    until(lambda: household.nas.state(household.folder)["pullErrors"], "it does not fail")
    found = household.examine()
    assert found.status == "ERROR"
    assert "insufficient space" in (found.message or "")
    (state,) = found.details()["folders"]
    assert (state["pull_errors"], state["need_files"]) == (1, 1)


def test_it_tells_of_a_folder_that_stopped_and_how_to_heal_it(household: Household) -> None:
    household.share("sendonly", "receiveonly")
    household.take("a.jpg")
    shutil.rmtree(household.inbox / ".stfolder")
    with pytest.raises(OSError, match="500"):
        household.nas.rescan(household.folder)
    found = household.examine()
    assert found.status == "ERROR"
    assert "marker" in (found.message or "")
    assert f"{household.inbox}/.stfolder" in found.verdicts[0].advice


def test_it_says_nothing_of_a_paused_folder_but_its_verdict(household: Household) -> None:
    household.share("sendreceive", "sendreceive", paused=True)
    found = household.examine()
    assert [one.verdict for one in found.verdicts] == ["ERROR"]
    assert found.picture.states[0].state == "paused"
