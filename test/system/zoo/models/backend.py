"""Extracts the models of the backend tests in onnx's wheel, which cover nearly every operator, with their inputs.

    python backend.py FOLDER [--sample COUNT]

For each test, writes FOLDER/NAME/{model.onnx,spec.json,arrays.npz} with the original model. If all inputs and outputs
have the same size on axis 0, also writes "NAME (free)" with a symbol for that size. --sample selects COUNT tests,
evenly by name, and writes only the freed model of each if there is one.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from graph import freed, true_inputs
from onnx import TensorProto, numpy_helper
from request_arrays import datatype_of

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
KINDS = ("node", "pytorch-converted", "pytorch-operator", "simple")


class Unusable(Exception):
    """Reason why a test is skipped."""


def tests():
    return sorted(path.parent for kind in KINDS for path in (DATA / kind).glob("*/model.onnx"))


def read_test(folder):
    """Returns the model, and for each data set the arrays by the name of the input."""
    model = onnx.load(folder / "model.onnx")
    inputs = true_inputs(model)
    if any(value.type.WhichOneof("value") != "tensor_type" for value in (*inputs, *model.graph.output)):
        raise Unusable("an input or output is not a tensor")
    sets = []
    for data in sorted(folder.glob("test_data_set_*")):
        paths = sorted(data.glob("input_*.pb"), key=lambda path: int(path.stem.split("_")[1]))
        sets.append({value.name: read_tensor(path) for value, path in zip(inputs, paths)})
    if not sets or len(sets[0]) != len(inputs):
        raise Unusable("it has no data for its inputs")
    return model, sets


def read_tensor(path):
    tensor = TensorProto()
    tensor.ParseFromString(path.read_bytes())
    try:
        array = numpy_helper.to_array(tensor)
        datatype_of(array)
        if tensor.data_type in (TensorProto.BFLOAT16, *range(TensorProto.FLOAT8E4M3FN, TensorProto.FLOAT4E2M1 + 1)):
            raise KeyError
    except (KeyError, TypeError, ValueError):
        raise Unusable(f"no protocol datatype: {TensorProto.DataType.Name(tensor.data_type)}") from None
    return array


def free_rows(model, sets):
    """The number of rows that all inputs and outputs have on axis 0; None if they differ."""
    shapes = [value.type.tensor_type.shape.dim for value in (*true_inputs(model), *model.graph.output)]
    sizes = {shape[0].dim_value if len(shape) else 0 for shape in shapes}
    given = {array.shape[0] if array.ndim else 0 for array in sets[0].values()}
    return sizes.pop() if sets[0] and sizes == given and len(sizes) == 1 and 0 not in sizes else None


def write(root, name, spec, model=None, sets=()):
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    if model is not None:
        onnx.save(model, folder / "model.onnx")
        arrays = {f"{index}/{key}": array for index, one in enumerate(sets) for key, array in one.items()}
        np.savez(folder / "arrays.npz", **arrays)
    (folder / "spec.json").write_text(json.dumps(spec))


def take(root, test, sampling):
    name = f"{test.parent.name}.{test.name}"
    spec = {"source": f"onnx=={onnx.__version__}, {test.parent.name}/{test.name}"}
    try:
        model, sets = read_test(test)
    except Unusable as reason:
        return write(root, name, {**spec, "skipped": str(reason)})
    except Exception as error:  # This version of onnx cannot read the data.
        return write(root, name, {**spec, "skipped": f"unreadable data: {type(error).__name__}"})
    rows = free_rows(model, sets)
    if rows is None or not sampling:
        write(root, name, spec, model, sets)
    if rows is not None:
        axes = {value.name: 0 for value in true_inputs(model)}
        given = {"axes": axes, "rows": rows}
        write(root, f"{name} (free)", {**spec, "given": given}, freed(model, axes, free_outputs=True), sets[:1])


def main(root, *options):
    found = tests()
    if "--sample" in options:
        count = int(options[options.index("--sample") + 1])
        found = [found[index * len(found) // count] for index in range(count)]
    for test in found:
        take(Path(root), test, "--sample" in options)


if __name__ == "__main__":
    main(*sys.argv[1:])
