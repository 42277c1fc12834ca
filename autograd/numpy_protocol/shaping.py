"""What stands for NumPy's functions of shapes, axes and joining."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import reductions as rows, shapes, windows
from ..arrays.reductions import plain
from ..functions import shaping
from ..functions.checks import as_carrier, one_axis
from .arguments import at_least, cast, numpy_axis, picked
from .protocol import FUNCTIONS, covers, known, numbers, uncovered

__all__: list[str] = []


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
    sources, destinations = (_listed(axis, a, "np.moveaxis") for axis in (source, destination))
    if len(sources) != len(destinations):
        raise ValueError(f"np.moveaxis: source {source} and destination {destination}: give one place for each axis")
    order = [i for i in range(a.ndim) if i not in sources]
    for d, s in sorted(zip(destinations, sources, strict=True)):
        order.insert(d, s)
    return shaping.permute(a, *order)


def _listed(axis: Any, a: Any, name: str) -> tuple[int, ...]:
    """One axis or several, counted from the front."""
    return shapes.axes_of(numpy_axis(axis, a, name), a.ndim)


@covers(np.rollaxis)
def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis = one_axis(axis, a, "np.rollaxis")
    if not -a.ndim <= start <= a.ndim:
        raise IndexError(f"np.rollaxis: start {start} is out of range for shape {a.shape}")
    start += a.ndim if start < 0 else 0
    return shapes.moveaxis(a, axis, start - 1 if axis < start else start)


@covers(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    if axis is not None and any(a.shape[i] != 1 for i in _listed(axis, a, "np.squeeze")):
        raise ValueError(f"np.squeeze: axis {axis} of shape {a.shape} has not length 1")
    return shaping.squeeze(a, axis)


@covers(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    return shapes.reshape(a, shape=np.expand_dims(np.broadcast_to(0, a.shape), axis).shape)


@covers(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return shaping.expand(array, shape)


@covers(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(shaping.expand(as_carrier(a, "np.broadcast_arrays"), shape) for a in args)


@covers(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    """A view, as NumPy's; PyTorch's function of that name copies."""
    axes = _listed(axis, m, "np.flip")
    return shapes.getitem(m, index=tuple([slice(None, None, -1 if i in axes else None) for i in range(m.ndim)]))


FUNCTIONS[np.flipud] = lambda m: _flip(m, 0)
FUNCTIONS[np.fliplr] = lambda m: _flip(m, 1)
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
        settings = [known(x, f"np.{function.__name__}") for x in args]
        return picked([a], function(places, *settings, **kwargs))

    return covering


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
        return picked(arrays, places)

    return covering


_MOVING: tuple[Any, ...] = (np.rot90, np.delete, np.resize, np.lib.stride_tricks.sliding_window_view)
FUNCTIONS |= {function: _moving(function) for function in _MOVING}
FUNCTIONS |= {np.block: _joining(np.block), np.dstack: _joining(np.dstack)}
if hasattr(np, "unstack"):  # NumPy 2.1
    FUNCTIONS[np.unstack] = lambda x, /, *, axis=0: shaping.unbind(x, axis)


@covers(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    arrays: list[Any] = []
    arr, obj = as_carrier(arr, "np.insert"), numbers(obj)
    if isinstance(obj, np.ndarray) and obj.dtype.kind == "b":
        obj = known(obj, "np.insert")
    places = _numbered([arr, cast(as_carrier(values, "np.insert"), arr.dtype)], arrays)
    return picked(arrays, np.insert(places[0], obj, places[1], axis))


@covers(np.choose)
def _choose(a: Any, choices: Any, out: None = None, mode: Any = "raise") -> Any:
    arrays: list[Any] = []
    return picked(arrays, np.choose(numbers(a), _numbered(list(choices), arrays), mode=mode))


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
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise ValueError(f"np.pad: widths must be whole numbers, and not negative, got {pad_width}")
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
    axis = one_axis(axis, a, "np.repeat")
    index = np.repeat(np.arange(a.shape[axis]), np.asarray(known(repeats, "np.repeat")))
    return shapes.getitem(a, index=(*(slice(None),) * axis, index))


@covers(np.concatenate)
def _concatenate(arrays: Any, /, axis: Any = 0, out: None = None, *, dtype: Any = None, casting: str = "") -> Any:
    arrays = list(arrays)
    if axis is None:
        arrays, axis = [as_carrier(a, "np.concatenate").reshape(-1) for a in arrays], 0
    return cast(shaping.cat(arrays, axis), dtype)


@covers(np.stack)
def _stack(arrays: Any, axis: int = 0, out: None = None, *, dtype: Any = None, casting: str = "") -> Any:
    return cast(shaping.stack(list(arrays), axis), dtype)


@covers(np.vstack)
def _vstack(tup: Any, *, dtype: Any = None, casting: str = "") -> Any:
    return cast(shaping.cat([at_least(2, a) for a in tup], 0), dtype)


@covers(np.hstack)
def _hstack(tup: Any, *, dtype: Any = None, casting: str = "") -> Any:
    arrays = [at_least(1, a) for a in tup]
    return cast(shaping.cat(arrays, 0 if arrays[0].ndim == 1 else 1), dtype)


@covers(np.column_stack)
def _column_stack(tup: Any) -> Any:
    columns = [as_carrier(a, "np.column_stack") for a in tup]
    return shaping.cat([a.reshape(-1, 1) if a.ndim < 2 else a for a in columns], 1)


def _each(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda *arrays: function(arrays[0]) if len(arrays) == 1 else tuple(map(function, arrays))


def _atleast_3d(a: Any) -> Any:
    a = at_least(2, a)
    return a if a.ndim > 2 else shapes.expand_dims(a, -1)


FUNCTIONS[np.atleast_1d] = _each(lambda a: at_least(1, a))
FUNCTIONS[np.atleast_2d] = _each(lambda a: at_least(2, a))
FUNCTIONS[np.atleast_3d] = _each(_atleast_3d)


def _splitting(function: Callable[..., Any]) -> Callable[..., Any]:
    def covering(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
        axis = one_axis(axis, ary, f"np.{function.__name__}")
        before = (slice(None),) * axis
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
