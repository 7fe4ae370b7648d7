"""Names that a photo left for another day, and that another photo has now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from photo_factory.addons.backup import copying
from photo_factory.shared.errors import Unprocessable
from photo_factory.shared.ledger.models import MediaAsset
from photo_factory.shared.paths import LEDGER_PREFIX
from photo_factory.shared.settings import Settings
from tests.addons.backup.conftest import Place
from tests.addons.backup.test_service import a_target, asset_of, bad_sector, rows, run, sums_hold
from tests.factory import Factory

DAY = "Originals/2023/2023-12-25"
OTHER, THIRD = "Originals/2001/2001-02-03", "Originals/2001/2001-02-04"


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    yield
    copying.flush()


def re_file(factory: Factory, name: str, path: str) -> None:
    """As the Librarian does after a correction."""
    row = factory.asset(name)
    new = factory.paths.storage / path
    new.parent.mkdir(parents=True, exist_ok=True)
    factory.on_disk(row).rename(new)
    with factory.engine.begin() as connection:
        moved = {"final_path": LEDGER_PREFIX + path, "is_backed_up": False}
        connection.execute(update(MediaAsset).where(MediaAsset.id == row["id"]).values(moved))


def copied(factory: Factory, usb: object, *names: str) -> Settings:
    """Settings of a factory whose photos are on a target."""
    for name in names:
        factory.drop(name)
    factory.ingest()
    assert run(factory, usb)
    return factory.settings(BACKUP_TARGETS=str(usb))


def where_copies_are(factory: Factory) -> dict[str, str]:
    by_id = {row["id"]: row["original_name"] for row in factory.assets()}
    return {by_id[row["asset_id"]]: row["path"] for row in rows(factory) if row["verified_at"]}


def test_a_newcomer_gets_the_name_of_a_photo_that_moved_before_that_one_is_copied(
    factory: Factory,
) -> None:
    usb = a_target(factory)
    settings = copied(factory, usb, "old.jpg", "new.jpg")
    content = factory.on_disk(factory.asset("old.jpg")).read_bytes()
    re_file(factory, "old.jpg", f"{OTHER}/old.jpg")
    re_file(factory, "new.jpg", f"{DAY}/old.jpg")
    copying.process(asset_of(factory, "new.jpg"), settings)
    assert where_copies_are(factory) == {
        "old.jpg": f"{OTHER}/old.jpg", "new.jpg": f"{DAY}/old.jpg",
    }  # fmt: skip
    assert (usb / OTHER / "old.jpg").read_bytes() == content
    copying.flush()
    assert sums_hold(usb) == 2 and len(list(usb.rglob("*.jpg"))) == 2
    assert run(factory, usb) and all(row["is_backed_up"] for row in factory.assets())


def test_every_kind_of_target_makes_way(place: Place) -> None:
    factory = place.factory
    place.open().initialise()
    for name in ("old.jpg", "new.jpg"):
        factory.drop(name)
    factory.ingest()
    settings = factory.settings(BACKUP_TARGETS=place.url, **place.settings)
    copying.process(asset_of(factory, "old.jpg"), settings)
    re_file(factory, "old.jpg", f"{OTHER}/old.jpg")
    re_file(factory, "new.jpg", f"{DAY}/old.jpg")
    copying.process(asset_of(factory, "new.jpg"), settings)
    target = place.open()
    for name, path in where_copies_are(factory).items():
        assert target.sha256(path) == factory.asset(name)["file_hash"]
    assert len(rows(factory)) == 2


def test_a_row_of_photos_that_all_move_on_by_a_day_is_copied_from_its_end(
    factory: Factory,
) -> None:
    usb = a_target(factory)
    settings = copied(factory, usb, "a.jpg", "b.jpg", "c.jpg")
    re_file(factory, "b.jpg", f"{OTHER}/x.jpg")
    re_file(factory, "c.jpg", f"{THIRD}/x.jpg")
    assert run(factory, usb)
    re_file(factory, "c.jpg", "Originals/2001/2001-02-05/x.jpg")
    re_file(factory, "b.jpg", f"{THIRD}/x.jpg")
    re_file(factory, "a.jpg", f"{OTHER}/x.jpg")
    copying.process(asset_of(factory, "a.jpg"), settings)
    assert where_copies_are(factory) == {
        "a.jpg": f"{OTHER}/x.jpg",
        "b.jpg": f"{THIRD}/x.jpg",
        "c.jpg": "Originals/2001/2001-02-05/x.jpg",
    }


def test_the_good_copy_of_a_photo_that_cannot_be_read_here_is_kept(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    usb = a_target(factory)
    settings = copied(factory, usb, "old.jpg", "new.jpg")
    re_file(factory, "old.jpg", f"{OTHER}/old.jpg")
    re_file(factory, "new.jpg", f"{DAY}/old.jpg")
    bad_sector(monkeypatch, factory.on_disk(factory.asset("old.jpg")))
    copying.process(asset_of(factory, "new.jpg"), settings)
    assert where_copies_are(factory)["old.jpg"] == f"{OTHER}/old.jpg"
    assert (usb / OTHER / "old.jpg").is_file()


def test_what_a_cut_left_at_the_old_name_goes(factory: Factory) -> None:
    """The copy at the new place was entered, and the old one not removed yet."""
    usb = a_target(factory)
    settings = copied(factory, usb, "old.jpg", "new.jpg")
    left = usb / DAY / "old.jpg"
    content = left.read_bytes()
    re_file(factory, "old.jpg", f"{OTHER}/old.jpg")
    copying.process(asset_of(factory, "old.jpg"), settings)
    left.write_bytes(content)
    re_file(factory, "new.jpg", f"{DAY}/old.jpg")
    copying.process(asset_of(factory, "new.jpg"), settings)
    assert len(list(usb.rglob("*.jpg"))) == 2


@pytest.mark.parametrize("in_the_way", ["rot", "somebody's at the new place"])
def test_nothing_that_is_not_what_was_copied_is_moved_or_overwritten(
    factory: Factory, in_the_way: str
) -> None:
    usb = a_target(factory)
    settings = copied(factory, usb, "old.jpg", "new.jpg")
    re_file(factory, "old.jpg", f"{OTHER}/old.jpg")
    re_file(factory, "new.jpg", f"{DAY}/old.jpg")
    theirs = usb / (f"{DAY}/old.jpg" if in_the_way == "rot" else f"{OTHER}/old.jpg")
    theirs.parent.mkdir(exist_ok=True, parents=True)
    theirs.write_bytes(b"a stranger's")
    before = files_in(usb)
    with pytest.raises(Unprocessable, match=f"another file at {DAY}/old.jpg"):
        copying.process(asset_of(factory, "new.jpg"), settings)
    assert files_in(usb) == before


def test_photos_that_took_each_others_names_are_left_to_a_person(factory: Factory) -> None:
    usb = a_target(factory)
    settings = copied(factory, usb, "a.jpg", "b.jpg")
    re_file(factory, "a.jpg", f"{DAY}/c.jpg")
    re_file(factory, "b.jpg", f"{DAY}/a.jpg")
    re_file(factory, "a.jpg", f"{DAY}/b.jpg")
    before = files_in(usb)
    with pytest.raises(Unprocessable, match="another file"):
        copying.process(asset_of(factory, "a.jpg"), settings)
    assert files_in(usb) == before


def files_in(folder: Path) -> dict[Path, bytes]:
    return {one: one.read_bytes() for one in folder.rglob("*.jpg")}
