"""Creates requests for a model from a description of its inputs.

The description of an input has its datatype, its shape and its values. In the shape, "N" marks the axis that counts
rows, and any other word is a size that `sizes` lists. All rows share an input without "N". The values are one of

    "uniform": [low, high]     floats
    "integers": [low, high]    whole numbers below high
    "constant": value
    "texts": [...]             one of these
    "padding": true            an attention mask: ones, then zeros
"""

import numpy as np

DTYPES = {
    "BOOL": np.bool_,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": object,
}
DATATYPES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}


def datatype_of(array):
    """Datatype of the Open Inference Protocol; strings may have any of numpy's string types."""
    return "BYTES" if array.dtype.kind in "OSU" else DATATYPES[array.dtype]


def row_axis(description):
    """The axis that counts rows; None for an input that all rows share."""
    shape = description["shape"]
    return shape.index("N") if "N" in shape else None


def draw(inputs, rows, sizes, rng):
    """Creates a request with this number of rows, as the array of each input."""
    return {name: _array(description, {**sizes, "N": rows}, rng) for name, description in inputs.items()}


def _array(description, sizes, rng):
    shape = [sizes.get(size, size) for size in description["shape"]]
    dtype = DTYPES[description["datatype"]]
    if "constant" in description:
        return np.full(shape, description["constant"], dtype)
    if "uniform" in description:
        return rng.uniform(*description["uniform"], shape).astype(dtype)
    if "integers" in description:
        return rng.integers(*description["integers"], shape).astype(dtype)
    if "texts" in description:
        return np.array(rng.choice(description["texts"], shape), object)
    lengths = rng.integers(2, shape[-1] + 1, [*shape[:-1], 1])
    return (np.arange(shape[-1]) < lengths).astype(dtype)
