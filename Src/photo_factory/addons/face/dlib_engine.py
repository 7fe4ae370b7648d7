"""The packaged engine: dlib's HOG detector, 5-point predictor and ResNet, with their models.

The models are those of `face_recognition_models`. That package is looked up, never imported: its
only code asks pkg_resources, which setuptools no longer has. Its 68-point predictor is not used,
because the pictures it was trained on may not be used commercially.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from photo_factory.addons.face.found import Found, Point, fraction_box, quality_of
from photo_factory.shared.settings import Settings

PACKAGES = {"dlib": "dlib-bin", "face_recognition_models": "face_recognition_models"}

SMALLEST_PX = 80
"""The smallest face that either detector finds without enlarging the picture."""

DISTANCE = 0.5
"""dlib's own limit for a pair of faces is 0.6; chains of pairs need a tighter one."""

SLOW_SIDE_PX = 800
"""The slow network sees pictures no longer than this: its time grows with their area."""

_SAME = 0.3
"""Two boxes that overlap so much are one face, found by both detectors."""


def version() -> str:
    """dlib's own, without the patch level, and that of the models."""
    try:
        dlib = version_of("dlib-bin")
    except PackageNotFoundError:  # somebody has built it from its source, which has another name
        dlib = version_of("dlib")
    dlib = ".".join(dlib.split(".")[:2])
    return f"{dlib}+{version_of('face_recognition_models')}"


def problem(_settings: Settings) -> str | None:
    """Nothing can be wrong with models that come in a package."""
    return None


def load(_models: str, slow_pass: str) -> DlibEngine:
    """Load the models (0.3 s)."""
    return DlibEngine(slow_pass)


class DlibEngine:
    """HOG over the whole picture, and the slow network when `slow_pass` says so."""

    def __init__(self, slow_pass: str = "never") -> None:
        dlib: Any = import_module("dlib")
        folder = _models_folder()
        self._rectangle = dlib.rectangle
        self._hog = dlib.get_frontal_face_detector()
        self._points = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
        self._recogniser = dlib.face_recognition_model_v1(
            str(folder / "dlib_face_recognition_resnet_model_v1.dat")
        )
        self._slow_pass = slow_pass
        self._slow: Any = None
        if slow_pass != "never":
            network = str(folder / "mmod_human_face_detector.dat")
            self._slow = dlib.cnn_face_detection_model_v1(network)

    def find(self, rgb: Any) -> list[Found]:
        """The faces in an upright sRGB picture (uint8, height x width x 3)."""
        boxes = list(self._by_hog(rgb))
        if self._slow_pass == "always" or (self._slow_pass == "no-face" and not boxes):
            for box, certainty in self._by_network(rgb):
                if all(_overlap(box, known) < _SAME for known, _ in boxes):
                    boxes.append((box, certainty))
        return [self._described(rgb, box, certainty) for box, certainty in boxes]

    def _by_hog(self, rgb: Any) -> Iterator[tuple[Any, float]]:
        found, scores, _ = self._hog.run(rgb, 0, 0.0)
        # The score is a distance from the border between face and not. What was taken for a face
        # on made pictures without any had 0.63 at most, clear portraits have around 2.
        yield from zip(found, scores, strict=True)

    def _by_network(self, rgb: Any) -> Iterator[tuple[Any, float]]:
        small, factor = _shrunk(rgb)
        for one in self._slow(small, 0):
            edges = (one.rect.left(), one.rect.top(), one.rect.right(), one.rect.bottom())
            yield self._rectangle(*(round(edge * factor) for edge in edges)), one.confidence

    def _described(self, rgb: Any, box: Any, certainty: float) -> Found:
        import numpy as np

        height, width = rgb.shape[:2]
        shape = self._points(rgb, box)
        numbers = self._recogniser.compute_face_descriptor(rgb, shape)
        edges = (box.left(), box.top(), box.right() + 1, box.bottom() + 1)
        return Found(
            fraction_box(*edges, (width, height)),
            dict(_landmarks(shape, (width, height))),
            quality_of(certainty, min(box.width(), box.height())),
            np.asarray(numbers, dtype=np.float32),
        )


def _models_folder() -> Path:
    spec = find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("face_recognition_models is not installed")
    return Path(spec.submodule_search_locations[0]) / "models"


def _shrunk(rgb: Any) -> tuple[Any, float]:
    """The picture for the slow network, and how much larger the given one is."""
    import numpy as np
    from PIL import Image

    height, width = rgb.shape[:2]
    factor = max(height, width) / SLOW_SIDE_PX
    if factor <= 1:
        return rgb, 1.0
    size = (round(width / factor), round(height / factor))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX)), factor


def _landmarks(shape: Any, size: Point) -> Iterator[tuple[str, Point]]:
    """The predictor gives both corners of each eye; the eye is told as their middle."""
    at = [(shape.part(number).x, shape.part(number).y) for number in range(5)]
    for name, corners in (("left_eye", at[0:2]), ("right_eye", at[2:4]), ("nose", at[4:5])):
        x = sum(corner[0] for corner in corners) / len(corners)
        y = sum(corner[1] for corner in corners) / len(corners)
        yield name, (x / size[0], y / size[1])


def _overlap(one: Any, other: Any) -> float:
    shared = one.intersect(other).area()
    covered = one.area() + other.area() - shared
    return float(shared / covered) if covered else 0.0
