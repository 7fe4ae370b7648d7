"""From pixels to rows: real portraits, end to end, and what happens when something is missing."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from photo_factory.addons import face
from photo_factory.addons.face import engines, scan
from photo_factory.shared.ledger.database import migrate
from photo_factory.shared.ledger.models import Face, MediaAsset, StageRun, SystemStatus
from photo_factory.shared.settings import Settings
from tests.addons.face.portraits import portraits, strangers
from tests.factory import Factory
from tests.shared.ledger.rows import an_asset


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    return Factory(tmp_path / "factory")


def run(factory: Factory, **changes: Any) -> bool:
    return face.run(factory.settings(**changes), threading.Event(), True)


def faces(factory: Factory) -> list[dict[str, Any]]:
    query = select(Face.__table__, MediaAsset.original_name).join(
        MediaAsset, MediaAsset.id == Face.asset_id
    )
    return factory._rows(query.order_by(Face.box_left))


def with_portraits(factory: Factory) -> Factory:
    for path in portraits():
        factory.drop(path.name, path.read_bytes())
    factory.ingest()
    return factory


def test_it_finds_the_same_person_on_both_portraits_upright_and_turned(factory: Factory) -> None:
    with_portraits(factory)
    assert run(factory)
    upright, turned = sorted(faces(factory), key=lambda row: -len(row["original_name"]))
    assert upright["person_id"] == turned["person_id"] is not None
    for row in (upright, turned):
        # Where a person looking at the upright picture sees her face, and her eyes and nose in it.
        assert row["box_left"] < 0.38 < row["box_left"] + row["box_width"]
        assert row["box_top"] < 0.31 < row["box_top"] + row["box_height"]
        points = row["landmarks"]
        assert points["right_eye"][0] < points["nose"][0] < points["left_eye"][0]
        assert points["left_eye"][1] < points["nose"][1]
        assert 0.5 < row["quality"] <= 1
    assert all(asset["is_face_scanned"] for asset in factory.assets())


def test_its_slow_pass_finds_the_profile_beside_her_and_takes_him_for_another(
    factory: Factory,
) -> None:
    with_portraits(factory)
    assert run(factory, FACE_SLOW_PASS="always")
    found = faces(factory)
    assert len(found) == 4
    hers, his = found[:2], found[2:]
    assert hers[0]["person_id"] == hers[1]["person_id"] != his[0]["person_id"]
    assert his[0]["person_id"] == his[1]["person_id"]


def test_it_takes_strangers_for_different_persons(factory: Factory) -> None:
    for path in strangers():
        factory.drop(path.name, path.read_bytes())
    with_portraits(factory)
    assert run(factory)
    found = faces(factory)
    whose = {row["original_name"]: row["person_id"] for row in found}
    assert len(found) == len(whose) == 4 and None not in whose.values()
    assert len(set(whose.values())) == 3


def test_it_raises_the_flag_of_a_photo_without_faces(factory: Factory) -> None:
    factory.drop("IMG_1.jpg")
    factory.ingest()
    assert run(factory)
    assert faces(factory) == []
    (asset,) = factory.assets()
    assert asset["is_face_scanned"] and asset["face_engine"] == str(engines.identity(settings()))


def settings() -> Settings:
    return Settings(_env_file=None)  # type: ignore[call-arg]


def test_it_parks_what_cannot_be_decoded_and_names_it(factory: Factory) -> None:
    path = factory.drop("IMG_1.jpg")
    path.write_bytes(path.read_bytes()[:-200])
    factory.ingest()
    assert not run(factory)
    (asset,) = factory.assets()
    assert asset["has_errors"] and "IMG_1.jpg" in asset["error_message"]


def test_it_searches_again_what_another_version_has_searched(factory: Factory) -> None:
    factory.drop("IMG_1.jpg")
    factory.drop("IMG_2.jpg")
    factory.ingest()
    run(factory)
    with factory.engine.begin() as connection:
        first = update(MediaAsset).where(MediaAsset.original_name == "IMG_1.jpg")
        connection.execute(first.values(face_engine="dlib 19.0+0.1"))
    run(factory)
    claims = {row["asset_id"]: row["claims"] for row in factory._rows(select(StageRun.__table__))}
    names = {row["id"]: row["original_name"] for row in factory.assets()}
    told = {names[asset_id]: number for asset_id, number in claims.items()}
    assert told == {"IMG_1.jpg": 2, "IMG_2.jpg": 1}


def test_it_searches_a_large_ledger_again_in_parts(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "_AT_ONCE", 2)
    rows = [an_asset(is_face_scanned=True, face_engine="dlib 19.0+0.1") for _ in range(5)]
    migrate(factory.engine)
    with factory.engine.begin() as connection:
        connection.execute(insert(MediaAsset), rows)
    scan.prepare(factory.settings(), factory.engine)
    assert {asset["is_face_scanned"] for asset in factory.assets()} == {False}


def test_it_rests_and_says_so_when_its_packages_are_missing(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    factory.drop("IMG_1.jpg")
    factory.ingest()
    assert run(factory)
    reason = scan.idle(factory.settings())
    assert reason and "\n" not in reason and "pip install 'photo-factory[face]'" in reason
    assert factory._rows(text("SELECT * FROM stage_runs")) == []
    assert not factory.assets()[0]["is_face_scanned"]


def test_it_spends_no_try_and_shows_red_while_the_models_are_missing(factory: Factory) -> None:
    factory.drop("IMG_1.jpg")
    factory.ingest()
    assert not run(factory, FACE_ENGINE="onnx")
    asset = factory.assets()[0]
    assert not asset["is_face_scanned"] and not asset["has_errors"]
    status = select(SystemStatus.__table__).where(SystemStatus.service_name == "face")
    (told,) = factory._rows(status)
    assert told["status"] == "ERROR"
    for model in (engines.onnx_engine.YUNET, engines.onnx_engine.SFACE):
        assert model.file in told["message"] and model.sha256 in told["message"]
    assert all(row["tries_left"] == 5 for row in factory._rows(text("SELECT * FROM stage_runs")))


def test_it_leaves_the_original_alone(factory: Factory) -> None:
    with_portraits(factory)
    shutil.copytree(factory.paths.originals, factory.home / "before")
    run(factory)
    assert factory.sums_hold()
    for path in (factory.home / "before").rglob("*.jpg"):
        original = factory.paths.originals / path.relative_to(factory.home / "before")
        assert original.read_bytes() == path.read_bytes()
