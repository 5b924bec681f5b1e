"""Mistakes in converting models from XGBoost, each in a separate file."""

import sys
from pathlib import Path

import numpy as np
import onnx
from golden import write_golden
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.datasets import load_iris
from xgboost import DMatrix, XGBClassifier, XGBRegressor, train

folder = Path(sys.argv[1])
iris = load_iris()
rows = iris.data.astype(np.float32)
types = [("features", FloatTensorType(["batch", 4]))]


def refused(name: str, model: object, types: list = types) -> None:
    """Writes the error of the converter."""
    try:
        convert_xgboost(model, initial_types=types)
    except RuntimeError as error:
        (folder / f"{name}.txt").write_text(str(error))


model = XGBClassifier(n_estimators=5, n_jobs=1).fit(rows, iris.target)
refused("float64", model, [("features", DoubleTensorType(["batch", 4]))])
refused("missing", XGBClassifier(n_estimators=5, n_jobs=1, missing=0.0).fit(rows, iris.target))
named = DMatrix(rows, iris.target == 0, feature_names=iris.feature_names)
refused("feature-names", train({"objective": "binary:logistic", "nthread": 1}, named, 5))

regressor = XGBRegressor(n_estimators=5, n_jobs=1).fit(rows[:, :3], rows[:, 3])
onnx.save(
    convert_xgboost(regressor, initial_types=[("features", FloatTensorType(["batch", 3]))]),
    folder / "regressor.onnx",
)
example = ({"features": rows[:2, :3]}, {"variable": regressor.predict(rows[:2, :3])})
write_golden(folder / "regressor.golden.json", {"two flowers": example}, absolute=1e-5, relative=1e-5)
