# SPDX-License-Identifier: Apache-2.0
"""Converts trees that classify tumours by measurements, some of which are missing, from XGBoost to ONNX.

Writes tumours.onnx and its golden examples to a folder.

pip install -r requirements-xgboost.txt && python xgboost_model.py models
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from golden import Tensors, write_golden
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from xgboost import XGBClassifier

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

# Train. One in twenty measurements is missing; XGBoost learns which branch to take for missing values.
rows, benign = load_breast_cancer(return_X_y=True)
rows = rows.astype(np.float32)
rows[np.random.default_rng(0).random(rows.shape) < 0.05] = np.nan
train_rows, held_out, train_benign, held_out_benign = train_test_split(
    rows, benign, test_size=0.3, stratify=benign, random_state=0
)
model = XGBClassifier(n_estimators=100, max_depth=3, n_jobs=1).fit(train_rows, train_benign)

# Convert. The name "batch" tells clients that the first dimension counts rows.
onnx_model = convert_xgboost(
    model,
    name="tumours",
    initial_types=[("features", FloatTensorType(["batch", rows.shape[1]]))],
)
onnx.save(onnx_model, folder / "tumours.onnx")


# Record XGBoost's own answers.
def example(rows: np.ndarray) -> tuple[Tensors, Tensors]:
    label, probabilities = model.predict(rows), model.predict_proba(rows)
    return {"features": rows}, {"label": label.astype(np.int64), "probabilities": probabilities}


# XGBoost and onnxruntime add the values of a hundred leaves in different orders, which changes probabilities by less
# than 1e-6.
tolerance = {"absolute": 1e-5, "relative": 0}
golden = {"one tumour": example(held_out[:1]), "twenty tumours": example(held_out[1:21])}
write_golden(folder / "tumours.golden.json", golden, **tolerance)
# More examples, for trying out the served model.
write_golden(folder / "tumours.held-out.json", {"the others": example(held_out[21:])}, **tolerance)
print(f"accuracy {model.score(held_out, held_out_benign):.1%} of {len(held_out)} held-out tumours")
