"""The same numbers in another shape, order or company."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from ..arrays import shapes as rows
from ..arrays.reductions import sum_
from ..arrays.shapes import Axis, getitem, transpose as reorder
from .checks import as_carrier, axis_from, ints, one_axis

__all__ = [
    "cat",
    "chunk",
    "diag",
    "diagonal",
    "expand",
    "flatten",
    "flip",
    "movedim",
    "permute",
    "repeat",
    "reshape",
    "roll",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "tile",
    "trace",
    "transpose",
    "tril",
    "triu",
    "unbind",
    "unsqueeze",
]


def reshape(x: Any, *shape: Any) -> Any:
    """The same elements in another shape; one size may be -1, and follows from the others."""
    x = as_carrier(x, "reshape")
    sizes = ints(shape, "reshape")
    known = math.prod(n for n in sizes if n != -1)
    unknown = sizes.count(-1)
    if unknown > 1 or any(n < -1 for n in sizes) or (x.size != known if not unknown else known == 0 or x.size % known):
        raise ValueError(f"reshape: {x.size} elements of shape {x.shape} do not fit into {sizes}")
    return rows.reshape(x, shape=tuple(x.size // known if n == -1 else n for n in sizes))


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The axes from `start_dim` to `end_dim` as one."""
    x = as_carrier(x, "flatten")
    if not x.ndim:
        return reshape(x, 1)
    first, last = one_axis(start_dim, x, "flatten"), one_axis(end_dim, x, "flatten")
    if first > last:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    together = math.prod(x.shape[first : last + 1])
    return rows.reshape(x, shape=(*x.shape[:first], together, *x.shape[last + 1 :]))


def squeeze(x: Any, dim: Axis = None) -> Any:
    """Without the axes of length 1, or without those of `dim` that have length 1."""
    x = as_carrier(x, "squeeze")
    axes = rows.axes_of(axis_from(dim, x, "squeeze"), x.ndim)
    return rows.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in axes))


def unsqueeze(x: Any, dim: int) -> Any:
    """A new axis of length 1 at place `dim` of the result."""
    x = as_carrier(x, "unsqueeze")
    if not -x.ndim - 1 <= dim <= x.ndim:
        raise IndexError(f"unsqueeze: dim {dim} is out of range for shape {x.shape}")
    return rows.expand_dims(x, dim)


def permute(x: Any, *dims: Any) -> Any:
    """The axes in another order: axis i of the result is axis `dims[i]`."""
    x = as_carrier(x, "permute")
    order = ints(dims, "permute")
    axes = tuple(d % x.ndim for d in order) if x.ndim else order
    if sorted(axes) != list(range(x.ndim)) or not all(-x.ndim <= d < x.ndim for d in order):
        raise ValueError(f"permute: {order} is no order of the {x.ndim} axes of shape {x.shape}")
    return reorder(x, axes=axes)


def transpose(x: Any, dim0: int, dim1: int) -> Any:
    """Two axes exchanged."""
    x = as_carrier(x, "transpose")
    if not x.ndim:
        return x
    return rows.swapaxes(x, one_axis(dim0, x, "transpose"), one_axis(dim1, x, "transpose"))


swapaxes = transpose


def movedim(x: Any, source: int, destination: int) -> Any:
    """One axis moved to another place."""
    x = as_carrier(x, "movedim")
    return rows.moveaxis(x, one_axis(source, x, "movedim"), one_axis(destination, x, "movedim"))


def expand(x: Any, *sizes: Any) -> Any:
    """New axes in front and axes of length 1 repeated, without a copy; -1 leaves an axis as it is."""
    x = as_carrier(x, "expand")
    wanted = ints(sizes, "expand")
    extra = len(wanted) - x.ndim
    shape = tuple(x.shape[i - extra] if n == -1 and i >= extra else n for i, n in enumerate(wanted))
    if extra < 0 or any(n != m and n != 1 for n, m in zip(x.shape, shape[extra:], strict=True)) or -1 in shape:
        raise ValueError(f"expand: shape {x.shape} cannot become {wanted}: only axes of length 1 can be repeated")
    return rows.broadcast_to(x, shape=shape)


