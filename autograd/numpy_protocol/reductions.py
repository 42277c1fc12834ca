"""What stands for NumPy's reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import reductions as rows, shapes
from ..arrays.reductions import plain
from ..functions import reducing
from ..functions.checks import as_carrier, constant_like
from .arguments import as_floats, cast, numpy_axis
from .protocol import FUNCTIONS, covers

__all__: list[str] = []


@covers(np.sum)
def _sum(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return rows.sum_(cast(a, dtype), axis=numpy_axis(axis, a, "np.sum"), keepdims=bool(keepdims))


@covers(np.prod)
def _prod(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return reducing.prod(cast(a, dtype), numpy_axis(axis, a, "np.prod"), bool(keepdims))


def _reduction(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def covering(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return function(a, dim=numpy_axis(axis, a, name), keepdim=bool(keepdims))

    return covering


_REDUCTIONS: dict[Any, Any] = {
    np.amax: reducing.amax, np.amin: reducing.amin, np.max: reducing.amax, np.min: reducing.amin,
    np.argmax: reducing.argmax, np.argmin: reducing.argmin,
    np.all: reducing.all_, np.any: reducing.any_,
}  # fmt: skip
for _function, _reducing in _REDUCTIONS.items():
    FUNCTIONS[_function] = _reduction(_reducing, f"np.{_function.__name__}")


@covers(np.mean)
def _mean(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return reducing.mean(as_floats(a, dtype), numpy_axis(axis, a, "np.mean"), bool(keepdims))


@covers(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    a = as_floats(as_carrier(a, "np.average"))
    axis = numpy_axis(axis, a, "np.average")
    if weights is None:
        mean = reducing.mean(a, axis, keepdims)
        count = shapes.size_of(a.shape, axis)
        return (mean, constant_like(a, np.full(mean.shape, count, mean.dtype))) if returned else mean
    weights = as_carrier(weights, "np.average")
    if weights.shape != a.shape:
        weights = _along(axis, weights, a)
    dtype = np.result_type(a.dtype, weights.dtype)
    a, weights = cast(a, dtype), cast(weights, dtype)
    total = rows.sum_(weights + np.zeros(a.shape, dtype), axis=axis, keepdims=keepdims)
    mean = rows.sum_(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


def _along(axis: Any, weights: Any, a: Any) -> Any:
    """Weights that are given for some axes of an array, with axes of length 1 in the places of the others."""
    axes = () if axis is None else shapes.axes_of(axis, a.ndim)
    if not axes or weights.shape != tuple(a.shape[i] for i in axes):
        raise ValueError(
            f"np.average: weights {weights.shape} must have the shape of the array, {a.shape}, or of the axes {axis}"
        )
    order = sorted(range(len(axes)), key=axes.__getitem__)
    kept = tuple(n if i in axes else 1 for i, n in enumerate(a.shape))
    return shapes.reshape(shapes.transpose(weights, axes=tuple(order)), shape=kept)


def _spread(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def covering(a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False,
                 *, correction: float | None = None) -> Any:  # fmt: skip
        ddof = ddof if correction is None else correction
        return function(as_floats(a, dtype), numpy_axis(axis, a, name), ddof, bool(keepdims))

    return covering


FUNCTIONS[np.var] = _spread(reducing.var, "np.var")
FUNCTIONS[np.std] = _spread(reducing.std, "np.std")


@covers(np.ptp)
def _ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return reducing.amax(a, axis, keepdims) - reducing.amin(a, axis, keepdims)


@covers(np.cumsum)
def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    a = cast(a, dtype)
    return reducing.cumsum(a, axis) if axis is not None else reducing.cumsum(a.reshape(-1), 0)


@covers(np.cumprod)
def _cumprod(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    a = cast(a, dtype)
    return reducing.cumprod(a, axis) if axis is not None else reducing.cumprod(a.reshape(-1), 0)


@covers(np.count_nonzero)
def _count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.count_nonzero(plain(a), axis, keepdims=keepdims)
