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
from photo_factory.commands.safety import Answer, Demands, Verdict, last_drill, verdicts
from photo_factory.shared import clock
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.ledger.models import BackupCopy, MediaAsset, RestoreDrill
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
