"""Array ops that move numbers about and compute nothing: shapes, axes, indices, joining.

Every one of them is linear, and its pullback is another one of them.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..array_op import ArrayOp
from ..traced import opaque

__all__ = [
    "Axis",
    "astype",
    "axes_of",
    "broadcast_to",
    "concatenate",
    "expand_dims",
    "flip",
    "getitem",
    "insert_axes",
    "kept_shape",
    "moveaxis",
    "overwrite",
    "put",
    "reshape",
    "roll",
    "size_of",
    "swapaxes",
    "transpose",
    "triangle",
]

Axis = int | tuple[int, ...] | None


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The axes meant, counted from the front; all of them for None."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(i % ndim for i in axes) if ndim else ()


def kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape after a reduction that keeps the reduced axes, with length 1."""
    if axis is None:
        return (1,) * len(shape)
    axes = axes_of(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _broadcast_to(a: Any, shape: tuple[int, ...]) -> Any:
    """NumPy's, which takes four times as long where one number is repeated, as behind every sum."""
    if a.ndim:
        return np.broadcast_to(a, shape)
    view = np.ndarray(shape, a.dtype, np.asarray(a), strides=(0,) * len(shape))
    view.flags.writeable = False
    return view


# Each rule uses its own row, or a later one.
astype: ArrayOp
reshape: ArrayOp
transpose: ArrayOp
flip: ArrayOp
roll: ArrayOp
triangle: ArrayOp
getitem: ArrayOp
put: ArrayOp
overwrite: ArrayOp

astype = ArrayOp(
    "astype", "The same numbers in another dtype.",
    lambda a, dtype: np.asarray(a).astype(dtype),
    lambda g, y, a, dtype: astype(g, dtype=a.dtype),
    needs=("",), linear="jointly",
)  # fmt: skip
reshape = ArrayOp(
    "reshape", "The same elements in another shape.",
    lambda a, shape: a.reshape(shape),
    lambda g, y, a, shape: reshape(g, shape=a.shape),
    needs=("",), linear="jointly", computes=False,
)  # fmt: skip
transpose = ArrayOp(
    "transpose", "The axes in another order; axis i of the result is axis `axes[i]`.",
    lambda a, axes: a.transpose(axes),
    lambda g, y, a, axes: transpose(g, axes=tuple(sorted(range(len(axes)), key=axes.__getitem__))),
    needs=("",), linear="jointly", computes=False, symbol="T",
)  # fmt: skip
broadcast_to = ArrayOp(
    "broadcast_to", "The array repeated along new axes and axes of length 1.",
    _broadcast_to,
    lambda g, y, a, shape: g,  # the engine sums up what was repeated
    needs=("",), linear="jointly", computes=False,
)  # fmt: skip
flip = ArrayOp(
    "flip", "The elements in reverse order along some axes.",
    lambda a, axis: np.flip(a, axis).copy(),  # as PyTorch's; x[::-1] is a view
    lambda g, y, a, axis: flip(g, axis=axis),
    needs=("",), linear="jointly", computes=False,
)  # fmt: skip
roll = ArrayOp(
    "roll", "The elements moved along some axes; those that fall off come back at the other end.",
    lambda a, shift, axis=None: np.roll(a, shift, axis),
    lambda g, y, a, shift, axis=None: roll(
        g, shift=tuple(-s for s in shift) if isinstance(shift, tuple) else -shift, axis=axis
    ),
    needs=("",), linear="jointly", computes=False,
)  # fmt: skip
triangle = ArrayOp(
    "triangle", "The matrix with 0 above (`upper` false) or below its k-th diagonal.",
    lambda a, k, upper: np.triu(a, k) if upper else np.tril(a, k),
    lambda g, y, a, k, upper: triangle(g, k=k, upper=upper),
    needs=("",), linear="jointly", computes=False,
)  # fmt: skip


def swapaxes(a: Any, i: int = -1, j: int = -2) -> Any:
    """Two axes exchanged; by default the last two, which transposes matrices."""
    if type(a) is np.ndarray:
        return a.swapaxes(i, j)
    axes = list(range(a.ndim))
    axes[i], axes[j] = axes[j], axes[i]
    return transpose(a, axes=tuple(axes))


def moveaxis(a: Any, source: int, destination: int) -> Any:
    """One axis moved to another place."""
    axes = list(range(a.ndim))
    axes.insert(destination % a.ndim, axes.pop(source % a.ndim))
    return transpose(a, axes=tuple(axes))


def expand_dims(a: Any, axis: int) -> Any:
    """A new axis of length 1, at this place of the result."""
    axis %= a.ndim + 1
    return reshape(a, shape=(*a.shape[:axis], 1, *a.shape[axis:]))


def insert_axes(a: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """A reduced array with its axes put back, with length 1, where they were in `shape`, to be broadcast."""
    if not a.ndim:
        return a
    kept = kept_shape(shape, axis)
    return a if a.shape == kept else reshape(a, shape=kept)


# ---------------------------------------------------------------------- indices


def _put(a: Any, index: Any, shape: tuple[int, ...]) -> Any:
    target: np.ndarray[Any, Any] = np.zeros(shape, a.dtype)
    if may_repeat(index):
        _add_at(target, index, a)
    else:
        target[index] = a
    return target


def may_repeat(index: Any) -> bool:
    """Whether an index can name an element twice: only arrays of integers can."""
    if isinstance(index, slice):
        return False
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [np.asarray(part) if isinstance(part, list) else part for part in parts]
    return any(isinstance(part, np.ndarray) and part.dtype != bool for part in arrays)


def _add_at(target: np.ndarray[Any, Any], index: Any, a: Any) -> None:
    """Add to every element once for each time that the index names it."""
    if target.dtype != np.float64 or target.size > 1 << 22:
        np.add.at(target, index, a)
        return
    places = np.arange(target.size).reshape(target.shape)[index]  # counting is faster than adding one by one
    weights = np.broadcast_to(a, places.shape).ravel()
    target += np.bincount(places.ravel(), weights, target.size).reshape(target.shape)


def _getitem(a: Any, index: Any) -> Any:
    y = a[index]
    if type(y) is np.ndarray:
        return y
    return a[(*index, ...) if isinstance(index, tuple) else (index, ...)]  # a single element too is a view


getitem = ArrayOp(
    "getitem", "The elements that an index selects, as NumPy understands it.",
    _getitem,
    lambda g, y, a, index: put(g, index=index, shape=a.shape),
    needs=("",), linear="jointly", computes=False, symbol="[ ]",
)  # fmt: skip
put = ArrayOp(
    "put", "Zeros of a shape, with the array added at an index: the transpose of `getitem`.",
    _put,
    lambda g, y, a, index, shape: getitem(g, index=index),
    needs=("",), linear="jointly", symbol="[ ]ᵀ",
)  # fmt: skip


def _overwrite(a: Any, b: Any, index: Any) -> Any:
    result = np.array(a)
    result[index] = np.asarray(b, order="C")  # as `Tensor.__setitem__` writes it
    return result


def _written(g: Any, y: Any, a: Any, b: Any, index: Any) -> Any:
    """The gradient of what is written.  Where an index names an element twice, only the last one written is there."""
    if not may_repeat(index):
        return getitem(g, index=index)
    parts = index if isinstance(index, tuple) else (index,)
    origins = opaque(_origins, *parts, shape=a.shape, written=b.shape)
    size = prod(b.shape)
    found = put(g, index=(origins,), shape=(size + 1,))
    return reshape(getitem(found, index=slice(size)), shape=b.shape)


def _origins(*index: Any, shape: tuple[int, ...], written: tuple[int, ...]) -> Any:
    """For each element, which one of the written array it is, counted along the rows; their number if none of them."""
    size = prod(written)
    origins = np.full(shape, size)
    origins[index] = np.arange(size).reshape(written)  # NumPy decides who comes last, by the layout of both, too
    return origins


overwrite = ArrayOp(
    "overwrite", "The first array with the second one written at an index.",
    _overwrite,
    lambda g, y, a, b, index: overwrite(g, 0.0, index=index),
    _written,
    needs=("", ""), linear="jointly", computes=False, symbol="[ ]=",
)  # fmt: skip

# ---------------------------------------------------------------------- joining


def _piece(g: Any, y: Any, i: int, *arrays: Any, axis: int) -> Any:
    """What the i-th of the joined arrays became."""
    axis %= g.ndim
    start = sum(a.shape[axis] for a in arrays[:i])
    return getitem(g, index=(slice(None),) * axis + (slice(start, start + arrays[i].shape[axis]),))


concatenate = ArrayOp(
    "concatenate", "Arrays joined along an axis that they have.",
    lambda *arrays, axis: np.concatenate(arrays, axis),
    _piece,
    needs=("",), linear="jointly", computes=False, variadic=True,
)  # fmt: skip


def size_of(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements a reduction over these axes takes together."""
    return prod(shape[i] for i in axes_of(axis, len(shape)))
