"""The doctor's table, on the shapes of three generations of Syncthing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from photo_factory.monitor.syncthing import doctor
from photo_factory.monitor.syncthing.client import Client
from photo_factory.monitor.syncthing.doctor import Verdict
from photo_factory.monitor.syncthing.state import Picture, look
from tests.factory import Factory
from tests.monitor.syncthing.pretender import KEY, Pretender, configured_folder, folder_status

VERSIONS = ["v1.19.2", "v1.29.5", "v2.0.10"]
INBOX = "/inbox"


@pytest.fixture
def seen(tmp_path: Path) -> Any:
    """What is seen of a pretender, with SYNCTHING_INBOX=/inbox unless told otherwise."""

    def see(pretender: Pretender, inbox: str = INBOX) -> Picture:
        with pretender.running():
            settings = Factory(tmp_path / "factory").settings(SYNCTHING_INBOX=inbox)
            return look(Client(pretender.url, KEY), settings)

    return see


def only(verdicts: list[Verdict]) -> Verdict:
    (verdict,) = verdicts
    return verdict


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("kind", "move", "keep"),
    [
        ("receiveonly", "OK", "OK"),
        ("sendreceive", "ERROR", "OK"),
        ("readwrite", "ERROR", "OK"),
        ("sendonly", "ERROR", "WARNING"),
        ("readonly", "ERROR", "WARNING"),
        ("receiveencrypted", "ERROR", "ERROR"),
        ("somethingnew", "ERROR", "WARNING"),
        ("", "ERROR", "WARNING"),
    ],
)
def test_it_judges_by_the_table(seen: Any, version: str, kind: str, move: str, keep: str) -> None:
    picture = seen(Pretender(version, type=kind))
    assert only(doctor.examine(picture, "move")).verdict == move
    assert only(doctor.examine(picture, "keep")).verdict == keep


def test_it_says_what_would_happen_and_what_to_do(seen: Any) -> None:
    verdict = only(doctor.examine(seen(Pretender(type="sendreceive")), "move"))
    assert verdict.folder == "Pixel camera"
    assert verdict.inbox == "pixel-7"
    assert "emptying the inbox would delete photos on a phone" in verdict.reason
    assert "Receive Only" in verdict.advice
    assert "INBOX_MODE=keep" in verdict.advice


def test_it_is_not_soothed_by_what_does_not_protect_the_phone(seen: Any) -> None:
    for changes in ({"ignoreDelete": True}, {"paused": True}, {"devices": []}):
        picture = seen(Pretender(type="sendreceive", **changes))
        assert only(doctor.examine(picture, "move")).verdict == "ERROR"


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"ignoreDelete": True}, ""),
        ({"ignoreDelete": False}, "turn on Ignore Delete"),
        ({"ignoreDelete": False, "versioning": {"type": "trashcan"}}, ".stversions"),
    ],
)
def test_it_advises_against_the_window_before_filing_without_a_warning(
    seen: Any, changes: dict[str, Any], advice: str
) -> None:
    verdict = only(doctor.examine(seen(Pretender(**changes)), "move"))
    assert verdict.verdict == "OK"
    assert advice in verdict.advice
    assert bool(verdict.advice) == bool(advice)


def test_it_says_how_to_heal_a_missing_marker(seen: Any) -> None:
    pretender = Pretender(markerName=".mine")
    pretender.said["db/status"] = folder_status(
        "v1.29.5", state="error", error="folder marker missing (this indicates potential data loss)"
    )
    assert "/inbox/pixel-7/.mine again" in only(doctor.examine(seen(pretender), "move")).advice


def test_it_counts_what_stignore_keeps_out(seen: Any) -> None:
    pretender = Pretender()
    pretender.said["db/ignores"] = {"ignore": ["*.mp4", "", "// a remark", "!keep.jpg"]}
    assert "2 lines of .stignore" in only(doctor.examine(seen(pretender), "move")).advice


@pytest.mark.parametrize(
    ("path", "inbox"),
    [
        ("/inbox/pixel-7/", "pixel-7"),
        ("/inbox/family/anna", "family"),
        ("/inbox", ""),
        ("/inbox/", ""),
        ("/", ""),
        ("/inbox/../inbox/x", "x"),
    ],
)
def test_it_knows_which_part_of_the_inbox_a_folder_is(seen: Any, path: str, inbox: str) -> None:
    (folder,) = seen(Pretender(path=path)).folders
    assert folder.inbox == inbox


@pytest.mark.parametrize("path", ["/inbox2/x", "/inboxes", "/home/anna", "Sync", "", "/inbox/../x"])
def test_it_leaves_other_folders_alone(seen: Any, path: str) -> None:
    picture = seen(Pretender(path=path, type="sendreceive"))
    assert (doctor.examine(picture, "move"), picture.other_folders) == ([], 1)


def test_it_understands_the_home_of_syncthing(seen: Any) -> None:
    picture = seen(Pretender(path="~/inbox/pixel-7"), inbox="/home/anna/inbox")
    assert [folder.inbox for folder in picture.folders] == ["pixel-7"]


def test_it_follows_links_where_syncthing_sees_the_same_disk(tmp_path: Path, seen: Any) -> None:
    factory = Factory(tmp_path / "factory")
    (tmp_path / "link").symlink_to(factory.paths.inbox)
    picture = seen(Pretender(path=str(tmp_path / "link" / "pixel-7")), inbox="")
    assert [folder.inbox for folder in picture.folders] == ["pixel-7"]


@pytest.mark.parametrize("mode", ["move", "keep"])
def test_it_warns_of_a_folder_that_holds_more_than_the_inbox(seen: Any, mode: str) -> None:
    verdict = only(doctor.examine(seen(Pretender(path="/")), mode))
    assert (verdict.verdict, verdict.inbox) == ("WARNING", "")
    assert "Revert Local Changes" in verdict.advice
    assert only(doctor.examine(seen(Pretender(path="/", type="sendreceive")), "move")).verdict == (
        "ERROR"
    )


def test_it_does_not_trust_a_look_that_found_no_way_to_the_inbox(seen: Any) -> None:
    strange = seen(Pretender(path="/var/syncthing/photos"))
    assert not doctor.may_be_trusted(strange)
    assert "set SYNCTHING_INBOX" in doctor.lost(strange)
    empty = Pretender()
    empty.said["config/folders"] = []
    assert doctor.may_be_trusted(seen(empty))
    assert doctor.may_be_trusted(seen(Pretender()))


@pytest.mark.parametrize("version", VERSIONS)
def test_it_measures_what_the_probe_tells(seen: Any, version: str) -> None:
    pretender = Pretender(version)
    pretender.said["db/status"] = folder_status(version, errors=3, pullErrors=3, needFiles=5)
    details = seen(pretender).details()
    assert details == {
        "version": version,
        "folders": [
            {
                "id": "pix",
                "label": "Pixel camera",
                "path": "/inbox/pixel-7",
                "type": "receiveonly",
                "state": "idle",
                "errors": 3,
                "pull_errors": 3,
                "need_files": 5,
            }
        ],
        "devices": [
            {
                "id": "BBBBBBB-PHONE",
                "name": "p7",
                "connected": True,
                "last_seen": "2026-11-21T09:58:30+00:00",
                "completion": 100.0,
            }
        ],
    }


def test_it_reads_what_is_missing_or_odd_as_nothing(seen: Any) -> None:
    pretender = Pretender()
    pretender.said |= {
        "config/folders": [{"id": "pix", "path": "/inbox/a", "devices": None}, None, 7],
        "config/devices": {},
        "db/status": ["what"],
        "stats/device": [],
        "system/connections": {"connections": None},
        "system/status": {},
    }
    (folder,) = seen(pretender).folders
    assert (folder.type, folder.devices) == ("", ())


def test_it_asks_nothing_of_a_paused_folder(seen: Any) -> None:
    pretender = Pretender(paused=True)
    pretender.said |= {"db/status": None, "db/completion": None, "db/ignores": None}
    picture = seen(pretender)
    assert picture.states[0].state == "paused"
    assert picture.devices[0].completion is None


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "", None])
def test_it_knows_who_never_came(seen: Any, text: str | None) -> None:
    pretender = Pretender()
    pretender.said["stats/device"] = {"BBBBBBB-PHONE": {"lastSeen": text}}
    assert seen(pretender).devices[0].last_seen is None


def test_it_looks_only_at_devices_that_share_the_inbox(seen: Any) -> None:
    pretender = Pretender()
    pretender.said["config/devices"].append({"deviceID": "CCCCCCC-TV", "name": "tv"})
    pretender.said["config/folders"].append(
        configured_folder("v1.29.5", "/music", id="m", devices=[{"deviceID": "CCCCCCC-TV"}])
    )
    picture = seen(pretender)
    assert [device.name for device in picture.devices] == ["p7"]
    assert picture.other_folders == 1
