"""Creates requests for each model of a folder, and correct answers from onnxruntime in Python to each request alone.

    python prepare.py FOLDER

Reads FOLDER/NAME/{spec.json,model.onnx}, and writes cases.json and cases.bin beside them.
"""

import json
import os
import sys
import zlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from difference import difference
from graph import fixed_size, freed, true_inputs
from request_arrays import datatype_of, draw, row_axis
from trial import why_coupled

# Numbers of rows in the requests to a model that accepts any number. Neighboring clients send different numbers.
ROWS = (1, 1, 2, 3, 1, 5)
FIXED_REQUESTS = 4


class Blob:
    """File with the bytes of all tensors."""

    def __init__(self):
        self.parts, self.length = [], 0

    def tensor(self, name, array):
        described = {"name": name, "datatype": datatype_of(array), "shape": list(array.shape)}
        if described["datatype"] == "BYTES":
            return {**described, "texts": [_text(value) for value in array.ravel().tolist()]}
        content = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        self.parts.append(content)
        self.length += len(content)
        return {**described, "offset": self.length - len(content), "bytes": len(content)}


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def session_of(model):
    options = onnxruntime.SessionOptions()
    # Uses the same number of threads as the server, because kernels of quantized models round differently with a
    # different number of threads.
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def runner(session):
    names = [output.name for output in session.get_outputs()]
    return lambda request: dict(zip(names, (np.asarray(value) for value in session.run(names, request))))


class Described:
    """Random requests according to a description of the inputs."""

    def __init__(self, spec, declared, rng):
        self.inputs, self.sizes, self.rng = spec["inputs"], spec.get("sizes", {}), rng
        self.axes = {name: row_axis(description) for name, description in self.inputs.items()}
        fixed = {fixed_size(declared[name], axis) for name, axis in self.axes.items()} - {None}
        self.fixed_rows = fixed.pop() if fixed else None

    def requests(self):
        rows = ROWS if self.fixed_rows is None else [self.fixed_rows] * FIXED_REQUESTS
        # Only the last requests have other sizes, because requests of different sizes do not share runs.
        sizes = [{name: values[int(i >= 4) % len(values)] for name, values in self.sizes.items()} for i in range(len(rows))]
        drawn = [draw(self.inputs, count, size, self.rng) for count, size in zip(rows, sizes)]
        # Silence, or a black picture.
        quiet = {name: array * 0 if "uniform" in self.inputs[name] else array for name, array in drawn[0].items()}
        return [*drawn[:4], quiet, *drawn[4:]] if any("uniform" in one for one in self.inputs.values()) else drawn

    def single_rows(self):
        sizes = {name: values[0] for name, values in self.sizes.items()}
        return [draw(self.inputs, 1, sizes, self.rng) for _ in range(10)]


class Given:
    """Requests supplied with the model, as arrays."""

    def __init__(self, spec, arrays):
        self.sets = {}
        for key, array in arrays.items():
            index, name = key.split("/", 1)
            self.sets.setdefault(index, {})[name] = array
        self.sets = list(self.sets.values()) or [{}]
        self.axes = spec.get("given", {}).get("axes", {})
        self.rows = spec.get("given", {}).get("rows")
        self.fixed_rows = None

    def requests(self):
        return self.sets if self.rows is None else [*self.single_rows()[:5], self.sets[0]]

    def single_rows(self):
        return [{name: array[i : i + 1] for name, array in self.sets[0].items()} for i in range(min(self.rows, 10))]


def truth(model, run, spec, source, rng):
    """Determines whether rows may share runs. A declared number of rows is replaced with a symbol."""
    if all(axis is None for axis in source.axes.values()):
        return {"may": False, "freed": False, "why": "no input has rows"}
    is_freed = source.fixed_rows is not None
    try:
        if is_freed:
            run = runner(session_of(freed(model, source.axes)))
        why = spec.get("coupled") or why_coupled(
            run, source.axes, source.single_rows(), rng, spec.get("untried", ())
        )
    except Exception as error:
        why = first_line(error)
    return {"may": why is None, "freed": is_freed, **({"why": why} if why else {})}


def first_line(error):
    return str(error).splitlines()[0][:150]


def answers(run, requests):
    """Returns the requests that do not fail, with their answers. Some exporters fix lengths that they declare free."""
    answered, failures = [], []
    for request in requests:
        try:
            answered.append((request, run(request)))
        except Exception as error:  # The runtime raises various exceptions.
            failures.append(error)
    if not answered:
        raise failures[0]
    return answered


def prepare(folder):
    spec = json.loads((folder / "spec.json").read_text())
    rng = np.random.default_rng(zlib.crc32(folder.name.encode()))
    try:
        model = onnx.load(folder / "model.onnx")
        run = runner(session_of(model))
        if "inputs" in spec:
            source = Described(spec, {value.name: value for value in true_inputs(model)}, rng)
        else:
            with np.load(folder / "arrays.npz", allow_pickle=True) as arrays:
                source = Given(spec, arrays)
        answered = answers(run, source.requests())
        again = [run(answered[0][0]) for _ in range(4)]
    except Exception as error:
        return {"skipped": f"onnxruntime in Python: {first_line(error)}"}
    if any(difference(array, answer[name]) > 1 for answer in again for name, array in answered[0][1].items()):
        return {"skipped": "the answers of the model are random"}
    blob = Blob()
    requests = [
        {key: [blob.tensor(*pair) for pair in tensors.items()] for key, tensors in (("inputs", i), ("outputs", o))}
        for i, o in answered
    ]
    (folder / "cases.bin").write_bytes(b"".join(blob.parts))
    return {"requests": requests, "truth": truth(model, run, spec, source, rng)}


def main(root):
    for folder in sorted(path.parent for path in Path(root).glob("*/spec.json")):
        target = folder / "cases.json"
        if (folder / "model.onnx").exists() and not target.exists():
            target.write_text(json.dumps(prepare(folder)))


if __name__ == "__main__":
    main(sys.argv[1])
