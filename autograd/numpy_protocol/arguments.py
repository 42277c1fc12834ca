"""What NumPy's functions have in common in their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import shapes
from ..arrays.fourier import conj
from ..functions.checks import as_carrier, axis_from

__all__ = ["as_floats", "at_least", "cast", "conjugated", "numpy_axis", "picked"]


def at_least(n: int, a: Any) -> Any:
    """The array with axes of length 1 in front, until it has `n`."""
    a = as_carrier(a, "np.atleast_1d")
    return a if a.ndim >= n else shapes.reshape(a, shape=(1,) * (n - a.ndim) + a.shape)


def cast(a: Any, dtype: Any) -> Any:
    """The array in NumPy's `dtype`, if one is asked for."""
    return a if dtype is None or a.dtype == dtype else a.astype(dtype)


def as_floats(a: Any, dtype: Any = None) -> Any:
    """The array in NumPy's `dtype`; without one, in double precision if it has no floats to average or to divide."""
    return cast(a, dtype if dtype is not None or a.dtype.kind in "fc" else np.float64)


def conjugated(x: Any, name: str) -> Any:
    """The complex conjugates; of real numbers, the array itself."""
    x = as_carrier(x, name)
    return conj(x) if x.dtype.kind == "c" else x


def numpy_axis(axis: Any, x: Any, name: str) -> Any:
    """NumPy's axis, which may be a list, checked against the shape."""
    return axis_from(tuple(axis) if isinstance(axis, (list, tuple)) else axis, x, name)


def picked(arrays: Sequence[Any], places: Any) -> Any:
    """The elements at these places, counted through all arrays; of lists of places, lists."""
    flat = [as_carrier(a, "np.array").reshape(-1) for a in arrays]
    joined = flat[0] if len(flat) == 1 else shapes.concatenate(*flat, axis=0)
    if isinstance(places, (list, tuple)):
        return type(places)(shapes.getitem(joined, index=p) for p in places)
    return shapes.getitem(joined, index=places)
