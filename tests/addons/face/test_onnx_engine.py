"""The second engine's own code, with made models: the real ones are not to be had here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photo_factory.addons.face import onnx_engine
from photo_factory.addons.face.onnx_engine import OnnxEngine, models_problem
from photo_factory.shared.errors import TryLater
from tests.addons.face import tiny_models

Picture = np.ndarray


def picture(*faces: tuple[int, int], colour: tuple[int, int, int] = (255, 0, 0)) -> Picture:
    """Grey, 320 x 240, with a red square of one cell at each of these cells (x, y)."""
    rgb = np.full((240, 320, 3), 90, dtype=np.uint8)
    for x, y in faces:
        rgb[y * 16 : y * 16 + 16, x * 16 : x * 16 + 16] = colour
    return rgb


@pytest.fixture
def engine(tmp_path: Path) -> OnnxEngine:
    return OnnxEngine(tmp_path, *tiny_models.write(tmp_path))


def test_it_finds_what_the_detector_sees_and_tells_it_in_fractions(engine: OnnxEngine) -> None:
    (found,) = engine.find(picture((5, 3)))
    # The cell's middle is at (88, 56); the face is two cells of 16 pixels.
    assert found.box.left == pytest.approx(72 / 320, abs=0.005)
    assert found.box.top == pytest.approx(40 / 240, abs=0.005)
    assert found.box.width == pytest.approx(32 / 320, abs=0.005)
    assert found.box.height == pytest.approx(32 / 240, abs=0.005)
    assert found.landmarks["nose"] == pytest.approx((88 / 320, 56 / 240), abs=0.005)
    assert found.landmarks["right_eye"][0] < found.landmarks["left_eye"][0]
    assert found.landmarks["mouth_left"][1] > found.landmarks["nose"][1]
    assert 0 < found.quality == pytest.approx(32 / 112, abs=0.01)


def test_it_sees_colours_as_they_are(engine: OnnxEngine) -> None:
    assert engine.find(picture((5, 3), colour=(0, 0, 255))) == []


def test_it_finds_every_face_in_pictures_of_different_sizes(engine: OnnxEngine) -> None:
    assert len(engine.find(picture((2, 3), (9, 8), (15, 4)))) == 3
    assert len(engine.find(np.ascontiguousarray(picture((5, 3))[:, :160]))) == 1
    assert engine.find(picture()) == []


def test_its_embeddings_have_length_one_and_tell_pictures_apart(engine: OnnxEngine) -> None:
    one, same = engine.find(picture((5, 3)))[0], engine.find(picture((9, 8)))[0]
    other_picture = picture((5, 3))
    other_picture[64:76, 72:104] = (0, 255, 0)
    (other,) = engine.find(other_picture)
    assert one.embedding.dtype == np.float32 and one.embedding.shape == (128,)
    for found in (one, same, other):
        assert np.linalg.norm(found.embedding) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(one.embedding - same.embedding) < 0.05
    assert np.linalg.norm(one.embedding - other.embedding) > 0.1


def test_it_refuses_a_model_that_was_changed_and_names_what_it_wants(tmp_path: Path) -> None:
    detector, recogniser = tiny_models.write(tmp_path)
    path = tmp_path / detector.file
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(TryLater, match=f"{detector.file} has another SHA-256.*{detector.sha256}"):
        OnnxEngine(tmp_path, detector, recogniser)
    told = models_problem(tmp_path, (detector, recogniser))
    assert told is not None and "\n" not in told
    assert f"{recogniser.file} has another" not in told and recogniser.sha256 in told


def test_it_notices_that_the_models_have_come(tmp_path: Path) -> None:
    made = tiny_models.write(tmp_path / "made")
    told = models_problem(tmp_path / "Models", made)
    assert told is not None and "cannot be read (No such file or directory)" in told
    tiny_models.write(tmp_path / "Models")
    assert models_problem(tmp_path / "Models", made) is None


def test_its_version_is_that_of_the_models() -> None:
    assert onnx_engine.version() == "8f2383e4+0ba9fbfa"
