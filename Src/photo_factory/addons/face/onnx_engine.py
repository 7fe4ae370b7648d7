"""The second engine: OpenCV's YuNet detector and SFace recogniser, from a folder of models."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from photo_factory.addons.face.found import Found, fraction_box, quality_of
from photo_factory.shared.errors import TryLater
from photo_factory.shared.settings import Settings

PACKAGES = {"cv2": "opencv-python-headless"}

SMALLEST_PX = 48
"""YuNet finds smaller ones, but nobody could say whose they are."""

DISTANCE = 1.128
"""OpenCV's own limit for SFace embeddings of length 1."""

_CERTAIN = 0.8
_MOST_FACES = 500
_SUPPRESSION = 0.3


@dataclass(frozen=True)
class Model:
    """A file of the OpenCV model zoo, and the SHA-256 of the one that is meant."""

    file: str
    sha256: str


YUNET = Model(
    "face_detection_yunet_2023mar.onnx",
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
)
SFACE = Model(
    "face_recognition_sface_2021dec.onnx",
    "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
)


def version() -> str:
    """The models themselves: embeddings change with them, not with OpenCV's patch levels."""
    return f"{YUNET.sha256[:8]}+{SFACE.sha256[:8]}"


def problem(settings: Settings) -> str | None:
    """One line when a model is missing or is another one than expected."""
    return models_problem(settings.root / settings.face_models, (YUNET, SFACE))


def models_problem(folder: Path, models: Sequence[Model]) -> str | None:
    """What is wrong with these models in this folder, with their names and checksums."""
    wrong = [told for model in models if (told := _wrong(folder / model.file, model))]
    if not wrong:
        return None
    expected = ", ".join(f"{model.file} (SHA-256 {model.sha256})" for model in models)
    return (
        f"FACE_ENGINE=onnx cannot start: {'; '.join(wrong)}. Put {expected} of the OpenCV model "
        f"zoo into {folder}, or set FACE_MODELS"
    )


def load(models: str, _slow_pass: str) -> OnnxEngine:
    """Load both models from a folder; TryLater while they are not the expected ones."""
    return OnnxEngine(Path(models))


class OnnxEngine:
    """YuNet finds, SFace describes."""

    def __init__(self, folder: Path, detector: Model = YUNET, recogniser: Model = SFACE) -> None:
        cv2: Any = import_module("cv2")
        cv2.setNumThreads(1)  # photos are worked side by side already
        self._detector = cv2.FaceDetectorYN.create(
            "onnx", _proven(folder, detector), _no_bytes(), (320, 320),
            _CERTAIN, _SUPPRESSION, _MOST_FACES,
        )  # fmt: skip
        self._recogniser = cv2.FaceRecognizerSF.create(
            "onnx", _proven(folder, recogniser), _no_bytes()
        )

    def find(self, rgb: Any) -> list[Found]:
        """The faces in an upright sRGB picture (uint8, height x width x 3)."""
        import numpy as np

        bgr = np.ascontiguousarray(rgb[:, :, ::-1])
        self._detector.setInputSize((bgr.shape[1], bgr.shape[0]))
        _, rows = self._detector.detect(bgr)
        return [] if rows is None else [self._described(bgr, row) for row in rows]

    def _described(self, bgr: Any, row: Any) -> Found:
        import numpy as np

        height, width = bgr.shape[:2]
        numbers = self._recogniser.feature(self._recogniser.alignCrop(bgr, row)).ravel()
        length = float(np.linalg.norm(numbers)) or 1.0
        left, top, across, down = (float(edge) for edge in row[:4])
        names = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
        at = {
            name: (float(row[4 + 2 * i]) / width, float(row[5 + 2 * i]) / height)
            for i, name in enumerate(names)
        }
        return Found(
            fraction_box(left, top, left + across, top + down, (width, height)),
            at,
            quality_of(float(row[14]), min(across, down)),
            (numbers / length).astype(np.float32),
        )


def _no_bytes() -> Any:
    import numpy as np

    return np.empty(0, dtype=np.uint8)


def _proven(folder: Path, model: Model) -> Any:
    """The model's bytes, which are those that were hashed."""
    import numpy as np

    try:
        content = (folder / model.file).read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise TryLater(models_problem(folder, (model,)) or f"{model.file} has just been changed")
    return np.frombuffer(content, dtype=np.uint8)


def _wrong(path: Path, model: Model) -> str | None:
    try:
        about = path.stat()
        found = _sha256(path, about.st_mtime_ns, about.st_size)
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror})"
    return None if found == model.sha256 else f"{path.name} has another SHA-256 ({found})"


@lru_cache(maxsize=16)
def _sha256(path: Path, _mtime_ns: int, _size: int) -> str:
    """Hashed once, and again when the file has changed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
