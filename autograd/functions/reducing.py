"""Many numbers into few: sums, means, extremes, norms, and their running versions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..arrays import reductions as rows
from ..arrays.norms import vector_norm
from ..arrays.reductions import plain
from ..arrays.shapes import Axis, astype, getitem, reshape, size_of
from ..traced import array_of
from .checks import as_carrier, axis_from, constant_like, floating, halves_as_singles

__all__ = [
    "all_",
    "amax",
    "amin",
    "any_",
    "argmax",
    "argmin",
    "cumprod",
    "cumsum",
    "log_softmax",
    "logsumexp",
    "max_",
    "mean",
    "min_",
    "norm",
    "prod",
    "softmax",
    "std",
    "sum_",
    "var",
]


def sum_(x: Any, dim: Axis = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """The sum over the axes `dim`, or over all.

    >>> import autograd
    >>> autograd.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=0)
    tensor([4., 6.])
    """
    x = _summable(x, "sum")
    total = rows.sum_(x, axis=dim if dim is None else axis_from(dim, x, "sum"), keepdims=keepdim)
    return total if dtype is None else total.to(dtype)


def mean(x: Any, dim: Axis = None, keepdim: bool = False) -> Any:
    """The arithmetic mean, Σ x / n, over the axes `dim`, or over all."""
    x = floating(x, "mean")
    return rows.mean(x, axis=axis_from(dim, x, "mean"), keepdims=keepdim)


@halves_as_singles
def var(x: Any, dim: Axis = None, correction: float = 1, keepdim: bool = False) -> Any:
    """The variance, Σ (x - mean)² / (n - correction); PyTorch's correction is 1, NumPy's 0."""
    x = floating(x, "var")
    axis = axis_from(dim, x, "var")
    centred = x - mean(x, dim=dim, keepdim=True)
    n = size_of(x.shape, axis) - correction
    return rows.sum_(ops.square(centred), axis=axis, keepdims=keepdim) / (n if n > 0 else 0.0 * n or math.nan)


@halves_as_singles
def std(x: Any, dim: Axis = None, correction: float = 1, keepdim: bool = False) -> Any:
    """The standard deviation, the square root of `var`."""
    return ops.sqrt(var(x, dim, correction, keepdim))


def prod(x: Any, dim: Axis = None, keepdim: bool = False) -> Any:
    """The product over the axes `dim`, or over all."""
    x = _summable(x, "prod")
    return rows.prod(x, axis=axis_from(dim, x, "prod"), keepdims=keepdim)


def amax(x: Any, dim: Axis = None, keepdim: bool = False) -> Any:
    """The largest element; ties share the gradient evenly."""
    x = _not_empty(x, dim, "amax")
    return rows.amax(x, axis=axis_from(dim, x, "amax"), keepdims=keepdim)


def amin(x: Any, dim: Axis = None, keepdim: bool = False) -> Any:
    """The smallest element; ties share the gradient evenly."""
    x = _not_empty(x, dim, "amin")
    return rows.amin(x, axis=axis_from(dim, x, "amin"), keepdims=keepdim)


def max_(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The largest element of all; with `dim`, the largest along it and where they are.

    Along `dim` the gradient goes to the one element that the index names, as in PyTorch.
    """
    return amax(x) if dim is None else _chosen(x, argmax(x, dim, keepdim=True), dim, keepdim)


