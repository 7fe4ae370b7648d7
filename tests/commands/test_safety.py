"""A file is safe to delete from a phone only when its proof is in the ledger."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text, update

from photo_factory.commands import console
from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.models import BackupCopy, MediaAsset, RestoreDrill
from photo_factory.shared.safety import (
    Answer,
    Demands,
    Verdict,
    by_device,
    last_drill,
    safe_paths,
    verdicts,
)
from tests.factory import Factory

DEMANDS = Demands(days=90, copies=2)


@pytest.fixture
def factory(engine: Engine, ledger_url: str, tmp_path: Path) -> Factory:
    """One photo of a phone, filed and copied to two targets; one of another phone, just filed."""
    made = Factory(tmp_path, ledger_url)
    made.drop("pixel-7/a.jpg")
    made.drop("iphone/b.jpg")
    made.ingest()
    asset = made.asset("a.jpg")
    for target in ("file:///one", "sftp://two"):
        copy(engine, asset["id"], target)
    return made


def copy(engine: Engine, asset_id: Any, target: str, **columns: Any) -> None:
    row = {"asset_id": asset_id, "target": target, "path": "x", "copied_at": clock.now(),
           "verified_at": clock.now(), "verified_how": "read back", **columns}  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(BackupCopy), [row])


def change(engine: Engine, table: Any, **columns: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(table).values(**columns))


def ask(
    engine: Engine, device: str | None = "pixel-7", demands: Demands = DEMANDS
) -> list[Verdict]:
    return list(verdicts(engine, demands, device))


def test_it_says_yes_with_the_receipt(factory: Factory, engine: Engine) -> None:
    (found,) = ask(engine)
    asset = factory.asset("a.jpg")
    assert (found.why_not, found.path) == (None, "pixel-7/a.jpg")
    assert (found.file_hash, found.final_path) == (asset["file_hash"], asset["final_path"])
    assert (found.verified_copies, found.recent_copies) == (2, 2)
    assert found.rehashed_at == asset["verified_at"]
    assert "+00:00" in found.as_json()["copies_verified_at"]


def test_it_says_no_for_a_copy_too_few(factory: Factory, engine: Engine) -> None:
    assert ask(engine, "iphone")[0].why_not == "0 of 2 verified copies"
    assert ask(engine, demands=Demands(90, 3))[0].why_not == "2 of 3 verified copies"


@pytest.mark.parametrize("wrong", [{"problem": "different bytes"}, {"verified_at": None}])
def test_a_copy_that_is_not_proven_does_not_count(
    factory: Factory, engine: Engine, wrong: dict[str, Any]
) -> None:
    copy(engine, factory.asset("b.jpg")["id"], "file:///one", **wrong)
    assert ask(engine, "iphone")[0].why_not == "0 of 2 verified copies"


def test_it_says_no_when_the_original_was_not_hashed_for_long(
    factory: Factory, engine: Engine
) -> None:
    change(engine, MediaAsset, verified_at=clock.now() - timedelta(days=91))
    assert "not hashed for 90 days" in str(ask(engine)[0].why_not)
    factory.verify()
    assert ask(engine)[0].why_not is None


def test_it_says_no_when_the_copies_were_not_verified_for_long(
    factory: Factory, engine: Engine
) -> None:
    old, one = clock.now() - timedelta(days=91), BackupCopy.target == "sftp://two"
    with engine.begin() as connection:
        connection.execute(update(BackupCopy).where(one).values(verified_at=old))
    (found,) = ask(engine)
    assert found.why_not == (
        "1 of 2 copies verified within 90 days, the others longer ago: run `photo-factory backup "
        "verify`"
    )
    assert (found.verified_copies, found.recent_copies, found.copies_verified_at) == (2, 1, old)
    assert ask(engine, demands=Demands(92, 2))[0].why_not is None
    assert ask(engine, demands=Demands(90, 1))[0].why_not is None, "one that is fresh is enough"
    copy(engine, factory.asset("a.jpg")["id"], "s3://three")
    assert ask(engine)[0].why_not is None, "an old one beside enough fresh ones is no harm"


def test_it_says_no_when_the_original_is_damaged(factory: Factory, engine: Engine) -> None:
    path = factory.on_disk(factory.asset("a.jpg"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    factory.verify()
    assert "missing or different" in str(ask(engine)[0].why_not)


def test_a_duplicate_is_as_safe_as_what_was_kept(factory: Factory, engine: Engine) -> None:
    content = factory.on_disk(factory.asset("a.jpg")).read_bytes()
    factory.drop("iphone/again.jpg", content)
    factory.ingest()
    safe = {one.path: one.why_not for one in ask(engine, "iphone")}
    assert safe == {"iphone/again.jpg": None, "iphone/b.jpg": "0 of 2 verified copies"}


def test_it_says_why_a_file_was_not_filed(factory: Factory, engine: Engine) -> None:
    factory.drop("pixel-7/.trashed-1-c.jpg")
    factory.ingest()
    found = {one.path: one.why_not for one in ask(engine)}
    assert str(found["pixel-7/.trashed-1-c.jpg"]).startswith("not filed, but ignored: ")


def test_it_lists_every_device_where_none_is_named(factory: Factory, engine: Engine) -> None:
    assert [one.path for one in ask(engine, None)] == ["iphone/b.jpg", "pixel-7/a.jpg"]


def test_it_names_the_devices_when_it_knows_nothing_of_one(
    factory: Factory, engine: Engine
) -> None:
    with pytest.raises(PhotoFactoryError, match=r"'nokia'.*iphone, pixel-7"):
        ask(engine, "nokia")


def test_it_knows_the_last_drill_that_went_well(factory: Factory, engine: Engine) -> None:
    assert last_drill(engine) is None
    drill = {"target": "x", "started_at": clock.now(), "assets": 5}
    good, bad = clock.now() - timedelta(days=1), clock.now()
    with engine.begin() as connection:
        connection.execute(insert(RestoreDrill), [
            {**drill, "finished_at": good, "failed": 0}, {**drill, "finished_at": bad, "failed": 1},
        ])  # fmt: skip
    assert last_drill(engine) == good


def test_it_adds_up() -> None:
    answer = Answer()
    for why in (None, "x", "x", "y"):
        answer.count(Verdict("p", 10, None, None, None, 0, 0, None, why))
    assert (answer.safe, answer.safe_bytes, answer.not_safe) == (1, 10, 3)
    assert answer.reasons == {"x": 2, "y": 1}


def test_the_command_answers_people_programs_and_scripts(factory: Factory, engine: Engine) -> None:
    def tell(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "photo_factory", "safe-to-delete", *words],
            env=factory.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip

    everything, one = tell(), tell("--device", "pixel-7")
    assert (everything.returncode, one.returncode) == (1, 0)
    assert "0 of 2 verified copies" in everything.stdout
    assert "drill" in one.stderr
    assert tell("--list").stdout == "pixel-7/a.jpg\n"
    told = json.loads(tell("--json").stdout)
    assert (told["device"], told["demands"]["copies"], told["last_drill"]) == (None, 2, None)
    assert {file["path"]: file["why_not"] for file in told["files"]} == {
        "pixel-7/a.jpg": None, "iphone/b.jpg": "0 of 2 verified copies",
    }  # fmt: skip
    assert tell("--copies", "0").returncode == 0


def test_a_path_is_listed_only_if_all_that_came_under_it_is_safe(
    factory: Factory, engine: Engine
) -> None:
    """The photo was edited on the phone; only the first version is copied."""
    factory.drop("pixel-7/a.jpg")
    factory.ingest()
    judged = ask(engine)
    assert [verdict.why_not is None for verdict in judged] == [True, False]
    assert list(safe_paths(judged)) == []
    assert list(safe_paths(judged[:1])) == ["pixel-7/a.jpg"]


def test_a_name_of_two_lines_is_not_listed_for_scripts(
    factory: Factory, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    console.give_lines(["pixel-7/a.jpg", "pixel-7/x\niphone/b.jpg"])
    told = capsys.readouterr()
    assert told.out == "pixel-7/a.jpg\n"
    assert "left out" in told.err


def test_the_receipts_are_rows_in_the_ledger(factory: Factory) -> None:
    rows = factory._rows(text("SELECT * FROM v_safe_to_delete ORDER BY path"))
    assert [(row["path"], row["verified_copies"]) for row in rows] == [
        ("iphone/b.jpg", 0), ("pixel-7/a.jpg", 2),
    ]  # fmt: skip


@pytest.mark.parametrize("copies", [0, 1, 2, 3])
def test_the_sums_of_each_device_are_those_of_its_verdicts(
    factory: Factory, engine: Engine, copies: int
) -> None:
    """Fresh, old, damaged and missing proofs, and a file that was ignored, on one device."""
    factory.drop("pixel-7/notes.txt", b"no photo")
    for number in range(5):
        factory.drop(f"pixel-7/{number}.jpg")
    factory.ingest()
    long_ago = clock.now() - timedelta(days=200)
    for number, columns in enumerate([{}, {"problem": "gone"}, {"verified_at": long_ago}]):
        copy(engine, factory.asset(f"{number}.jpg")["id"], "file:///one", **columns)
        copy(engine, factory.asset(f"{number}.jpg")["id"], "file:///two")
    for name, moment in (("3.jpg", None), ("4.jpg", long_ago)):
        asset_id = factory.asset(name)["id"]
        with engine.begin() as connection:
            these = update(MediaAsset).where(MediaAsset.id == asset_id)
            connection.execute(these.values(verified_at=moment))
    demands = Demands(days=90, copies=copies)
    added = by_device(engine, demands)
    assert list(added) == ["iphone", "pixel-7"]
    for device, answer in added.items():
        one_by_one = Answer()
        for verdict in verdicts(engine, demands, device):
            one_by_one.count(verdict)
        assert answer == one_by_one
    assert len(added["pixel-7"].reasons) >= 3
