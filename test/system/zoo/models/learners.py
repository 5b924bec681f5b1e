"""Writes models of scikit-learn and, with --all, of XGBoost and LightGBM, using their converters.

    python learners.py FOLDER [--all]
"""

import json
import sys
from pathlib import Path

import numpy as np
import sklearn
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

X, Y = load_iris(return_X_y=True)
X = X.astype(np.float32)
FLOWERS = {"datatype": "FP32", "shape": ["N", 4], "uniform": [0, 8]}
TEXTS = ["a red rose", "white lily of the valley", "an iris", "blue iris and red rose", "no flower at all"]
OPSET = {"": 17, "ai.onnx.ml": 3}

ON_FLOWERS = {
    "logistic_regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
    "ridge": Ridge,
    "random_forest": lambda: RandomForestClassifier(20, random_state=7),
    "gradient_boosting": lambda: GradientBoostingClassifier(n_estimators=10, random_state=7),
    "hist_gradient_boosting": lambda: HistGradientBoostingRegressor(max_iter=10, random_state=7),
    "isolation_forest": lambda: IsolationForest(n_estimators=10, random_state=7),
    "svc": lambda: SVC(probability=True, random_state=7),
    "nearest_neighbours": lambda: KNeighborsClassifier(3),
    "k_means": lambda: KMeans(3, random_state=7, n_init=3),
    "pca_and_mlp": lambda: make_pipeline(StandardScaler(), PCA(2), MLPClassifier((8,), max_iter=400, random_state=7)),
}


# Write probabilities as a tensor instead of a sequence of maps.
PLAIN = {"zipmap": False}


def save(root, name, source, kind, inputs, convert):
    """Writes the result of `convert`, or the reason why it fails, to a folder."""
    folder = Path(root) / name
    folder.mkdir(parents=True, exist_ok=True)
    spec = {"source": source, "kind": kind, "inputs": inputs}
    try:
        (folder / "model.onnx").write_bytes(convert().SerializeToString())
    except Exception as error:  # The converter does not support the model.
        spec["skipped"] = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:150]}"
    (folder / "spec.json").write_text(json.dumps(spec))


def scikit_learn(root):
    source = f"scikit-learn {sklearn.__version__}"
    for name, make in ON_FLOWERS.items():
        save(root, name, source, "numbers", {"X": FLOWERS}, lambda make=make: on_flowers(make()))
    described = {"datatype": "BYTES", "shape": ["N", 1], "texts": TEXTS}
    save(root, "text_classifier", source, "texts", {"X": described}, of_texts)
    inputs = {
        "width": {"datatype": "FP32", "shape": ["N", 1], "uniform": [4, 8]},
        "color": {"datatype": "BYTES", "shape": ["N", 1], "texts": ["red", "blue", "white"]},
    }
    save(root, "table", source, "one input a column", inputs, of_columns)


def on_flowers(estimator):
    fitted = estimator.fit(X, Y)
    options = {id(fitted): PLAIN} if hasattr(fitted, "predict_proba") else None
    return to_onnx(fitted, X[:1], options=options, target_opset=OPSET)


def of_texts():
    # Conversion to lower case needs a locale that few images have.
    fitted = make_pipeline(TfidfVectorizer(lowercase=False), LogisticRegression()).fit(TEXTS * 4, [0, 1, 2, 2, 0] * 4)
    return to_onnx(fitted, np.array([TEXTS[:1]]), options={id(fitted): PLAIN}, target_opset=OPSET)


def of_columns():
    columns = ColumnTransformer([("numbers", StandardScaler(), [0]), ("words", OneHotEncoder(), [1])])
    table = np.column_stack([X[:, 0].astype(object), np.array(["red", "blue", "white"], object)[Y]])
    fitted = make_pipeline(columns, LogisticRegression()).fit(table, Y)
    types = [("width", FloatTensorType([None, 1])), ("color", StringTensorType([None, 1]))]
    return to_onnx(fitted, initial_types=types, options={id(fitted): PLAIN}, target_opset=OPSET)


def boosted(root):
    import lightgbm
    import xgboost
    from onnxmltools import convert_lightgbm, convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType as Floats

    known = {"initial_types": [("X", Floats([None, 4]))], "target_opset": 15}
    xgb, lgb = f"XGBoost {xgboost.__version__}", f"LightGBM {lightgbm.__version__}"
    trees = {"n_estimators": 10, "verbose": -1}
    models = {
        "xgboost_classifier": (xgb, lambda: convert_xgboost(xgboost.XGBClassifier(n_estimators=10).fit(X, Y), **known)),
        "xgboost_regressor": (xgb, lambda: convert_xgboost(xgboost.XGBRegressor(n_estimators=10).fit(X, Y), **known)),
        "lightgbm_classifier": (
            lgb,
            lambda: convert_lightgbm(lightgbm.LGBMClassifier(**trees).fit(X, Y), zipmap=False, **known),
        ),
        "lightgbm_regressor": (lgb, lambda: convert_lightgbm(lightgbm.LGBMRegressor(**trees).fit(X, Y), **known)),
    }
    for name, (source, convert) in models.items():
        save(root, name, source, "numbers", {"X": FLOWERS}, convert)


def main(root, *options):
    scikit_learn(root)
    if "--all" in options:
        boosted(root)


if __name__ == "__main__":
    main(*sys.argv[1:])