def min_(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest element of all; with `dim`, the smallest along it and where they are."""
    return amin(x) if dim is None else _chosen(x, argmin(x, dim, keepdim=True), dim, keepdim)


def _chosen(x: Any, indices: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """The elements that the indices name along an axis, and the indices."""
    axis = dim % (x.ndim or 1)
    where = plain(indices)
    values = getitem(x, index=along(where, axis)) if x.ndim else x
    if not keepdim and x.ndim:
        shape = x.shape[:axis] + x.shape[axis + 1 :]
        values, where = reshape(values, shape=shape), where.reshape(shape)
    return values, constant_like(x, where)


def along(indices: np.ndarray[Any, Any], axis: int) -> tuple[Any, ...]:
    """An index that takes, at every place, the element that `indices` names along an axis."""
    grid = list(np.indices(indices.shape, sparse=True))
    grid[axis] = indices
    return tuple(grid)


def argmax(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """Where the largest element is, the first one of several: integers, without gradient."""
    return _place(np.argmax, _not_empty(x, dim, "argmax"), dim, keepdim, "argmax")


def argmin(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """Where the smallest element is, the first one of several: integers, without gradient."""
    return _place(np.argmin, _not_empty(x, dim, "argmin"), dim, keepdim, "argmin")


def _place(find: Any, x: Any, dim: int | None, keepdim: bool, name: str) -> Any:
    axis = axis_from(dim, x, name) if x.ndim else None
    return constant_like(x, array_of(find(plain(x), axis=axis, keepdims=keepdim)))


def all_(x: Any, dim: Axis = None, keepdim: bool = False) -> Any:
    """Whether all elements are true (not 0)."""
    x = as_carrier(x, "all")
    return constant_like(x, array_of(np.all(plain(x), axis=axis_from(dim, x, "all"), keepdims=keepdim)))


def any_(x: Any, dim: Axis = None, keepdim: bool = False) -> Any:
    """Whether any element is true (not 0)."""
    x = as_carrier(x, "any")
    return constant_like(x, array_of(np.any(plain(x), axis=axis_from(dim, x, "any"), keepdims=keepdim)))


def cumsum(x: Any, dim: int) -> Any:
    """At each place the sum of the elements up to there along `dim`."""
    x = _summable(x, "cumsum")
    return rows.cumsum(x, axis=axis_from(dim, x, "cumsum"))


def cumprod(x: Any, dim: int) -> Any:
    """At each place the product of the elements up to there along `dim`."""
    x = _summable(x, "cumprod")
    return rows.cumprod(x, axis=axis_from(dim, x, "cumprod"))


def logsumexp(x: Any, dim: Axis = None, keepdim: bool = False) -> Any:
    """log Σ eˣ over the axes `dim`, without overflow."""
    x = floating(x, "logsumexp")
    return rows.logsumexp(x, axis=axis_from(dim, x, "logsumexp"), keepdims=keepdim)


def softmax(x: Any, dim: int) -> Any:
    """eˣ / Σ eˣ along `dim`: positive numbers that add up to 1.

    >>> import autograd
    >>> autograd.softmax(autograd.tensor([0.0, 0.0, 0.0, 0.0]), dim=0)
    tensor([0.25, 0.25, 0.25, 0.25])
    """
    x = floating(x, "softmax")
    return rows.softmax(x, axis=axis_from(dim, x, "softmax"))


def log_softmax(x: Any, dim: int) -> Any:
    """x - log Σ eˣ along `dim`: the logarithm of `softmax`, without underflow."""
    x = floating(x, "log_softmax")
    return rows.log_softmax(x, axis=axis_from(dim, x, "log_softmax"))


def norm(x: Any, p: float = 2, dim: Axis = None, keepdim: bool = False) -> Any:
    """(Σ |x|ᵖ)^(1/p) over the axes `dim`; the largest |x| for p = ∞, the number of elements that are not 0 for p = 0.

    The gradient of the 2-norm at 0 is 0, as in PyTorch.
    """
    x = floating(x, "norm")
    return vector_norm(x, p, axis_from(dim, x, "norm"), keepdim)


def _summable(x: Any, name: str) -> Any:
    """As it is, but unsigned integers as int64: that is what PyTorch adds and multiplies integers in."""
    x = as_carrier(x, name)
    return astype(x, dtype=np.dtype(np.int64)) if x.dtype.kind == "u" else x


def _not_empty(x: Any, dim: Axis, name: str) -> Any:
    x = as_carrier(x, name)
    if size_of(x.shape, axis_from(dim, x, name)) == 0:
        raise ValueError(f"{name}: there is no element along these axes of shape {x.shape}")
    return x
