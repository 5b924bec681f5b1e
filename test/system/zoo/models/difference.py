"""Compares answers. For floats, the allowed difference is a fraction of the largest magnitude in the row's output.

A fraction of each element would be too strict: if terms cancel, the error of an element near zero is proportional to
the other elements of its row. tolerances.json gives the reason for each tolerance. Values of datatypes that it does not
list must be equal.
"""

import json
from pathlib import Path

import numpy as np
from request_arrays import datatype_of

TOLERANCES = json.loads(Path(__file__).with_name("tolerances.json").read_text())["tolerances"]


def difference(expected, got):
    """Ratio of the largest difference to the allowed one; infinite if the answers are not comparable."""
    if expected.shape != got.shape or expected.dtype != got.dtype:
        return float("inf")
    if expected.dtype.kind != "f":
        return 0.0 if np.array_equal(expected, got) else float("inf")
    with np.errstate(all="ignore"):
        same = (expected == got) | (np.isnan(expected) & np.isnan(got))
        if same.all():
            return 0.0
        finite = np.abs(expected[np.isfinite(expected)], dtype=np.float64)
        scale = max(finite.max(initial=0), np.finfo(expected.dtype).tiny)
        apart = np.abs(expected.astype(np.float64) - got.astype(np.float64))[~same]
        largest = np.where(np.isnan(apart), np.inf, apart).max()
    return float(largest / (scale * TOLERANCES[datatype_of(expected)]))
