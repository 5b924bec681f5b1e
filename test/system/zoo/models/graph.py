"""What of a model's file the zoo reads and changes."""

import onnx

# Of a tensor in the file: the largest that protobuf takes as one message is 2 GB.
ROWS = "rows"


def true_inputs(model):
    """The inputs that a client gives: those without an initializer."""
    initial = {initializer.name for initializer in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in initial]


def fixed_size(value, axis):
    """The declared size of an axis, where it is a number."""
    dimensions = value.type.tensor_type.shape.dim
    if axis is None or axis >= len(dimensions) or dimensions[axis].dim_value <= 0:
        return None
    return dimensions[axis].dim_value


def freed(model, axes):
    """The model with a symbol where it declares a number of rows: axis by name of input; outputs' first axis."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in true_inputs(copy):
        axis = axes.get(value.name)
        if fixed_size(value, axis) is not None:
            value.type.tensor_type.shape.dim[axis].dim_param = ROWS
    for value in copy.graph.output:
        # What the runtime finds is what counts: a declaration that is untrue is a warning at each run.
        value.type.tensor_type.ClearField("shape")
    del copy.graph.value_info[:]
    return copy
