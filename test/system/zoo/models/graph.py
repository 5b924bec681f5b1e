"""Reads and changes parts of a model's file."""

import onnx

ROWS = "rows"


def true_inputs(model):
    """Inputs that a client must send: those without an initializer."""
    initial = {initializer.name for initializer in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in initial]


def fixed_size(value, axis):
    """Declared size of an axis; None if it is not a number."""
    dimensions = value.type.tensor_type.shape.dim
    if axis is None or axis >= len(dimensions) or dimensions[axis].dim_value <= 0:
        return None
    return dimensions[axis].dim_value


def freed(model, axes, free_outputs=False):
    """Returns the model with a symbol for the number of rows that inputs declare on their axes in `axes`.

    free_outputs: whether outputs have their rows on axis 0; if not, their declared shapes are removed.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in true_inputs(copy):
        axis = axes.get(value.name)
        if fixed_size(value, axis) is not None:
            value.type.tensor_type.shape.dim[axis].dim_param = ROWS
    for value in copy.graph.output:
        if free_outputs:
            value.type.tensor_type.shape.dim[0].dim_param = ROWS
        else:
            value.type.tensor_type.ClearField("shape")
    del copy.graph.value_info[:]
    return copy
