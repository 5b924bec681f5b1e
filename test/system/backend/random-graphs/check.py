"""Runs the graphs that write.ts wrote in onnxruntime.

Graphs that are meant to be independent must give rows the same answers alone and together. Graphs that are meant to be
coupled must give different answers for some values.

    python check.py OUT
"""

import json
import multiprocessing
import os
import sys
from collections import Counter

import numpy as np
import onnxruntime as ort

SIZES = {"s": 4, "t": 3, "h": 4, "w": 4}
TRIALS = ((2, 1.0), (3, 1.0), (5, 3.0), (3, 0.2), (2, 0.02))
# Relative tolerance. It is large, because rounding can change a quantized value by a whole step.
TOLERANCE = 1e-3
ort.set_default_logger_severity(4)
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
random = np.random.default_rng(7)


def feeds_of(session, rows, scale):
    feeds, common = {}, {}
    for tensor in session.get_inputs():
        shape = [rows if dim == "N" else SIZES.get(dim, dim) for dim in tensor.shape]
        if tensor.type == "tensor(int64)":
            values = random.integers(10, size=shape)
        else:
            values = np.asarray(random.normal(size=shape) * scale, np.float32)
        (feeds if tensor.shape[:1] == ["N"] else common)[tensor.name] = values
    return feeds, common


def difference(session, rows, scale):
    """Description of a difference, or None; raises an exception if a run fails."""
    feeds, common = feeds_of(session, rows, scale)
    together = session.run(None, {**feeds, **common})
    for row in range(rows):
        alone = session.run(None, {**{name: a[row : row + 1] for name, a in feeds.items()}, **common})
        for tensor, one, all_ in zip(session.get_outputs(), alone, together):
            if all_.ndim == 0 or all_.shape[0] != rows or one.shape != (1, *all_.shape[1:]):
                return f"{tensor.name}: {one.shape} alone, {all_.shape} together"
            a, b = one[0].astype(np.float64), all_[row].astype(np.float64)
            if not np.array_equal(np.isfinite(a), np.isfinite(b)):
                return f"{tensor.name}: infinities"
            a, b = np.nan_to_num(a), np.nan_to_num(b)
            if a.size and np.abs(a - b).max() > TOLERANCE * np.abs(a).max() + 1e-30:
                return f"{tensor.name}: off by {np.abs(a - b).max():.3g} of {np.abs(a).max():.3g}"
    return None


def truth_of(path):
    try:
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        return "does not load", str(problem)[:400]
    ran = 0
    for rows, scale in TRIALS:
        try:
            found = difference(session, rows, scale)
            ran += 1
        except Exception as problem:
            found = f"fails: {str(problem)[:400]}"
        if found:
            return "fails" if found.startswith("fails") else "coupled", found
    return "independent", ""


def truth_apart(path):
    """Runs the graph in a separate process, because the runtime may crash it."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=lambda: sender.send(truth_of(path)))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        return "crashes", ""
    finally:
        process.join()


def main(out):
    with open(os.path.join(out, "cases.json"), encoding="utf-8") as file:
        cases = json.load(file)
    counts = Counter()
    for case in cases:
        found, why = truth_apart(os.path.join(out, f"{case['name']}.onnx"))
        counts[case["truth"], found] += 1
        if found != case["truth"]:
            print(f"{case['name']} (opset {case['opset']}): {found} {why}\n    {', '.join(case['operators'])}")
    for (meant, found), count in sorted(counts.items()):
        print(f"{count:6} meant {meant}, found {found}")


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main(sys.argv[1])