def tile(x: Any, *repeats: Any) -> Any:
    """Copies of the whole side by side, `repeats` of them along each axis."""
    x = as_carrier(x, "tile")
    counts = ints(repeats, "tile")
    counts = (1,) * (x.ndim - len(counts)) + counts
    if any(n < 0 for n in counts):
        raise ValueError(f"tile: counts must not be negative, got {counts}")
    sizes = (1,) * (len(counts) - x.ndim) + x.shape
    spread = rows.reshape(x, shape=tuple(m for n in sizes for m in (1, n)))
    together = rows.broadcast_to(spread, shape=tuple(m for n, k in zip(sizes, counts, strict=True) for m in (k, n)))
    return rows.reshape(together, shape=tuple(n * k for n, k in zip(sizes, counts, strict=True)))


def repeat(x: Any, *repeats: Any) -> Any:
    """`Tensor.repeat` of PyTorch: as `tile`, with a count for every axis."""
    x = as_carrier(x, "repeat")
    counts = ints(repeats, "repeat")
    if len(counts) < x.ndim:
        raise ValueError(f"repeat: needs a count for each of the {x.ndim} axes of shape {x.shape}, got {counts}")
    return tile(x, *counts)


def flip(x: Any, *dims: Any) -> Any:
    """The elements in reverse order along some axes."""
    x = as_carrier(x, "flip")
    axes = axis_from(ints(dims, "flip"), x, "flip")
    return rows.flip(x, axis=axes)


def roll(x: Any, shifts: Axis, dims: Axis = None) -> Any:
    """The elements moved along some axes; those that fall off come back at the other end."""
    x = as_carrier(x, "roll")
    if isinstance(shifts, (tuple, list)) and len(shifts) != (len(dims) if isinstance(dims, (tuple, list)) else 1):
        raise ValueError(f"roll: shifts {shifts} and dims {dims} must be as many")
    return rows.roll(x, shift=shifts, axis=axis_from(dims, x, "roll"))


def tril(x: Any, diagonal: int = 0) -> Any:
    """The lower triangle of matrices, 0 above the diagonal."""
    return rows.triangle(_matrices(x, "tril"), k=index(diagonal), upper=False)


def triu(x: Any, diagonal: int = 0) -> Any:
    """The upper triangle of matrices, 0 below the diagonal."""
    return rows.triangle(_matrices(x, "triu"), k=index(diagonal), upper=True)


def _matrices(x: Any, name: str) -> Any:
    x = as_carrier(x, name)
    if x.ndim < 2:
        raise ValueError(f"{name}: needs at least two axes, got shape {x.shape}")
    return x


