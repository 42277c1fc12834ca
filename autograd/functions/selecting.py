"""Elements picked by index, by order or by condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..arrays.reductions import plain
from ..arrays.shapes import getitem, overwrite, put
from ..traced import array_of, opaque
from .checks import as_carrier, constant_like, one_axis
from .reducing import along

__all__ = [
    "argsort",
    "gather",
    "index_select",
    "masked_fill",
    "masked_select",
    "nonzero",
    "scatter",
    "scatter_add",
    "sort",
    "take_along_dim",
    "topk",
]


def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """`value` where the mask is true, else the elements of `x`."""
    x = as_carrier(x, "masked_fill")
    truth = array_of(plain(mask))
    if truth.dtype != bool:
        raise TypeError(f"masked_fill: the mask must be of truth values, got {truth.dtype}: write x == 0, say")
    return ops.where(mask if hasattr(mask, "_data") else constant_like(x, truth), value, x)


def masked_select(x: Any, mask: Any) -> Any:
    """The elements where the mask is true, in a row."""
    x = as_carrier(x, "masked_select")
    truth = array_of(plain(mask)).astype(bool)
    try:
        return getitem(x, index=np.broadcast_to(truth, x.shape))
    except ValueError:
        raise ValueError(f"masked_select: a mask of shape {truth.shape} does not broadcast to {x.shape}") from None


def nonzero(x: Any) -> Any:
    """The indices of the elements that are not 0, one row each."""
    x = as_carrier(x, "nonzero")
    return constant_like(x, np.argwhere(plain(x)))


def index_select(x: Any, dim: int, index: Any) -> Any:
    """The slices that a vector of indices names along an axis."""
    x = as_carrier(x, "index_select")
    axis = one_axis(dim, x, "index_select")
    numbers = _in_range(_indices(index, "index_select"), x.shape[axis], "index_select")
    return getitem(x, index=(*(slice(None),) * axis, numbers))


def gather(x: Any, dim: int, index: Any) -> Any:
    """At every place, the element of `x` that `index` names along an axis; see PyTorch's gather.

    For `dim=1` and a matrix: y[i, j] = x[i, index[i, j]].
    """
    x = as_carrier(x, "gather")
    where, axis = _pick(x, dim, index, "gather")
    return getitem(x, index=along(where, axis))


def take_along_dim(x: Any, indices: Any, dim: int | None = None) -> Any:
    """As `gather`, with shapes broadcast; without `dim`, of the elements in a row."""
    x = as_carrier(x, "take_along_dim")
    numbers = _indices(indices, "take_along_dim")
    if dim is None:
        return getitem(x.reshape(-1), index=numbers)
    axis = one_axis(dim, x, "take_along_dim")
    others = [n for i, n in enumerate(x.shape) if i != axis]
    wanted = np.broadcast_shapes(
        (*others[:axis], numbers.shape[axis], *others[axis:]),
        numbers.shape,
    )
    numbers = _in_range(np.broadcast_to(numbers, wanted), x.shape[axis], "take_along_dim")
    return getitem(x, index=along(numbers, axis))


def scatter_add(x: Any, dim: int, index: Any, src: Any) -> Any:
    """`x` with every element of `src` added where `index` names a place along an axis; the transpose of `gather`."""
    x = as_carrier(x, "scatter_add")
    where, axis = _pick(x, dim, index, "scatter_add")
    src = _source(src, where, "scatter_add")
    return x + put(src, index=along(where, axis), shape=x.shape)


def scatter(x: Any, dim: int, index: Any, src: Any) -> Any:
    """`x` with the elements of `src` written where `index` names a place along an axis."""
    x = as_carrier(x, "scatter")
    where, axis = _pick(x, dim, index, "scatter")
    return overwrite(x, _source(src, where, "scatter"), index=along(where, axis))


def _source(src: Any, where: Any, name: str) -> Any:
    if np.ndim(plain(src)) == 0:
        return src
    src = as_carrier(src, name)
    if src.ndim != where.ndim or any(n < m for n, m in zip(src.shape, where.shape, strict=True)):
        raise ValueError(f"{name}: src {src.shape} has no element for some of the index's {where.shape}")
    return getitem(src, index=tuple(slice(n) for n in where.shape))


def _pick(x: Any, dim: int, index: Any, name: str) -> tuple[np.ndarray[Any, Any], int]:
    """Indices checked against the array that they are for, and the axis."""
    numbers = _indices(index, name)
    axis = one_axis(dim, x, name)
    if numbers.ndim != x.ndim or any(
        n > m for i, (n, m) in enumerate(zip(numbers.shape, x.shape, strict=True)) if i != axis
    ):
        raise ValueError(f"{name}: index {numbers.shape} must lie inside {x.shape} in every axis but {dim}")
    return _in_range(numbers, x.shape[axis], name), axis


def _indices(index: Any, name: str) -> np.ndarray[Any, Any]:
    numbers = np.asarray(index) if isinstance(index, (list, tuple)) else array_of(plain(index))
    if numbers.dtype.kind not in "iu" and numbers.size:
        raise TypeError(f"{name}: indices must be integers, got {numbers.dtype}: write index.long()")
    return numbers.astype(np.intp)  # a copy: the backward pass will need them as they are now


def _in_range(numbers: np.ndarray[Any, Any], n: int, name: str) -> np.ndarray[Any, Any]:
    """The indices, checked in every run of a program."""
    return opaque(_checked, numbers, n, name)  # type: ignore[no-any-return]


def _checked(numbers: np.ndarray[Any, Any], n: int, name: str) -> np.ndarray[Any, Any]:
    if numbers.size and not (-n <= numbers.min() and numbers.max() < n):
        worst = int(numbers.max() if numbers.max() >= n else numbers.min())
        raise IndexError(f"{name}: index {worst} is out of range for an axis of length {n}")
    return numbers


def argsort(x: Any, dim: int = -1, descending: bool = False) -> Any:
    """The indices that sort along an axis; equal elements keep their order."""
    x = as_carrier(x, "argsort")
    return constant_like(x, _order(x, dim, descending, "argsort"))


def _order(x: Any, dim: int, descending: bool, name: str) -> np.ndarray[Any, Any]:
    axis = one_axis(dim, x, name)
    numbers: np.ndarray[Any, Any] = plain(x)
    if not x.ndim:
        return np.zeros((), np.intp)
    if not descending:
        return np.argsort(numbers, axis=axis, kind="stable")
    backwards = np.flip(np.argsort(np.flip(numbers, axis), axis=axis, kind="stable"), axis)
    n: int = x.shape[axis]
    return n - 1 - backwards


def sort(x: Any, dim: int = -1, descending: bool = False) -> tuple[Any, Any]:
    """The elements in order along an axis, and where they came from."""
    x = as_carrier(x, "sort")
    order = _order(x, dim, descending, "sort")
    values = getitem(x, index=along(order, dim % x.ndim)) if x.ndim else x
    return values, constant_like(x, order)


def topk(x: Any, k: int, dim: int = -1, largest: bool = True) -> tuple[Any, Any]:
    """The k largest (or smallest) elements along an axis in order, and where they are."""
    x = as_carrier(x, "topk")
    axis = one_axis(dim, x, "topk")
    if not x.ndim or not 0 <= k <= x.shape[axis]:
        raise ValueError(f"topk: k = {k} is out of range for axis {dim} of shape {x.shape}")
    order = _order(x, dim, largest, "topk")[(*(slice(None),) * axis, slice(k))]
    return getitem(x, index=along(order, axis)), constant_like(x, order)
