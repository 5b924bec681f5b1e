"""Determines whether the rows of a model influence each other, by trials in onnxruntime with many sizes and values."""

import numpy as np
import onnxruntime as ort

SIZES = (2, 3, 5, 7, 16, 33)
FLOATS = ("test", "normal", "large", "constant", "zeros", "positive", "outlier", "narrow")
WHOLE = ("test", "small", "range", "wide")
ort.set_default_logger_severity(4)


def judge(variant):
    """Returns {'truth': 'independent', 'coupled', 'random', 'undecided' or 'not run', 'why', 'axes': for each output}."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = ort.InferenceSession(variant.model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        return {"truth": "not run", "why": first_line(problem)}
    trial = Trial(session, variant)
    try:
        trial.all()
    except Coupled as found:
        return {"truth": "coupled", "why": str(found)}
    except Random:
        return {"truth": "random", "why": "the same inputs give different outputs"}
    if trial.compared == 0:
        return {"truth": "undecided", "why": f"no trial ran: {trial.problem}"}
    return {"truth": "independent", "why": f"{trial.compared} trials", "axes": [sorted(axes) for axes in trial.axes]}


class Coupled(Exception):
    """The rows influence each other, or differ in number from those of the inputs."""


class Random(Exception):
    """The model gives different answers to the same inputs."""


class Trial:
    def __init__(self, session, variant):
        self.session, self.variant = session, variant
        self.compared, self.problem, self.ran_together = 0, "", False
        self.axes = None  # for each output, the axes that may be the row axis
        self.random = np.random.default_rng(1)

    def all(self):
        self.of(self.variant.arrays, self.variant.rows, "the test's own data")
        for round_, kind in enumerate(FLOATS):
            for size in SIZES:
                feeds = {n: self.values(a, size, kind, WHOLE[round_ % 4]) for n, a in self.variant.arrays.items()}
                self.of(feeds, size, f"{size} rows, {kind}")
        for kind in ("test", "range"):
            for size in SIZES:
                feeds = {n: self.values(a, size, "test", kind) for n, a in self.variant.arrays.items()}
                self.of(feeds, size, f"{size} rows, {kind}")
        if self.compared == 0 and self.ran_together:
            raise Coupled(f"no row runs alone: {self.problem}")

    def of(self, feeds, rows, what):
        axis = self.variant.axis
        alone = [self.run({n: a.take([row], axis=axis) for n, a in feeds.items()}) for row in range(rows)]
        together = self.run(feeds)
        self.ran_together |= together is not None
        if any(answer is None for answer in alone):
            return
        if together is None:
            raise Coupled(f"{what}: rows that run alone do not run together: {self.problem}")
        again = self.run(feeds)
        if not all(same(a, b) for a, b in zip(together, again)):
            raise Random
        self.compared += 1
        self.axes = self.axes or [set(range(output.ndim)) for output in together]
        for i, output in enumerate(together):
            parts = [answer[i] for answer in alone]
            fitting = {a for a in self.axes[i] if joined_alike(parts, output, a, rows)}
            if not fitting:
                raise Coupled(f"{what}: output {i} differs{how(parts, output)}")
            self.axes[i] = fitting

    def run(self, feeds):
        try:
            return [np.asarray(output) for output in self.session.run(None, feeds)]
        except Exception as problem:
            self.problem = first_line(problem)
            return None

    def values(self, array, rows, kind, whole):
        axis, random = self.variant.axis, self.random
        shape = [rows if i == axis else size for i, size in enumerate(array.shape)]
        if array.dtype.kind in "OSU" or (array.dtype.kind == "f" and kind == "test") or (array.dtype.kind in "iu" and whole == "test"):
            return array.take(random.integers(array.shape[axis], size=rows), axis=axis)
        if array.dtype.kind == "b":
            return random.integers(2, size=shape).astype(bool)
        if array.dtype.kind in "iu":
            low, high = (int(array.min()), int(array.max())) if array.size else (0, 1)
            if whole == "small":
                low, high = max(low, 0), max(low, 0) + 2
            if whole == "wide":
                limits = np.iinfo(array.dtype)
                low, high = max(-(2**40), limits.min), min(2**40, limits.max)
            return random.integers(low, high, endpoint=True, size=shape, dtype=array.dtype)
        values = random.normal(size=shape)
        if kind == "large":
            values *= 3000
        elif kind == "constant":
            values = np.ones(shape)
        elif kind == "zeros":
            values = np.zeros(shape)
        elif kind == "positive":
            values = np.abs(values) + 0.1
        elif kind == "narrow":
            values = random.uniform(-0.9, 0.9, size=shape)
        elif kind == "outlier":
            values[tuple(int(random.integers(rows)) if i == axis else slice(None) for i in range(len(shape)))] *= 1000
        return values.astype(array.dtype)


def joined_alike(parts, together, axis, rows):
    if together.shape[axis] != rows or any(part.ndim != together.ndim or part.shape[axis] != 1 for part in parts):
        return False
    try:
        joined = np.concatenate(parts, axis=axis)
    except ValueError:
        return False
    return joined.shape == together.shape and same(np.moveaxis(joined, axis, 0), np.moveaxis(together, axis, 0))


def same(a, b):
    """Whether values differ by at most the tolerance, relative to the largest magnitude in a row."""
    if a.dtype.kind != "f":
        return bool(np.array_equal(a, b))
    a, b = a.astype(np.float64), b.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    a, b = np.where(finite, a, 0), np.where(finite, b, 0)
    if a.ndim == 0:
        return bool(abs(a - b) <= 1e-3 * abs(a) + 1e-30)
    a, b = a.reshape(a.shape[0], -1), b.reshape(b.shape[0], -1)
    if a.size == 0:
        return True
    return bool((np.abs(a - b).max(axis=1) <= 1e-3 * np.abs(a).max(axis=1) + 1e-30).all())


def how(parts, output):
    shapes = {part.shape for part in parts}
    return f": {sorted(shapes)} alone, {output.shape} together"


def first_line(problem):
    return str(problem).strip().split("\n")[0][:200]
