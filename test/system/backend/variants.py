"""Models of onnx's backend tests with one free axis that may count rows."""

import glob
import os
from collections import Counter
from dataclasses import dataclass

import onnx
from onnx import TensorProto, numpy_helper

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
NOT_COMPARED = (TensorProto.COMPLEX64, TensorProto.COMPLEX128)


@dataclass
class Variant:
    """A model whose inputs have their rows on the same axis, with the inputs of its test."""

    name: str
    model: onnx.ModelProto
    arrays: dict  # array of the test by input name
    axis: int  # row axis of every remaining input
    rows: int  # number of rows in the test


def backend_models():
    root = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data")
    for kind in KINDS:
        for folder in sorted(glob.glob(f"{root}/{kind}/*")):
            if os.path.exists(f"{folder}/model.onnx"):
                yield f"{kind}.{os.path.basename(folder)}", folder


def variants_of(name, folder, skipped: Counter):
    """Yields the variants of a model, and counts those that are impossible by reason."""
    try:
        arrays = test_arrays(onnx.load(f"{folder}/model.onnx"), folder)
    except Exception as problem:  # this version of onnx cannot read the data
        skipped[f"unreadable: {type(problem).__name__}"] += 1
        return
    if arrays is None:
        skipped["an input is not a tensor, or numpy does not have its type"] += 1
        return
    for suffix, make in VARIANTS.items():
        model = onnx.load(f"{folder}/model.onnx")
        made = make(model, dict(arrays))
        if made is None:
            skipped[f"no {suffix} variant"] += 1
        else:
            yield Variant(f"{name}.{suffix}", model, *made)


def test_arrays(model, folder):
    initial = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initial]
    values = (*inputs, *model.graph.output)
    if any(value.type.WhichOneof("value") != "tensor_type" for value in values):
        return None
    if any(value.type.tensor_type.elem_type in NOT_COMPARED for value in values):
        return None
    paths = sorted(
        glob.glob(f"{folder}/test_data_set_0/input_*.pb"), key=lambda path: int(path.rsplit("_", 1)[1][:-3])
    )
    arrays = {}
    for value, path in zip(inputs, paths):
        tensor = TensorProto()
        with open(path, "rb") as file:
            tensor.ParseFromString(file.read())
        array = numpy_helper.to_array(tensor)
        if array.dtype.kind not in "fiubOSU":
            return None
        arrays[value.name] = array
    return arrays if len(arrays) == len(inputs) and arrays else None


def graph_inputs(model, arrays):
    return [value for value in model.graph.input if value.name in arrays]


def free(value, axis):
    value.type.tensor_type.shape.dim[axis].dim_param = "N"


def declared_size(value, axis):
    shape = value.type.tensor_type.shape.dim
    return shape[axis].dim_value if len(shape) > axis else 0


def all_batched(model, arrays, axis=0):
    """Frees the axis of every input, and that of every output with the same size."""
    inputs = graph_inputs(model, arrays)
    sizes = {declared_size(value, axis) for value in inputs}
    rows = sizes.pop()
    if sizes or not rows or any(a.ndim <= axis or a.shape[axis] != rows for a in arrays.values()):
        return None
    if axis == 0 and any(declared_size(value, 0) != rows for value in model.graph.output):
        return None
    for value in inputs:
        free(value, axis)
    free_outputs(model, rows, axis)
    return arrays, axis, rows


def first_batched(model, arrays):
    """Frees the rows of the first input, and makes the other inputs constants."""
    inputs = graph_inputs(model, arrays)
    if len(inputs) < 2:
        return None
    first, others = inputs[0], inputs[1:]
    rows = declared_size(first, 0)
    if not rows or arrays[first.name].ndim == 0 or arrays[first.name].shape[0] != rows:
        return None
    if any(declared_size(value, 0) != rows for value in model.graph.output):
        return None
    for value in others:
        model.graph.initializer.append(numpy_helper.from_array(arrays.pop(value.name), value.name))
        model.graph.input.remove(value)
    free(first, 0)
    free_outputs(model, rows, 0)
    return arrays, 0, rows


def second_axis_batched(model, arrays):
    """Like all_batched, but on axis 1, where recurrent models have their rows."""
    return all_batched(model, arrays, axis=1)


def free_outputs(model, rows, axis):
    for value in model.graph.output:
        if declared_size(value, axis) == rows:
            free(value, axis)
        # With a different number of rows, the declared sizes of other axes may be wrong.
        for i, dim in enumerate(value.type.tensor_type.shape.dim):
            if i != axis:
                dim.ClearField("value")
    del model.graph.value_info[:]


VARIANTS = {"all": all_batched, "first": first_batched, "axis1": second_axis_batched}


