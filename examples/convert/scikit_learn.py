# SPDX-License-Identifier: Apache-2.0
"""Converts a pipeline that classifies irises by their sizes from scikit-learn to ONNX.

Writes iris.onnx and its golden examples to a folder.

pip install -r requirements-scikit-learn.txt && python scikit_learn.py models
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from golden import Tensors, write_golden
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

# Train.
iris = load_iris()
species = iris.target_names[iris.target]
train_rows, held_out, train_species, held_out_species = train_test_split(
    iris.data, species, test_size=0.4, stratify=species, random_state=0
)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train_rows, train_species)

# Convert. Without zipmap, the outputs are tensors instead of maps. The input is FP32.
onnx_model = to_onnx(
    model,
    initial_types=[("features", FloatTensorType([None, train_rows.shape[1]]))],
    options={"zipmap": False},
)
# The converter leaves the first dimension unnamed. A name tells clients that this dimension counts rows.
for value in [*onnx_model.graph.input, *onnx_model.graph.output]:
    value.type.tensor_type.shape.dim[0].dim_param = "batch"
onnx.save(onnx_model, folder / "iris.onnx")


# Record scikit-learn's own answers for the original float64 rows.
def example(rows: np.ndarray) -> tuple[Tensors, Tensors]:
    label, probabilities = model.predict(rows), model.predict_proba(rows)
    return (
        {"features": rows.astype(np.float32)},
        {"label": label, "probabilities": probabilities.astype(np.float32)},
    )


# Rounding to float32 changes these probabilities by less than 1e-6.
tolerance = {"absolute": 1e-5, "relative": 0}
golden = {"one flower": example(held_out[:1]), "twenty flowers": example(held_out[1:21])}
write_golden(folder / "iris.golden.json", golden, **tolerance)
# More examples, for trying out the served model.
write_golden(folder / "iris.held-out.json", {"the others": example(held_out[21:])}, **tolerance)
print(f"accuracy {model.score(held_out, held_out_species):.1%} of {len(held_out)} held-out flowers")
