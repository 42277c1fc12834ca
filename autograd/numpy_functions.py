"""What stands for each function of NumPy, under its names and with its arguments."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import ops
from .arrays import reductions as rows, shapes, windows
from .arrays.products import einsum
from .arrays.reductions import plain
from .functions import multiplying, reducing, selecting, shaping
from .functions.checks import as_carrier, axis_from, constant_like
from .numpy_protocol import FUNCTIONS, NumpyFunctions, covers, numbers, uncovered

__all__: list[str] = []


def _axis(axis: Any, x: Any, name: str) -> Any:
    return axis_from(tuple(axis) if isinstance(axis, (list, tuple)) else axis, x, name)


# ---------------------------------------------------------------------- reductions


def _cast(a: Any, dtype: Any) -> Any:
    return a if dtype is None or a.dtype == dtype else a.astype(dtype)


def _mean_dtype(a: Any, dtype: Any) -> Any:
    """A mean is taken of floats."""
    return _cast(a, dtype if dtype is not None or a.dtype.kind in "fc" else np.float64)


@covers(np.sum)
def _sum(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return rows.sum_(_cast(a, dtype), axis=_axis(axis, a, "np.sum"), keepdims=bool(keepdims))


@covers(np.prod)
def _prod(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return reducing.prod(_cast(a, dtype), _axis(axis, a, "np.prod"), bool(keepdims))


def _reduction(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def covering(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return function(a, dim=_axis(axis, a, name), keepdim=bool(keepdims))

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
    return reducing.mean(_mean_dtype(a, dtype), _axis(axis, a, "np.mean"), bool(keepdims))


@covers(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    a = as_carrier(a, "np.average")
    axis = _axis(axis, a, "np.average")
    if weights is None:
        weights = np.ones(a.shape, _mean_dtype(a, None).dtype)
    weights = as_carrier(weights, "np.average")
    if weights.shape != a.shape:
        if not isinstance(axis, int) or weights.shape != a.shape[axis : axis + 1]:
            raise ValueError(f"np.average: weights {weights.shape} must have the shape of the array, {a.shape}")
        weights = shapes.reshape(weights, shape=(-1,) + (1,) * (a.ndim - 1 - axis))
    total = rows.sum_(weights + np.zeros(a.shape, weights.dtype), axis=axis, keepdims=keepdims)
    mean = rows.sum_(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


@covers(np.var)
def _var(a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False,
         *, correction: float | None = None) -> Any:  # fmt: skip
    ddof = ddof if correction is None else correction
    return reducing.var(_mean_dtype(a, dtype), _axis(axis, a, "np.var"), ddof, bool(keepdims))


@covers(np.std)
def _std(*args: Any, **kwargs: Any) -> Any:
    return ops.sqrt(_var(*args, **kwargs))


@covers(np.ptp)
def _ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return reducing.amax(a, axis, keepdims) - reducing.amin(a, axis, keepdims)


@covers(np.cumsum)
def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    a = _cast(a, dtype)
    return reducing.cumsum(a, axis) if axis is not None else reducing.cumsum(a.reshape(-1), 0)


@covers(np.cumprod)
def _cumprod(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    a = _cast(a, dtype)
    return reducing.cumprod(a, axis) if axis is not None else reducing.cumprod(a.reshape(-1), 0)


@covers(np.count_nonzero)
def _count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.count_nonzero(plain(a), axis, keepdims=keepdims)


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
FUNCTIONS[np.swapaxes] = lambda a, axis1, axis2: shaping.transpose(a, axis1, axis2)
FUNCTIONS[np.tril] = lambda m, k=0: shaping.tril(m, k)
FUNCTIONS[np.triu] = lambda m, k=0: shaping.triu(m, k)
FUNCTIONS[np.diag] = lambda v, k=0: shaping.diag(v, k)
FUNCTIONS[np.diagflat] = lambda v, k=0: shaping.diag(v.reshape(-1), k)
FUNCTIONS[np.trace] = lambda a, offset=0, axis1=0, axis2=1: rows.sum_(
    shaping.diagonal(a, offset, axis1, axis2), axis=-1
)
FUNCTIONS[np.diagonal] = lambda a, offset=0, axis1=0, axis2=1: shaping.diagonal(a, offset, axis1, axis2)
FUNCTIONS[np.tile] = lambda A, reps: shaping.tile(A, *np.atleast_1d(reps).tolist())


@covers(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    return shaping.roll(a, shift, axis)


def _moving(function: Callable[..., Any]) -> Callable[..., Any]:
    """For a function that only moves elements: NumPy moves their places."""

    def covering(a: Any, *args: Any, **kwargs: Any) -> Any:
        places = np.arange(plain(a).size).reshape(a.shape)
        return _picked([a], function(places, *map(numbers, args), **kwargs))

    return covering


def _picked(arrays: Sequence[Any], places: Any) -> Any:
    """The elements at these places, counted through all arrays; of lists of places, lists."""
    flat = [as_carrier(a, "np.array").reshape(-1) for a in arrays]
    joined = flat[0] if len(flat) == 1 else shapes.concatenate(*flat, axis=0)
    if isinstance(places, (list, tuple)):
        return type(places)(shapes.getitem(joined, index=p) for p in places)
    return shapes.getitem(joined, index=places)


def _numbered(tree: Any, arrays: list[Any]) -> Any:
    """The places of the elements in the place of every array; the arrays are added to the list."""
    if isinstance(tree, (list, tuple)):
        return [_numbered(entry, arrays) for entry in tree]
    start = sum(plain(a).size for a in arrays)
    arrays.append(as_carrier(tree, "np.array"))
    return start + np.arange(arrays[-1].size).reshape(arrays[-1].shape)


def _joining(function: Callable[..., Any]) -> Callable[..., Any]:
    """For a function that only moves elements of several arrays."""

    def covering(tree: Any, *args: Any, **kwargs: Any) -> Any:
        arrays: list[Any] = []
        places = function(_numbered(tree, arrays), *args, **kwargs)
        return _picked(arrays, places)

    return covering


for _function in (np.rot90, np.delete, np.resize, np.lib.stride_tricks.sliding_window_view):
    FUNCTIONS[_function] = _moving(_function)
for _function in (np.block, np.dstack):
    FUNCTIONS[_function] = _joining(_function)
if hasattr(np, "unstack"):  # NumPy 2.1
    FUNCTIONS[np.unstack] = lambda x, /, *, axis=0: shaping.unbind(x, axis)


@covers(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    arrays: list[Any] = []
    arr = as_carrier(arr, "np.insert")
    places = _numbered([arr, _cast(as_carrier(values, "np.insert"), arr.dtype)], arrays)
    return _picked(arrays, np.insert(places[0], numbers(obj), places[1], axis))


@covers(np.choose)
def _choose(a: Any, choices: Any, out: None = None, mode: Any = "raise") -> Any:
    arrays: list[Any] = []
    return _picked(arrays, np.choose(numbers(a), _numbered(list(choices), arrays), mode=mode))


@covers(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    value = options.pop("constant_values", 0) if mode == "constant" else 0
    if options or mode not in windows.MODES or np.ndim(value):
        raise uncovered(f"np.pad(mode={mode!r})", options)
    if isinstance(pad_width, dict):
        widths = np.zeros((array.ndim, 2), int)
        for axis, width in pad_width.items():
            widths[axis] = width
    else:
        widths = np.broadcast_to(pad_width, (array.ndim, 2))
    return windows.pad(array, [(int(before), int(behind)) for before, behind in widths], mode, value)


@covers(np.meshgrid)
def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    vectors = [as_carrier(x, "np.meshgrid").reshape(-1) for x in xi]
    axes = [1, 0, *range(2, len(xi))] if indexing == "xy" and len(xi) > 1 else range(len(xi))
    shape = [1] * len(xi)
    for x, axis in zip(vectors, axes, strict=True):
        shape[axis] = x.shape[0]
    grids = []
    for x, axis in zip(vectors, axes, strict=True):
        line = shapes.reshape(x, shape=tuple(-1 if i == axis else 1 for i in range(len(xi))))
        grids.append(line if sparse else shapes.broadcast_to(line, shape=tuple(shape)))
    return tuple(grids)


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
    return _cast(shaping.cat(arrays, axis), dtype)


@covers(np.stack)
def _stack(arrays: Any, axis: int = 0, out: None = None, *, dtype: Any = None, casting: str = "") -> Any:
    return _cast(shaping.stack(list(arrays), axis), dtype)


@covers(np.vstack)
def _vstack(tup: Any, *, dtype: Any = None, casting: str = "") -> Any:
    return _cast(shaping.cat([_atleast(2, a) for a in tup], 0), dtype)


@covers(np.hstack)
def _hstack(tup: Any, *, dtype: Any = None, casting: str = "") -> Any:
    arrays = [_atleast(1, a) for a in tup]
    return _cast(shaping.cat(arrays, 0 if arrays[0].ndim == 1 else 1), dtype)


@covers(np.column_stack)
def _column_stack(tup: Any) -> Any:
    columns = [as_carrier(a, "np.column_stack") for a in tup]
    return shaping.cat([a.reshape(-1, 1) if a.ndim < 2 else a for a in columns], 1)


def _atleast(n: int, a: Any) -> Any:
    a = as_carrier(a, "np.atleast_1d")
    return a if a.ndim >= n else shapes.reshape(a, shape=(1,) * (n - a.ndim) + a.shape)


def _each(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda *arrays: function(arrays[0]) if len(arrays) == 1 else tuple(map(function, arrays))


def _atleast_3d(a: Any) -> Any:
    a = _atleast(2, a)
    return a if a.ndim > 2 else shapes.expand_dims(a, -1)


FUNCTIONS[np.atleast_1d] = _each(lambda a: _atleast(1, a))
FUNCTIONS[np.atleast_2d] = _each(lambda a: _atleast(2, a))
FUNCTIONS[np.atleast_3d] = _each(_atleast_3d)


def _splitting(function: Callable[..., Any]) -> Callable[..., Any]:
    def covering(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
        before = (slice(None),) * (axis % ary.ndim)
        pieces = function(np.arange(ary.shape[axis]), indices_or_sections)
        ends = [(int(p[0]), int(p[-1]) + 1) if p.size else (0, 0) for p in pieces]
        return [shapes.getitem(ary, index=(*before, slice(*end))) for end in ends]

    return covering


_split = FUNCTIONS[np.split] = _splitting(np.split)
FUNCTIONS[np.array_split] = _splitting(np.array_split)
FUNCTIONS[np.vsplit] = lambda ary, indices_or_sections: _split(ary, indices_or_sections, 0)
FUNCTIONS[np.hsplit] = lambda ary, indices_or_sections: _split(ary, indices_or_sections, 0 if ary.ndim == 1 else 1)
FUNCTIONS[np.dsplit] = lambda ary, indices_or_sections: _split(ary, indices_or_sections, 2)


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
def _take(a: Any, indices: Any, axis: Any = None, out: None = None, mode: Any = "raise") -> Any:
    a = a.reshape(-1) if axis is None else a
    axis = 0 if axis is None else axis % a.ndim
    index = np.take(np.arange(a.shape[axis]), numbers(indices), mode=mode)
    return shapes.getitem(a, index=(*(slice(None),) * axis, index))


@covers(np.compress)
def _compress(condition: Any, a: Any, axis: Any = None, out: None = None) -> Any:
    a = as_carrier(a, "np.compress")
    return _take(a, np.flatnonzero(numbers(condition)), axis)


FUNCTIONS[np.extract] = lambda condition, arr: _compress(np.ravel(numbers(condition)), arr)


@covers(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    return selecting.take_along_dim(arr, indices, axis)


@covers(np.sort)
def _sort(a: Any, axis: Any = -1, kind: Any = None, order: None = None, *, stable: Any = None) -> Any:
    return selecting.sort(a.reshape(-1), 0)[0] if axis is None else selecting.sort(a, axis)[0]


@covers(np.argsort)
def _argsort(a: Any, axis: Any = -1, kind: Any = None, order: None = None, *, stable: Any = None) -> Any:
    return selecting.argsort(a.reshape(-1), 0) if axis is None else selecting.argsort(a, axis)


@covers(np.partition)
def _partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: None = None) -> Any:
    a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
    return selecting.take_along_dim(a, np.argpartition(plain(a), kth, axis, kind), axis)


@covers(np.select)
def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = ops.where(numbers(condition), choice, result)
    return result


@covers(np.piecewise)
def _piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
    conditions = [
        np.asarray(numbers(c), bool) for c in (condlist if isinstance(condlist, (list, tuple)) else [condlist])
    ]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    y = constant_like(x, np.zeros_like(plain(x)))
    for condition, piece in zip(conditions, funclist, strict=True):
        value = piece(shapes.getitem(x, index=condition), *args, **kwargs) if callable(piece) else piece
        y = shapes.overwrite(y, value, index=condition)
    return y


@covers(np.unique)
def _unique(ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
            axis: None = None, *, equal_nan: bool = True) -> Any:  # fmt: skip
    if axis is not None:
        raise uncovered("np.unique", {"axis": axis})
    asked = {"return_inverse": return_inverse, "return_counts": return_counts, "equal_nan": equal_nan}
    found: Any = np.unique(plain(ar), return_index=True, **asked)  # type: ignore[call-overload]
    _, index, *others = found
    results = (_picked([ar], index), *([index] if return_index else []), *others)
    return results if len(results) > 1 else results[0]


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
    return rows.sum_(np.conjugate(as_carrier(a, "np.vdot").reshape(-1)) * as_carrier(b, "np.vdot").reshape(-1))


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
    if isinstance(operands[0], str):
        return multiplying.einsum(*operands)
    arrays, terms = operands[: len(operands) // 2 * 2 : 2], [_subscripts(t) for t in operands[1::2]]
    result = "->" + _subscripts(operands[-1]) if len(operands) % 2 else ""
    return multiplying.einsum(",".join(terms) + result, *arrays)


def _subscripts(axes: Sequence[Any]) -> str:
    return "".join("..." if i is Ellipsis else chr(ord("a") + i) for i in axes)


@covers(np.kron)
def _kron(a: Any, b: Any) -> Any:
    a, b = as_carrier(a, "np.kron"), as_carrier(b, "np.kron")
    n = max(a.ndim, b.ndim)
    a, b = _atleast(n, a), _atleast(n, b)
    left = shapes.reshape(a, shape=tuple(k for m in a.shape for k in (m, 1)))
    right = shapes.reshape(b, shape=tuple(k for m in b.shape for k in (1, m)))
    return shapes.reshape(left * right, shape=tuple(m * k for m, k in zip(a.shape, b.shape, strict=True)))


@covers(np.cross)
def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = as_carrier(a, "np.cross"), as_carrier(b, "np.cross")
    a, b = shapes.moveaxis(a, axisa, -1), shapes.moveaxis(b, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise uncovered("np.cross", {"vectors of other than three elements": None})
    signs = np.zeros((3, 3, 3), np.result_type(a.dtype, b.dtype))
    signs[[0, 1, 2], [1, 2, 0], [2, 0, 1]], signs[[0, 1, 2], [2, 0, 1], [1, 2, 0]] = 1.0, -1.0
    return shapes.moveaxis(einsum(signs, a, b, subscripts="ijk,...j,...k->...i"), -1, axisc)


# ---------------------------------------------------------------------- the rest


def _like(function: Callable[..., Any]) -> Callable[..., Any]:
    def covering(a: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs = {k: v for k, v in kwargs.items() if k != "subok"}
        return constant_like(a, function(plain(a), *args, **kwargs))

    return covering


for _function in (np.zeros_like, np.ones_like, np.empty_like, np.full_like):
    FUNCTIONS[_function] = _like(_function)
for _function in (np.shape, np.ndim, np.size, np.array_equal, np.allclose, np.isclose, np.result_type, np.iscomplexobj,
                  np.isrealobj, np.nonzero, np.argwhere, np.flatnonzero, np.searchsorted, np.digitize,
                  np.argpartition, np.array_repr, np.array_str, np.array2string, np.may_share_memory,
                  np.shares_memory, np.can_cast, np.isin, np.array_equiv, np.isneginf, np.isposinf,
                  np.iscomplex, np.isreal, np.min_scalar_type, np.common_type):  # fmt: skip
    FUNCTIONS[_function] = lambda *args, _function=_function, **kwargs: _function(
        *map(numbers, args), **{k: numbers(v) for k, v in kwargs.items()}
    )
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
    return np.histogram(numbers(a), numbers(bins), range, density, weights)


@covers(np.bincount)
def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    places = np.asarray(numbers(x))
    counts = np.bincount(places, minlength=minlength)
    if weights is None:
        return counts
    return shapes.put(_cast(as_carrier(weights, "np.bincount"), np.float64), index=places, shape=counts.shape)


@covers(np.nan_to_num)
def _nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    array, limits = plain(x), np.finfo(x.dtype)
    x = ops.where(array == np.inf, limits.max if posinf is None else posinf, x)
    x = ops.where(array == -np.inf, limits.min if neginf is None else neginf, x)
    return ops.where(np.isnan(array), nan, x)


@covers(np.sinc)
def _sinc(x: Any) -> Any:
    x = math.pi * x
    square, zero = ops.square(x), plain(x) == 0
    return ops.where(zero, 1.0 - square / 6 + ops.square(square) / 120, ops.sin(x) / ops.where(zero, 1.0, x))
