"""Mistakes in converting models from scikit-learn, each in a separate file."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from golden import write_golden
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folder = Path(sys.argv[1])
rows, species = load_iris(return_X_y=True)
types = [("features", FloatTensorType([None, 4]))]
tensors = {"zipmap": False}

model = LogisticRegression(max_iter=1000).fit(rows, species)
onnx.save(to_onnx(model, initial_types=types), folder / "zipmap.onnx")
onnx.save(to_onnx(model, initial_types=types, options=tensors), folder / "unnamed.onnx")
onnx.save(to_onnx(model, rows[:1], options=tensors), folder / "float64.onnx")


def forest(name: str, *steps: BaseEstimator) -> None:
    model = make_pipeline(*steps, RandomForestClassifier(50, random_state=0)).fit(rows[::2], species[::2])
    onnx.save(to_onnx(model, initial_types=types, options=tensors), folder / f"{name}.onnx")
    answers = {"probabilities": model.predict_proba(rows[1::2]).astype(np.float32)}
    example = ({"features": rows[1::2].astype(np.float32)}, answers)
    write_golden(folder / f"{name}.golden.json", {"held-out": example}, absolute=1e-6, relative=0)


forest("scaled-forest", StandardScaler())
forest("forest")

# Pixels have values from 0 to 16. The test uses them as the levels of a picture.
digits, numbers = load_digits(return_X_y=True)
model = LogisticRegression(max_iter=200).fit(digits / 16, numbers)
model.coef_ /= 16
onnx.save(to_onnx(model, initial_types=[("pixels", FloatTensorType([None, 64]))], options=tensors), folder / "digit.onnx")
(folder / "digit.levels.json").write_text(json.dumps(digits[0].astype(int).tolist()))
answers = {"probabilities": model.predict_proba(digits[:1]).astype(np.float32)}
write_golden(folder / "digit.golden.json", {"a zero": ("digit.png", answers)}, absolute=1e-5, relative=0)