def diagonal(x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The diagonal of matrices, as the last axis."""
    x = _matrices(x, "diagonal")
    first, second = one_axis(dim1, x, "diagonal"), one_axis(dim2, x, "diagonal")
    if first == second:
        raise ValueError(f"diagonal: dim1 and dim2 are both axis {first}")
    rest = tuple(i for i in range(x.ndim) if i not in (first, second))
    moved = reorder(x, axes=(first, second, *rest))
    n = max(min(moved.shape[0] - max(-offset, 0), moved.shape[1] - max(offset, 0)), 0)
    k = np.arange(n)
    picked = getitem(moved, index=(k + max(-offset, 0), k + max(offset, 0)))
    return reorder(picked, axes=(*range(1, picked.ndim), 0))


_diagonal = diagonal


def diag(x: Any, diagonal: int = 0) -> Any:
    """The matrix with a vector on its diagonal; of a matrix, its diagonal."""
    x = as_carrier(x, "diag")
    if x.ndim == 2:
        return _diagonal(x, diagonal)
    if x.ndim != 1:
        raise ValueError(f"diag: needs a vector or a matrix, got shape {x.shape}")
    n = x.shape[0] + abs(diagonal)
    k = np.arange(x.shape[0])
    return rows.put(x, index=(k + max(-diagonal, 0), k + max(diagonal, 0)), shape=(n, n))


def trace(x: Any) -> Any:
    """The sum of the diagonal of a matrix."""
    if (x := _matrices(x, "trace")).ndim != 2:
        raise ValueError(f"trace: needs a matrix, got shape {x.shape}")
    return sum_(diagonal(x), axis=None)


# ---------------------------------------------------------------------- joining and cutting


def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Tensors joined along an axis that they have.

    >>> import autograd
    >>> autograd.cat([autograd.tensor([1.0]), autograd.tensor([2.0, 3.0])])
    tensor([1., 2., 3.])
    """
    arrays = _several(tensors, "cat")
    axis = one_axis(dim, arrays[0], "cat")
    rest = {(*a.shape[:axis], *a.shape[axis + 1 :]) if a.ndim else None for a in arrays}
    if len(rest) > 1 or None in rest or len({a.ndim for a in arrays}) > 1:
        shapes = ", ".join(str(a.shape) for a in arrays)
        raise ValueError(f"cat: shapes {shapes} must agree in every axis but {dim}, and have one")
    return rows.concatenate(*arrays, axis=axis)


def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Tensors of one shape joined along a new axis."""
    arrays = _several(tensors, "stack")
    if len({a.shape for a in arrays}) > 1:
        raise ValueError(f"stack: shapes {', '.join(str(a.shape) for a in arrays)} must be equal")
    return rows.concatenate(*(unsqueeze(a, dim) for a in arrays), axis=dim % (arrays[0].ndim + 1))


def _several(tensors: Any, name: str) -> list[Any]:
    if not isinstance(tensors, (list, tuple)):
        if not hasattr(tensors, "shape") or not tensors.ndim:
            raise TypeError(f"{name}: takes a list of tensors, got {tensors!r}")
        tensors = [tensors[i] for i in range(tensors.shape[0])]
    if not tensors:
        raise ValueError(f"{name}: the list is empty")
    return [as_carrier(t, name) for t in tensors]


def _with_axes(x: Any, name: str) -> Any:
    x = as_carrier(x, name)
    if not x.ndim:
        raise ValueError(f"{name}: a 0-d tensor has no axis to cut along")
    return x


def split(x: Any, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Any, ...]:
    """Pieces of this size along an axis, the last one perhaps smaller; or pieces of these sizes."""
    x = _with_axes(x, "split")
    axis = one_axis(dim, x, "split")
    n = x.shape[axis]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size <= 0:
            raise ValueError(f"split: the size of a piece must be positive, got {size}")
        sizes = [min(size, n - start) for start in range(0, n, size)] or [0]
    else:
        sizes = list(split_size_or_sections)
        if sum(sizes) != n or any(s < 0 for s in sizes):
            raise ValueError(f"split: sizes {sizes} do not add up to the {n} of axis {axis} of shape {x.shape}")
    ends = np.cumsum(sizes).tolist()
    before = (slice(None),) * axis
    return tuple(getitem(x, index=(*before, slice(e - s, e))) for s, e in zip(sizes, ends, strict=True))


def chunk(x: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """At most this many pieces along an axis, of equal size but perhaps the last."""
    x = _with_axes(x, "chunk")
    if chunks <= 0:
        raise ValueError(f"chunk: the number of pieces must be positive, got {chunks}")
    n = x.shape[one_axis(dim, x, "chunk")]
    return split(x, max(-(-n // chunks), 1), dim)


def unbind(x: Any, dim: int = 0) -> tuple[Any, ...]:
    """The slices along an axis, without it."""
    x = _with_axes(x, "unbind")
    axis = one_axis(dim, x, "unbind")
    before = (slice(None),) * axis
    return tuple(getitem(x, index=(*before, i)) for i in range(x.shape[axis]))
