"""ONNX models of the shape of YuNet and SFace, small enough to be understood.

The detector sees a face wherever the picture is red: in cells of 8, 16 and 32 pixels, a certainty
for each, a box of two cells around its middle, and landmarks around that. The recogniser takes the
average colours of a grid over the aligned face for its embedding.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from photo_factory.addons.face.onnx_engine import Model

STRIDES = (8, 16, 32)
CELLS = 2.0
"""How many cells wide a face is."""

_POINTS = ((-0.5, -0.3), (0.5, -0.3), (0.0, 0.0), (-0.3, 0.5), (0.3, 0.5))
"""Landmarks, in cells from the middle: eyes, nose, corners of the mouth."""


def write(folder: Path) -> tuple[Model, Model]:
    """Both models, and what is to be expected of their files."""
    folder.mkdir(parents=True, exist_ok=True)
    return _save(folder / "detector.onnx", _detector()), _save(folder / "sface.onnx", _recogniser())


def _save(path: Path, graph: onnx.GraphProto) -> Model:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    path.write_bytes(content)
    return Model(path.name, hashlib.sha256(content).hexdigest())


def _detector() -> onnx.GraphProto:
    nodes, constants, outputs = [], [], []
    for stride in STRIDES:
        nodes.append(
            helper.make_node(
                "AveragePool", ["input"], [f"mean_{stride}"],
                kernel_shape=[stride, stride], strides=[stride, stride],
            )
        )  # fmt: skip
        for name, weights, bias in _heads(stride):
            end = f"{name}_{stride}"
            shape = np.array([1, -1, len(bias)], dtype=np.int64)
            constants += [
                numpy_helper.from_array(weights, f"{end}_w"),
                numpy_helper.from_array(bias, f"{end}_b"),
                numpy_helper.from_array(shape, f"{end}_shape"),
            ]
            made = [f"mean_{stride}", f"{end}_w", f"{end}_b"]
            last = f"{end}_raw"
            nodes.append(helper.make_node("Conv", made, [last], kernel_shape=[1, 1]))
            if name in ("cls", "obj"):
                nodes.append(helper.make_node("Sigmoid", [last], [f"{end}_sure"]))
                last = f"{end}_sure"
            nodes += [
                helper.make_node("Transpose", [last], [f"{end}_t"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"{end}_t", f"{end}_shape"], [end]),
            ]
            outputs.append(
                helper.make_tensor_value_info(end, TensorProto.FLOAT, [1, None, len(bias)])
            )
    order = [f"{name}_{stride}" for name in ("cls", "obj", "bbox", "kps") for stride in STRIDES]
    outputs.sort(key=lambda output: order.index(output.name))
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 640, 640])
    return helper.make_graph(nodes, "detector", [given], outputs, constants)


def _heads(stride: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, weights (blue, green, red) and bias of each output."""
    # Certain where red outweighs the rest; only the middle size of cells sees anything.
    bias = -40.0 if stride == 16 else -1000.0
    sure = np.array([-0.4, -0.4, 0.4], dtype=np.float32).reshape(1, 3, 1, 1)
    boxes = np.array([0.5, 0.5, np.log(CELLS), np.log(CELLS)], dtype=np.float32)
    points = np.array([0.5 + p for point in _POINTS for p in point], dtype=np.float32)
    return [
        ("cls", sure, np.array([bias], dtype=np.float32)),
        ("obj", sure, np.array([bias], dtype=np.float32)),
        ("bbox", np.zeros((4, 3, 1, 1), dtype=np.float32), boxes),
        ("kps", np.zeros((10, 3, 1, 1), dtype=np.float32), points),
    ]


def _recogniser() -> onnx.GraphProto:
    nodes = [
        helper.make_node(
            "AveragePool", ["data"], ["mean"], kernel_shape=[16, 16], strides=[16, 16]
        ),
        helper.make_node("Flatten", ["mean"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "w"], ["fc1"]),
    ]
    weights = np.random.default_rng(3).standard_normal((147, 128)).astype(np.float32)
    given = helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 112, 112])
    told = helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, 128])
    constants = [numpy_helper.from_array(weights, "w")]
    return helper.make_graph(nodes, "recogniser", [given], [told], constants)
