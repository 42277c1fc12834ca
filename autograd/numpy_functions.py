"""What stands for each function of NumPy, under its names and with its arguments."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from . import ops
from .arrays import reductions as rows, shapes
from .arrays.products import einsum
from .arrays.reductions import plain
from .functions import multiplying, reducing, selecting, shaping
from .functions.checks import as_carrier, axis_from, constant_like
from .numpy_protocol import FUNCTIONS, covers, numbers, uncovered

__all__: list[str] = []


def _axis(axis: Any, x: Any, name: str) -> Any:
    return axis_from(tuple(axis) if isinstance(axis, (list, tuple)) else axis, x, name)


# ---------------------------------------------------------------------- reductions


@covers(np.sum)
def _sum(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    total = rows.sum_(a, axis=_axis(axis, a, "np.sum"), keepdims=bool(keepdims))
    return total if dtype is None else total.astype(dtype)


def _reduction(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def covering(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return function(a, dim=_axis(axis, a, name), keepdim=bool(keepdims))

    return covering


_REDUCTIONS: dict[Any, Any] = {
    np.prod: reducing.prod, np.amax: reducing.amax, np.amin: reducing.amin,
    np.max: reducing.amax, np.min: reducing.amin,
    np.argmax: reducing.argmax, np.argmin: reducing.argmin,
    np.all: reducing.all_, np.any: reducing.any_,
}  # fmt: skip
for _function, _reducing in _REDUCTIONS.items():
    FUNCTIONS[_function] = _reduction(_reducing, f"np.{_function.__name__}")


@covers(np.mean)
def _mean(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    a = a if a.dtype.kind == "f" else a.astype(np.float64)
    return reducing.mean(a, _axis(axis, a, "np.mean"), bool(keepdims))


@covers(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    if weights is None:
        return _mean(a, axis, keepdims=keepdims)
    a = as_carrier(a, "np.average")
    if np.shape(weights) != a.shape:
        raise ValueError(f"np.average: weights {np.shape(weights)} must have the shape of the array, {a.shape}")
    total = rows.sum_(a * weights, axis=axis, keepdims=keepdims)
    return total / rows.sum_(as_carrier(weights, "np.average"), axis=axis, keepdims=keepdims)


@covers(np.var)
def _var(a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False) -> Any:
    return reducing.var(a, _axis(axis, a, "np.var"), ddof, bool(keepdims))


@covers(np.std)
def _std(a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False) -> Any:
    return reducing.std(a, _axis(axis, a, "np.std"), ddof, bool(keepdims))


@covers(np.ptp)
def _ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return reducing.amax(a, axis, keepdims) - reducing.amin(a, axis, keepdims)


@covers(np.cumsum)
def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    return reducing.cumsum(a, axis) if axis is not None else reducing.cumsum(a.reshape(-1), 0)


@covers(np.cumprod)
def _cumprod(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    return reducing.cumprod(a, axis) if axis is not None else reducing.cumprod(a.reshape(-1), 0)


@covers(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    axis %= a.ndim
    before = (slice(None),) * axis
    for _ in range(n):
        a = shapes.getitem(a, index=(*before, slice(1, None))) - shapes.getitem(a, index=(*before, slice(None, -1)))
    return a


@covers(np.count_nonzero)
def _count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.count_nonzero(plain(a), axis, keepdims=keepdims)


@covers(np.median)
def _median(a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    if axis is None:
        middle = _median(a.reshape(-1), 0)
        return shapes.reshape(middle, shape=(1,) * a.ndim) if keepdims else middle
    values, _ = selecting.sort(a, axis)
    n, before = a.shape[axis], (slice(None),) * (axis % a.ndim)
    middle = (values[(*before, (n - 1) // 2)] + values[(*before, n // 2)]) / 2
    return shapes.expand_dims(middle, axis % a.ndim) if keepdims else middle


# ---------------------------------------------------------------------- shapes


@covers(np.reshape)
def _reshape(a: Any, /, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    if order != "C":
        raise uncovered(f"np.reshape(order={order!r})", {})
    return shaping.reshape(a, shape)


@covers(np.ravel)
def _ravel(a: Any, order: str = "C") -> Any:
    return _reshape(a, -1, order)


@covers(np.transpose, np.permute_dims)
def _transpose(a: Any, axes: Any = None) -> Any:
    return shaping.permute(a, *(reversed(range(a.ndim)) if axes is None else axes))


@covers(np.matrix_transpose)
def _matrix_transpose(a: Any) -> Any:
    return a.mT


@covers(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    sources, destinations = np.atleast_1d(source).tolist(), np.atleast_1d(destination).tolist()
    order = [i for i in range(a.ndim) if i not in [s % a.ndim for s in sources]]
    for d, s in sorted(zip([d % a.ndim for d in destinations], [s % a.ndim for s in sources], strict=True)):
        order.insert(d, s)
    return shaping.permute(a, *order)


@covers(np.rollaxis)
def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis, start = axis % a.ndim, start + a.ndim if start < 0 else start
    return shapes.moveaxis(a, axis, start - 1 if axis < start else start)


@covers(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    if axis is not None and any(a.shape[i] != 1 for i in shapes.axes_of(axis, a.ndim)):
        raise ValueError(f"np.squeeze: axis {axis} of shape {a.shape} has not length 1")
    return shaping.squeeze(a, axis)


@covers(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    for i in sorted(i % (a.ndim + len(axes)) for i in axes):
        a = shapes.expand_dims(a, i)
    return a


@covers(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return shaping.expand(array, shape)


@covers(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(shaping.expand(as_carrier(a, "np.broadcast_arrays"), shape) for a in args)


@covers(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    return shapes.flip(m, axis=_axis(axis, m, "np.flip"))


FUNCTIONS[np.flipud] = lambda m: shapes.flip(m, axis=0)
FUNCTIONS[np.fliplr] = lambda m: shapes.flip(m, axis=1)
FUNCTIONS[np.swapaxes] = shaping.transpose
FUNCTIONS[np.tril] = lambda m, k=0: shaping.tril(m, k)
FUNCTIONS[np.triu] = lambda m, k=0: shaping.triu(m, k)
FUNCTIONS[np.diag] = lambda v, k=0: shaping.diag(v, k)
FUNCTIONS[np.trace] = lambda a, offset=0, axis1=0, axis2=1: rows.sum_(
    shaping.diagonal(a, offset, axis1, axis2), axis=-1
)
FUNCTIONS[np.diagonal] = lambda a, offset=0, axis1=0, axis2=1: shaping.diagonal(a, offset, axis1, axis2)
FUNCTIONS[np.tile] = lambda A, reps: shaping.tile(A, *np.atleast_1d(reps).tolist())


@covers(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    return shaping.roll(a, shift, axis)


@covers(np.rot90)
def _rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    places = np.rot90(np.arange(plain(m).size).reshape(m.shape), k, axes)
    return shapes.getitem(m.reshape(-1), index=places)


@covers(np.repeat)
def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None:
        a, axis = a.reshape(-1), 0
    index = np.repeat(np.arange(a.shape[axis]), np.asarray(numbers(repeats)))
    return shapes.getitem(a, index=(*(slice(None),) * (axis % a.ndim), index))


@covers(np.concatenate)
def _concatenate(arrays: Any, /, axis: Any = 0, out: None = None, *, dtype: Any = None, casting: str = "") -> Any:
    arrays = list(arrays)
    if axis is None:
        arrays, axis = [as_carrier(a, "np.concatenate").reshape(-1) for a in arrays], 0
    return shaping.cat(arrays, axis)


@covers(np.stack)
def _stack(arrays: Any, axis: int = 0, out: None = None, *, dtype: Any = None, casting: str = "") -> Any:
    return shaping.stack(list(arrays), axis)


@covers(np.vstack)
def _vstack(tup: Any, **_: Any) -> Any:
    return shaping.cat([_atleast(2, a) for a in tup], 0)


@covers(np.hstack)
def _hstack(tup: Any, **_: Any) -> Any:
    arrays = [_atleast(1, a) for a in tup]
    return shaping.cat(arrays, 0 if arrays[0].ndim == 1 else 1)


@covers(np.column_stack)
def _column_stack(tup: Any) -> Any:
    columns = [as_carrier(a, "np.column_stack") for a in tup]
    return shaping.cat([a.reshape(-1, 1) if a.ndim < 2 else a for a in columns], 1)


def _atleast(n: int, a: Any) -> Any:
    a = as_carrier(a, "np.atleast_1d")
    return a if a.ndim >= n else shapes.reshape(a, shape=(1,) * (n - a.ndim) + a.shape)


FUNCTIONS[np.atleast_1d] = lambda a: _atleast(1, a)
FUNCTIONS[np.atleast_2d] = lambda a: _atleast(2, a)


@covers(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    n = ary.shape[axis]
    if isinstance(indices_or_sections, int):
        if n % indices_or_sections:
            raise ValueError(f"np.split: {n} elements do not split into {indices_or_sections} equal parts")
        return list(shaping.split(ary, n // indices_or_sections, axis))
    cuts = [0, *(min(int(i), n) for i in indices_or_sections), n]
    return list(shaping.split(ary, [b - a for a, b in pairwise(cuts)], axis))


@covers(np.array_split)
def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    if not isinstance(indices_or_sections, int):
        return _split(ary, indices_or_sections, axis)
    share, rest = divmod(ary.shape[axis], indices_or_sections)
    sizes = [share + (i < rest) for i in range(indices_or_sections)]
    return list(shaping.split(ary, sizes, axis))


@covers(np.append)
def _append(arr: Any, values: Any, axis: Any = None) -> Any:
    return _concatenate([arr, values], axis)


# ---------------------------------------------------------------------- selection


@covers(np.where)
def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    if x is None:
        return np.where(numbers(condition))
    return ops.where(condition, x, y)


@covers(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: None = None, *, min: Any = None, max: Any = None) -> Any:  # noqa: A002
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    return ops.clip(a, -math.inf if low is None else low, math.inf if high is None else high)


@covers(np.take)
def _take(a: Any, indices: Any, axis: Any = None, out: None = None, mode: str = "raise") -> Any:
    index = numbers(indices)
    return a.reshape(-1)[index] if axis is None else a[(*(slice(None),) * (axis % a.ndim), index)]


@covers(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    return selecting.take_along_dim(arr, indices, axis)


@covers(np.sort)
def _sort(a: Any, axis: Any = -1, kind: Any = None, order: None = None, *, stable: Any = None) -> Any:
    return selecting.sort(a.reshape(-1), 0)[0] if axis is None else selecting.sort(a, axis)[0]


@covers(np.argsort)
def _argsort(a: Any, axis: Any = -1, kind: Any = None, order: None = None, *, stable: Any = None) -> Any:
    return selecting.argsort(a.reshape(-1), 0) if axis is None else selecting.argsort(a, axis)


@covers(np.searchsorted)
def _searchsorted(a: Any, v: Any, side: Any = "left", sorter: Any = None) -> Any:
    return np.searchsorted(numbers(a), numbers(v), side, sorter)


@covers(np.select)
def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = ops.where(condition, choice, result)
    return result


# ---------------------------------------------------------------------- products


@covers(np.dot)
def _dot(a: Any, b: Any, out: None = None) -> Any:
    a, b = as_carrier(a, "np.dot"), as_carrier(b, "np.dot")
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim > 2:
        return multiplying.tensordot(a, b, ((a.ndim - 1,), (b.ndim - 2,)))
    return multiplying.matmul(a, b)


@covers(np.vdot)
def _vdot(a: Any, b: Any, /) -> Any:
    return rows.sum_(as_carrier(a, "np.vdot").reshape(-1) * as_carrier(b, "np.vdot").reshape(-1))


@covers(np.inner)
def _inner(a: Any, b: Any, /) -> Any:
    a, b = as_carrier(a, "np.inner"), as_carrier(b, "np.inner")
    return a * b if not a.ndim or not b.ndim else multiplying.tensordot(a, b, ((a.ndim - 1,), (b.ndim - 1,)))


@covers(np.outer)
def _outer(a: Any, b: Any, out: None = None) -> Any:
    return multiplying.outer(as_carrier(a, "np.outer").reshape(-1), as_carrier(b, "np.outer").reshape(-1))


@covers(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    return multiplying.tensordot(a, b, axes)


@covers(np.einsum)
def _einsum(*operands: Any, out: None = None, optimize: Any = False, **options: Any) -> Any:
    if options:
        raise uncovered("np.einsum", options)
    return multiplying.einsum(*operands)


@covers(np.kron)
def _kron(a: Any, b: Any) -> Any:
    a, b = as_carrier(a, "np.kron"), as_carrier(b, "np.kron")
    n = max(a.ndim, b.ndim)
    a, b = _atleast(n, a), _atleast(n, b)
    left = shapes.reshape(a, shape=tuple(k for m in a.shape for k in (m, 1)))
    right = shapes.reshape(b, shape=tuple(k for m in b.shape for k in (1, m)))
    return shapes.reshape(left * right, shape=tuple(m * k for m, k in zip(a.shape, b.shape, strict=True)))


@covers(np.cross)
def _cross(a: Any, b: Any, **options: Any) -> Any:
    if options or np.shape(a)[-1] != 3 or np.shape(b)[-1] != 3:
        raise uncovered("np.cross", options or {"vectors of other than three elements": None})
    signs = np.zeros((3, 3, 3))
    signs[[0, 1, 2], [1, 2, 0], [2, 0, 1]], signs[[0, 1, 2], [2, 0, 1], [1, 2, 0]] = 1.0, -1.0
    a, b = as_carrier(a, "np.cross"), as_carrier(b, "np.cross")
    return einsum(signs.astype(a.dtype), a, b, subscripts="ijk,...j,...k->...i")


# ---------------------------------------------------------------------- the rest


def _like(function: Callable[..., Any]) -> Callable[..., Any]:
    def covering(a: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs = {k: v for k, v in kwargs.items() if k != "subok"}
        return constant_like(a, function(plain(a), *args, **kwargs))

    return covering


for _function in (np.zeros_like, np.ones_like, np.empty_like, np.full_like):
    FUNCTIONS[_function] = _like(_function)
for _function in (np.shape, np.ndim, np.size, np.array_equal, np.allclose, np.isclose, np.result_type, np.iscomplexobj,
                  np.isrealobj, np.nonzero, np.argwhere, np.flatnonzero, np.histogram, np.unique, np.bincount,
                  np.array_repr, np.array_str, np.array2string, np.may_share_memory, np.shares_memory,
                  np.can_cast, np.isin):  # fmt: skip
    FUNCTIONS[_function] = lambda *args, _function=_function, **kwargs: _function(
        *map(numbers, args), **{k: numbers(v) for k, v in kwargs.items()}
    )
FUNCTIONS[np.copy] = lambda a, order="K", subok=False: a.clone()
FUNCTIONS[np.round] = FUNCTIONS[np.around] = lambda a, decimals=0, out=None: (
    ops.round_(a) if not decimals else ops.round_(a * 10.0**decimals) / 10.0**decimals
)
FUNCTIONS[np.nan_to_num] = lambda x, copy=True, nan=0.0, posinf=None, neginf=None: ops.where(
    constant_like(x, np.isnan(plain(x))),
    nan,
    ops.clip(
        x,
        np.finfo(x.dtype).min if neginf is None else neginf,
        np.finfo(x.dtype).max if posinf is None else posinf,
    ),
)
FUNCTIONS[np.sinc] = lambda x: ops.where(x == 0, 1.0, ops.sin(math.pi * x) / ops.where(x == 0, 1.0, math.pi * x))
