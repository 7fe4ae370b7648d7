"""What the ledger says of copies while assets move, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from photo_factory.addons.backup import copies
from photo_factory.addons.backup.copying import process
from photo_factory.shared import corrections
from photo_factory.shared.claims import Claims
from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.runs import retry
from tests.addons.backup.test_service import a_target, rows, run, sums_hold
from tests.factory import Factory


@pytest.fixture
def factory(tmp_path: Path, ledger_url: str, engine: Engine) -> Iterator[Factory]:
    """A factory; the test runs once on each kind of database."""
    made = Factory(tmp_path / "factory", ledger_url)
    yield made
    made.close()


def test_a_copy_under_a_former_path_proves_nothing(factory: Factory) -> None:
    usb = a_target(factory)
    for name in ("a.jpg", "b.jpg"):
        factory.drop(name)
    factory.ingest()
    assert run(factory, usb)
    elsewhere = {"final_path": "Storage/Originals/2001/2001-02-03/a.jpg"}
    this = MediaAsset.id == factory.asset("a.jpg")["id"]
    with factory.engine.begin() as connection:
        connection.execute(update(MediaAsset).where(this).values(elsewhere))
    assert copies.lower_flags(factory.engine, str(usb)) == 1
    assert [row["is_backed_up"] for row in factory.assets()] == [False, True]


def test_a_sidecar_that_is_re_filed_while_it_is_copied_is_blamed_for_nothing(
    factory: Factory,
) -> None:
    usb = a_target(factory)
    factory.drop("IMG_1.xmp", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    factory.ingest()
    settings = factory.settings(BACKUP_TARGETS=str(usb))
    claims = Claims(factory.engine, "backup", "is_backed_up", settings)
    (held,) = claims.claim(1)
    factory.drop("IMG_1.jpg")
    factory.ingest()
    with pytest.raises(Unprocessable, match="is missing") as error:
        process(held.asset, settings)
    claims.park([(held, str(error.value))])
    assert rows(factory) == [], "no copy is wrong"
    assert run(factory, usb)
    assert all(row["is_backed_up"] and not row["has_errors"] for row in factory.assets())
    assert {f"Storage/{row['path']}" for row in rows(factory)} == {
        row["final_path"] for row in factory.assets()
    }
    assert sums_hold(usb) == 2


def test_the_copy_under_a_former_path_goes_though_the_new_one_was_taken_at_first(
    factory: Factory,
) -> None:
    usb = a_target(factory)
    factory.drop("a.jpg")
    factory.ingest()
    assert run(factory, usb)
    (before,) = rows(factory)
    stranger = usb / "Originals/2001/2001-02-03" / Path(before["path"]).name
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"a stranger's")
    with factory.engine.begin() as connection:
        corrections.ask(connection, before["asset_id"], "anna", captured_at=datetime(2001, 2, 3))
    factory.ingest()
    assert not run(factory, usb)
    (wrong,) = rows(factory)
    assert "another file" in wrong["problem"] and wrong["path"] == before["path"]
    stranger.unlink()
    retry(factory.engine, factory.settings())
    assert run(factory, usb)
    assert stranger.is_file() and not (usb / before["path"]).exists()
    assert sums_hold(usb) == 1
