"""What an engine is: it finds faces in pixels, and says by numbers how alike two of them are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

from photo_factory.addons.face import dlib_engine, onnx_engine
from photo_factory.addons.face.found import Found
from photo_factory.shared.settings import Settings


class Engine(Protocol):
    """A loaded detector and recogniser."""

    def find(self, rgb: Any) -> list[Found]:
        """The faces in an upright picture: a C-contiguous uint8 array, height x width x 3, sRGB."""


@dataclass(frozen=True)
class Identity:
    """Which engine made an embedding; only embeddings of one identity can be compared."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


_MODULES: Mapping[str, Any] = {"dlib": dlib_engine, "onnx": onnx_engine}


def identity(settings: Settings) -> Identity:
    """The chosen engine and its version, without loading it.

    Raises PackageNotFoundError where its packages are missing (see `missing_packages`).
    """
    return Identity(settings.face_engine, _MODULES[settings.face_engine].version())


def distance(settings: Settings) -> float:
    """How far apart (Euclidean) two embeddings of one person may be."""
    limit: float = _MODULES[settings.face_engine].DISTANCE
    return settings.face_distance or limit


def long_side(settings: Settings) -> int:
    """Pixels of the longer side at which the smallest wanted face can just be found."""
    smallest: int = _MODULES[settings.face_engine].SMALLEST_PX
    return round(smallest / settings.face_min_size)


def missing_packages(settings: Settings) -> str | None:
    """One line when the chosen engine's packages are not installed."""
    packages: Mapping[str, str] = _MODULES[settings.face_engine].PACKAGES
    missing = [package for module, package in packages.items() if find_spec(module) is None]
    if not missing:
        return None
    return (
        f"FACE_ENGINE={settings.face_engine} needs {', '.join(missing)}, not installed here: "
        "pip install 'photo-factory[face]', or leave this service out"
    )


def problem(settings: Settings) -> str | None:
    """One line when the chosen engine's models are missing or not the expected ones."""
    told: str | None = _MODULES[settings.face_engine].problem(settings)
    return told


def load(settings: Settings) -> Engine:
    """The chosen engine; loaded once in a process."""
    models = settings.root / settings.face_models
    return _loaded(settings.face_engine, str(models), settings.face_slow_pass)


@cache
def _loaded(name: str, models: str, slow_pass: str) -> Engine:
    engine: Engine = _MODULES[name].load(models, slow_pass)
    return engine
