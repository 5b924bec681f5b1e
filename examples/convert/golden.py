# SPDX-License-Identifier: Apache-2.0
"""Writes a framework's answers as golden examples: requests and responses of the Open Inference Protocol.

The examples prove the conversion, because the answers come from the framework that trained the model and not from the
ONNX file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

Tensors = dict[str, np.ndarray]

DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "int8": "INT8",
    "uint16": "UINT16",
    "int16": "INT16",
    "uint32": "UINT32",
    "int32": "INT32",
    "uint64": "UINT64",
    "int64": "INT64",
    "float32": "FP32",
    "float64": "FP64",
}


def write_golden(
    path: Path, examples: dict[str, tuple[Tensors | str, Tensors]], absolute: float, relative: float
) -> None:
    """Writes the examples to a JSON file. Each example has a name, and a pair of inputs and outputs.

    Instead of inputs, an example can have the path of a PNG or JPEG file, relative to the folder of the JSON file. The
    server then converts the picture as declared with the model, which must match the preprocessing in training.
    A float may differ by up to absolute + relative * |expected|; all other values must be equal.
    """
    golden = [
        {
            "name": name,
            **({"picture": inputs} if isinstance(inputs, str) else {"request": {"inputs": tensors(inputs)}}),
            "response": {"outputs": tensors(outputs)},
            "tolerance": {"absolute": absolute, "relative": relative},
        }
        for name, (inputs, outputs) in examples.items()
    ]
    # JSON has no NaN: elements() has converted NaN and infinities to strings.
    path.write_text(json.dumps({"examples": golden}, allow_nan=False) + "\n")


def tensors(values: Tensors) -> list[dict[str, Any]]:
    return [
        {"name": name, "datatype": datatype(array), "shape": list(array.shape), "data": elements(array)}
        for name, array in values.items()
    ]


def datatype(array: np.ndarray) -> str:
    return "BYTES" if array.dtype.kind in "UO" else DATATYPES[array.dtype.name]


def elements(array: np.ndarray) -> list[Any]:
    """Elements in row-major order. Floats have the fewest digits that restore the same value."""
    flat = array.ravel()
    if array.dtype.kind != "f":
        return flat.tolist()
    return [float(str(value)) if np.isfinite(value) else not_finite(value) for value in flat]


def not_finite(value: np.floating) -> str:
    return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
