"""Allowed difference between answers: for floats, a share of the largest magnitude in the row's output.

A share of each element would be too strict: where terms cancel, an element near zero has an error of its row's size.
tolerances.json says why each is what it is. What is not listed must be equal.
"""

import json
from pathlib import Path

import numpy as np
from request_arrays import datatype_of

TOLERANCES = json.loads(Path(__file__).with_name("tolerances.json").read_text())["tolerances"]


def difference(expected, got):
    """Largest difference as a share of the allowed one; infinite if the answers are not comparable."""
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
