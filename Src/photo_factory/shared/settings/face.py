"""Settings of the add-on `face`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class FaceSettings(BaseSettings):
    """Who looks for faces, and how closely."""

    face_engine: Literal["dlib", "onnx"] = Field(
        "dlib",
        alias="FACE_ENGINE",
        description="dlib (comes with its models) or onnx (YuNet and SFace from FACE_MODELS).",
    )
