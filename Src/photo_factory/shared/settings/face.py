"""Settings of the add-on `face`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class FaceSettings(BaseSettings):
    """Who looks for faces, how closely, and when two faces are one person's."""

    face_engine: Literal["dlib", "onnx"] = Field(
        "dlib",
        alias="FACE_ENGINE",
        description="dlib (comes with its models) or onnx (YuNet and SFace from FACE_MODELS).",
    )
    face_models: Path = Field(
        Path("Models"),
        alias="FACE_MODELS",
        description="The folder that FACE_ENGINE=onnx reads its two models from.",
    )
    face_min_size: float = Field(
        0.05,
        ge=0.01,
        le=0.5,
        alias="FACE_MIN_SIZE",
        description="The smallest face to find, as a share of the picture's longer side.",
    )
    face_slow_pass: Literal["never", "no-face", "always"] = Field(
        "never",
        alias="FACE_SLOW_PASS",
        description="When dlib also looks by its slow network, which finds profiles, too.",
    )
    face_min_quality: float = Field(
        0.2,
        ge=0,
        le=1,
        alias="FACE_MIN_QUALITY",
        description="Faces below this quality are kept, but are given to no person.",
    )
    face_distance: float | None = Field(
        None,
        gt=0,
        le=2,
        alias="FACE_DISTANCE",
        description="How far apart two faces of a person may be; unset: 0.5 (dlib), 1.128 (onnx).",
    )
