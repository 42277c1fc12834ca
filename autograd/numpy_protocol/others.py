"""What stands for NumPy's other functions: copies, questions, roundings."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..arrays import shapes
from ..arrays.reductions import plain
from ..functions.checks import as_carrier, constant_like
from .arguments import as_floats, cast
from .protocol import FUNCTIONS, NumpyFunctions, covers, known, numbers, uncovered

__all__: list[str] = []


def _like(function: Callable[..., Any]) -> Callable[..., Any]:
    def covering(a: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs = {k: v for k, v in kwargs.items() if k != "subok"}
        return constant_like(a, function(plain(a), *args, **kwargs))

    return covering


_LIKE: tuple[Any, ...] = (np.zeros_like, np.ones_like, np.empty_like, np.full_like)
FUNCTIONS |= {function: _like(function) for function in _LIKE}
_QUESTIONS: tuple[Any, ...] = (
    np.shape, np.ndim, np.size, np.array_equal, np.allclose, np.isclose, np.result_type, np.iscomplexobj, np.isrealobj,
    np.nonzero, np.argwhere, np.flatnonzero, np.searchsorted, np.digitize, np.argpartition, np.array_repr, np.array_str,
    np.array2string, np.may_share_memory, np.shares_memory, np.can_cast, np.isin, np.array_equiv, np.isneginf,
    np.isposinf, np.iscomplex, np.isreal, np.min_scalar_type, np.common_type,
)  # fmt: skip
"""What is asked of numbers, or has no gradient: it is computed, and nothing is recorded."""


def _asked(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*map(numbers, args), **{k: numbers(v) for k, v in kwargs.items()})


FUNCTIONS |= {function: _asked(function) for function in _QUESTIONS}
FUNCTIONS[np.copy] = lambda a, order="K", subok=False: a.clone()
FUNCTIONS[np.fix] = np.trunc
if hasattr(np, "astype"):  # NumPy 2.1
    FUNCTIONS[np.astype] = lambda x, dtype, /, *, copy=True, device=None: x.astype(dtype, copy=copy)
FUNCTIONS[np.round] = FUNCTIONS[np.around] = lambda a, decimals=0, out=None: (
    ops.round_(a) if not decimals else ops.round_(a * 10.0**decimals) / 10.0**decimals
)


@covers(np.histogram)
def _histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:  # noqa: A002
    if isinstance(weights, NumpyFunctions):
        raise uncovered("np.histogram", {"weights": weights})
    data = known(a, "np.histogram") if isinstance(bins, str) else numbers(a)
    edges = numbers(bins) if np.ndim(bins) else known(bins, "np.histogram")
    return np.histogram(data, edges, range, density, weights)


@covers(np.bincount)
def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    places = np.asarray(known(x, "np.bincount"))
    counts = np.bincount(places, minlength=minlength)
    if weights is None:
        return counts
    return shapes.put(cast(as_carrier(weights, "np.bincount"), np.float64), index=places, shape=counts.shape)


@covers(np.nan_to_num)
def _nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    x = as_carrier(x, "np.nan_to_num")
    if x.dtype.kind not in "fc":
        return x.copy()
    array, limits = plain(x), np.finfo(x.dtype)
    x = ops.where(array == np.inf, limits.max if posinf is None else posinf, x)
    x = ops.where(array == -np.inf, limits.min if neginf is None else neginf, x)
    return ops.where(np.isnan(array), nan, x)


@covers(np.sinc)
def _sinc(x: Any) -> Any:
    x = math.pi * as_floats(x)
    square, zero = ops.square(x), plain(x) == 0
    return ops.where(zero, 1.0 - square / 6 + ops.square(square) / 120, ops.sin(x) / ops.where(zero, 1.0, x))
