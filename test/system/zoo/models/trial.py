"""Determines whether requests to a model may share runs, by trials of rows alone and together."""

import time

import numpy as np
from difference import difference

SIZES = (2, 3, 5, 8, 17)
# Models that run for a second get fewer trials.
SECONDS = 8
CHANGES = {
    "large": lambda x: x * 3000,
    "small": lambda x: x * 0.01,
    "zeros": lambda x: x * 0,
    "ones": lambda x: x * 0 + 1,
    "negative": lambda x: -x,
}


def why_coupled(run, axes, drawn, rng, untried=()):
    """Returns the reason why rows must not share a run; None if no trial shows one.

    axes: for each input, the axis that counts rows; None for an input that all rows share.
    drawn: requests of one row.
    untried: names of changes that are not tried, because the model answers them with noise.
    """
    rows = [row for row in _varied(axes, drawn, untried) if _runs(run, row)]
    if not rows:
        return "no single row runs"
    alone = [run(row) for row in rows]
    until = time.monotonic() + SECONDS
    for size in SIZES:
        for picked in (range(size), rng.permutation(size), rng.integers(len(rows), size=size), [size] * size):
            if time.monotonic() > until and size > SIZES[0]:
                return None
            indices = [int(index) % len(rows) for index in picked]
            if problem := _together(run, axes, [rows[index] for index in indices], [alone[index] for index in indices]):
                return f"{problem} in a run of {size} rows"
    return None


def _varied(axes, drawn, untried):
    """Yields each row, and a variant of it whose floats are large, small, zero, equal or negative."""
    common = {name: drawn[0][name] for name, axis in axes.items() if axis is None}
    changes = [change for name, change in CHANGES.items() if name not in untried]
    for index, row in enumerate(drawn):
        change = changes[index % len(changes)]
        with np.errstate(all="ignore"):
            changed = {name: change(x).astype(x.dtype) if x.dtype.kind == "f" else x for name, x in row.items()}
        yield {**row, **common}
        if any(not np.array_equal(changed[name], row[name]) for name in row if row[name].dtype.kind == "f"):
            yield {**changed, **common}


def _runs(run, row):
    try:
        run(row)
        return True
    except Exception:  # The runtime raises various exceptions; no client would send such a row.
        return False


def _together(run, axes, rows, alone):
    merged = {
        name: rows[0][name] if axis is None else np.concatenate([row[name] for row in rows], axis)
        for name, axis in axes.items()
    }
    try:
        together = run(merged)
    except Exception as error:
        return f"failure ({str(error).splitlines()[0][:120]})"
    for name, output in together.items():
        apart = _apart(output, [answer[name] for answer in alone])
        if apart is None:
            return f"output {name} has no axis that counts rows; its shape is {list(output.shape)}"
        if apart > 1:
            return f"output {name} differs by {apart:.2g} times the tolerance"
    return None


def _apart(output, alone):
    """Returns the largest difference along the axis that fits best; None if no axis has the number of rows."""
    shape, count = alone[0].shape, len(alone)
    if any(answer.shape != shape for answer in alone):
        return None
    fitting = [
        axis
        for axis in range(min(output.ndim, len(shape)))
        if shape[axis] == 1 and output.shape == (*shape[:axis], count, *shape[axis + 1 :])
    ]
    return min((_largest(alone, np.split(output, count, axis)) for axis in fitting), default=None)


def _largest(expected, got):
    return max(difference(one, other) for one, other in zip(expected, got))
