"""Writes Keras networks converted by tf2onnx: a dense and a convolutional one, a GRU, and an embedding of words.

    python tensorflow_exports.py FOLDER
"""

import json
import sys
from pathlib import Path

import tensorflow as tf
import tf2onnx

LAYERS = tf.keras.layers
OPSET = 17


def floats(*shape):
    return {"datatype": "FP32", "shape": ["N", *shape], "uniform": [-1, 1]}


WORDS = {"datatype": "INT32", "shape": ["N", "length"], "integers": [0, 50]}
MODELS = {
    "dense": ([LAYERS.Dense(16, activation="relu"), LAYERS.Dense(3, activation="softmax")], floats(8), {}),
    "convolutional": (
        [LAYERS.Conv2D(8, 3, activation="relu"), LAYERS.MaxPool2D(), LAYERS.Flatten(), LAYERS.Dense(10)],
        floats(20, 20, 3),
        {},
    ),
    "gru": ([LAYERS.GRU(16, return_sequences=True), LAYERS.GRU(8), LAYERS.Dense(2)], floats(9, 4), {}),
    "words": (
        [LAYERS.Embedding(50, 8), LAYERS.Conv1D(8, 3, padding="same"), LAYERS.GlobalMaxPool1D(), LAYERS.Dense(4)],
        WORDS,
        {"length": [12, 16]},
    ),
}
DTYPES = {"FP32": tf.float32, "INT32": tf.int32}


def convert(layers, description):
    tf.keras.utils.set_random_seed(7)
    free = [None if isinstance(size, str) else size for size in description["shape"]]
    network = tf.keras.Sequential(layers)
    network.build(free)
    signature = [tf.TensorSpec(free, DTYPES[description["datatype"]], name="input")]
    function = tf.function(lambda x: network(x, training=False), input_signature=signature)
    return tf2onnx.convert.from_function(function, input_signature=signature, opset=OPSET)[0]


def main(root):
    source = f"TensorFlow {tf.__version__}, tf2onnx {tf2onnx.__version__}"
    for name, (layers, description, sizes) in MODELS.items():
        folder = Path(root) / name
        folder.mkdir(parents=True, exist_ok=True)
        spec = {"source": source, "kind": "Keras", "sizes": sizes}
        try:
            model = convert(layers, description)
            spec["inputs"] = {model.graph.input[0].name: description}
            (folder / "model.onnx").write_bytes(model.SerializeToString())
        except Exception as error:  # The converter does not support the model.
            spec["skipped"] = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:150]}"
        (folder / "spec.json").write_text(json.dumps(spec))


if __name__ == "__main__":
    main(sys.argv[1])
