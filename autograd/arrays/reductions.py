"""Array ops that take many numbers together: sums, products, extremes, and softmax."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from .. import ops
from ..array_op import ArrayOp
from ..backends import onednn
from ..modes import modes
from ..traced import Traced, opaque
from .shapes import (
    Axis,
    astype,
    axes_of,
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    getitem,
    insert_axes,
    moveaxis,
    reshape,
    size_of,
    transpose,
    triangle,
)

__all__ = [
    "HALF",
    "amax",
    "amin",
    "cumprod",
    "cumsum",
    "divided",
    "log_softmax",
    "logsumexp",
    "mean",
    "plain",
    "prod",
    "repeated_number",
    "softmax",
    "sum_",
    "sum_of_all_but",
    "unbroadcast",
]


def plain(x: Any) -> Any:
    """The NumPy array in a tensor or dual number, for what is not differentiated."""
    while not isinstance(x, (np.ndarray, np.generic, float, int)):
        if modes.watched and (recorder := modes.recorder.get()) is not None:
            recorder.meet((x,))  # the program reads the array at every call
            x = recorder.lifted(x._data)
        else:
            x = x._data
    return x


FEW = 4096
"""Elements up to which one number is written out: that takes less time than to make a view of it."""


def repeated(g: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """What was reduced along some axes of an array of this shape, the same along all of them."""
    if type(g) is np.ndarray and not g.ndim and math.prod(shape) <= FEW:
        y = np.empty(shape, g.dtype)
        y.fill(g)
        return y
    return broadcast_to(insert_axes(g, shape, axis), shape=shape)


cumsum: ArrayOp

sum_ = ArrayOp(
    "sum", "The sum over some axes.",
    lambda a, axis=None, keepdims=False: np.add.reduce(a, axis, keepdims=keepdims),
    lambda g, y, a, axis=None, keepdims=False: repeated(g, a.shape, axis),
    needs=("",), linear="jointly", symbol="Σ",
)  # fmt: skip


HALF = np.dtype(np.float16)


def _mean(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """Halves are added up as singles: their sum, and even their number, may be beyond the largest of them, 65504."""
    n = a.size if axis is None else size_of(a.shape, axis)
    if a.dtype != HALF:
        return np.add.reduce(a, axis, keepdims=keepdims) / n
    return (np.add.reduce(a, axis, np.float32, keepdims=keepdims) / n).astype(HALF)


def divided(a: Any, n: float) -> Any:
    """a / n, for which float16 may be too small to hold n."""
    if a.dtype != HALF:
        return a / n
    return astype(astype(a, dtype=np.dtype(np.float32)) / n, dtype=HALF)


mean = ArrayOp(
    "mean", "The sum over some axes, divided by the number of elements that it adds up.",
    _mean,
    lambda g, y, a, axis=None, keepdims=False: repeated(divided(g, size_of(a.shape, axis)), a.shape, axis),
    needs=("",), linear="jointly",
)  # fmt: skip


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: the sum of `g` over every axis along which an array of this shape was repeated."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    if extra < 0:  # one number for all elements, or an operand with axes of length 1 to spare
        g, extra = reshape(g, shape=(1,) * -extra + g.shape), 0
    axes = tuple([i for i, n in enumerate(g.shape) if i < extra or (shape[i - extra] == 1 and n != 1)])
    if isinstance(g, np.ndarray) and g.dtype in BLAS and len(axes) == g.ndim - 1:  # as for biases: a batch, or images
        total = sum_of_all_but(g, axes) if type(g) is np.ndarray else opaque(sum_of_all_but, g, axes)
    else:
        total = sum_(g, axis=axes) if axes else g
    if total.shape == shape:
        return total
    return reshape(total, shape=shape) if total.size == math.prod(shape) else broadcast_to(total, shape=shape)


BLAS = frozenset((np.dtype(np.float32), np.dtype(np.float64)))
"""The dtypes whose products are fast."""


def sum_of_all_but(g: Any, axes: tuple[int, ...]) -> Any:
    """The sum over these axes, which are all but one: if that is the last in memory, as a product, which is faster."""
    rows = g
    if axes != (0,) or g.ndim != 2:
        (kept,) = set(range(g.ndim)).difference(axes)
        rows = g.transpose(*axes, kept)
    if not rows.flags.c_contiguous:
        return np.add.reduce(g, axes)
    if rows.ndim != 2:
        rows = rows.reshape(math.prod(rows.shape[:-1]), rows.shape[-1])
    ones = repeated_number(1.0, len(rows), g.dtype)
    total = onednn.product(ones[None], rows) if rows.size >= onednn.SMALLEST else None
    return ones @ rows if total is None else total[0]


@lru_cache(maxsize=64)
def repeated_number(x: float, n: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """A vector to multiply with, which adds up: batches have few sizes."""
    vector = np.full(n, x, dtype)
    vector.flags.writeable = False
    return vector


def _share(g: Any, y: Any, a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Ties share the gradient of a largest or smallest element evenly."""
    numbers = plain(a)
    chosen = numbers == insert_axes(plain(y), a.shape, axis)
    share = chosen / np.add.reduce(chosen, axes_of(axis, a.ndim), keepdims=True)
    return insert_axes(g, a.shape, axis) * share.astype(numbers.dtype)


amax = ArrayOp(
    "amax", "The largest number along some axes; ties share its gradient.",
    lambda a, axis=None, keepdims=False: np.maximum.reduce(a, axis, keepdims=keepdims),
    _share,
    needs=("ay",), symbol="max",
)  # fmt: skip
amin = ArrayOp(
    "amin", "The smallest number along some axes; ties share its gradient.",
    lambda a, axis=None, keepdims=False: np.minimum.reduce(a, axis, keepdims=keepdims),
    _share,
    needs=("ay",), symbol="min",
)  # fmt: skip


def _flat(a: Any, axis: Axis) -> tuple[Any, tuple[int, ...]]:
    """The array with the axes moved last and made one, and the shape they had before that."""
    axes = axes_of(axis, a.ndim)
    rest = tuple(i for i in range(a.ndim) if i not in axes)
    moved = transpose(a, axes=rest + axes)
    return reshape(moved, shape=(*(a.shape[i] for i in rest), -1)), rest + axes


def _prod_pullback(g: Any, y: Any, a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product of all the others: of those before it and those after it, never a quotient."""
    flat, order = _flat(a, axis) if a.size else (None, ())
    if flat is None:
        return a * 0
    before = _exclusive(flat)
    after = flip(_exclusive(flip(flat, axis=-1)), axis=-1)
    others = reshape(before * after, shape=tuple(a.shape[i] for i in order))
    return insert_axes(g, a.shape, axis) * transpose(others, axes=tuple(map(int, np.argsort(order))))


def _exclusive(a: Any) -> Any:
    """At each place, the product of all before it along the last axis."""
    ones = np.ones((*a.shape[:-1], 1), plain(a).dtype)
    return concatenate(ones, cumprod(getitem(a, index=(..., slice(None, -1))), axis=-1), axis=-1)


prod = ArrayOp(
    "prod", "The product over some axes.",
    lambda a, axis=None, keepdims=False: np.multiply.reduce(a, axis, keepdims=keepdims),
    _prod_pullback,
    needs=("a",), symbol="Π",
)  # fmt: skip
cumsum = ArrayOp(
    "cumsum", "At each place the sum up to there along an axis.",
    lambda a, axis: np.cumsum(a, axis),
    lambda g, y, a, axis: flip(cumsum(flip(g, axis=axis), axis=axis), axis=axis),
    needs=("",), linear="jointly",
)  # fmt: skip


def _cumprod_pullback(g: Any, y: Any, a: Any, axis: int) -> Any:
    """Where no element is 0, the sum of g · y from each place on, divided by the element.

    An element that is 0 needs the products without it: they are computed with 1 in its place.  All
    places after the first 0 of a line are 0, so that only the first one has such products.  That is the
    gradient, but as a formula it forgets how it changes with the other zeros: `_without_each` does not.
    """
    if isinstance(a, np.ndarray):
        return opaque(_cumprod_slope, g, y, a, axis)
    numbers = plain(a)  # to be differentiated again
    if type(numbers) is Traced or (numbers == 0).any():
        return _without_each(g, a, axis)
    return _sum_from_here(g * y, axis) / a


def _cumprod_slope(g: Any, y: Any, a: Any, axis: int) -> Any:
    zero = a == 0
    if not zero.any():
        return _sum_from_here(g * y, axis) / a
    first = zero & (np.cumsum(zero, axis) == 1)
    filled = ops.where(first, np.ones((), a.dtype), a)
    without = cumprod(filled, axis=axis)  # from the first 0 on: the products of all the others
    reached = np.cumsum(first, axis) > 0
    safe = ops.where(zero, np.ones((), a.dtype), a)
    at_zero = _sum_from_here(ops.where(reached, g * without, np.zeros((), a.dtype)), axis)
    elsewhere = _sum_from_here(g * y, axis) / safe
    return ops.where(first, at_zero, ops.where(zero, np.zeros((), a.dtype), elsewhere))


def _without_each(g: Any, a: Any, axis: int) -> Any:
    """For each element the products of all others up to each place, times g: a matrix for every line."""
    last, upstream, n = moveaxis(a, axis, -1), moveaxis(g, axis, -1), a.shape[axis]
    lines = ops.where(np.eye(n, dtype=bool), np.ones((), plain(a).dtype), expand_dims(last, -2))
    terms = triangle(cumprod(lines, axis=-1), k=0, upper=True) * expand_dims(upstream, -2)
    return moveaxis(sum_(terms, axis=-1), -1, axis)


def _sum_from_here(a: Any, axis: int) -> Any:
    return flip(cumsum(flip(a, axis=axis), axis=axis), axis=axis)


cumprod = ArrayOp(
    "cumprod", "At each place the product up to there along an axis.",
    lambda a, axis: np.cumprod(a, axis),
    _cumprod_pullback,
    needs=("ay",),
)  # fmt: skip

# ---------------------------------------------------------------------- exponentials taken together


def _peak(a: Any, axis: Axis) -> Any:
    """The largest element, to subtract before an exponential; 0 where it is infinite or there is none."""
    peak = np.maximum.reduce(a, axis, keepdims=True, initial=-np.inf)
    finite = np.isfinite(peak) if a.dtype.kind != "O" else peak - peak == 0  # objects that are like numbers
    return peak if finite.all() else np.where(finite, peak, 0).astype(a.dtype)


def _logsumexp(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    peak = _peak(a, axis)
    total = np.log(np.add.reduce(np.exp(a - peak), axis, keepdims=True)) + peak
    return total if keepdims else np.squeeze(total, axes_of(axis, np.ndim(a)))


MODERATE = 60.0
"""Numbers up to here have exponentials whose sum neither overflows nor vanishes, in float32 or float64."""


def _softmax(a: Any, axis: Axis) -> Any:
    """The largest element need not be subtracted from moderate numbers: finding it along short axes is slow."""
    moderate = (
        a.size
        and a.dtype.kind == "f"
        and a.itemsize >= 4
        and np.maximum.reduce(a, None) < MODERATE
        and np.minimum.reduce(a, None) > -MODERATE
    )
    e = np.exp(np.array(a) if moderate else a - _peak(a, axis))  # of strided memory NumPy's has other last bits
    e /= np.add.reduce(e, axis, keepdims=True)
    return e


def _log_softmax(a: Any, axis: Axis) -> Any:
    shifted = a - _peak(a, axis)
    shifted -= np.log(np.add.reduce(np.exp(shifted), axis, keepdims=True))
    return shifted


logsumexp = ArrayOp(
    "logsumexp", "log Σ eᵃ over some axes, without overflow.",
    _logsumexp,
    lambda g, y, a, axis=None, keepdims=False: (
        insert_axes(g, a.shape, axis) * ops.exp(a - insert_axes(y, a.shape, axis))
    ),
    needs=("ay",),
)  # fmt: skip
softmax = ArrayOp(
    "softmax", "eᵃ / Σ eᵃ along an axis: positive numbers that add up to 1.",
    _softmax,
    lambda g, y, a, axis: y * (g - sum_(g * y, axis=axis, keepdims=True)),
    needs=("y",),
)  # fmt: skip
log_softmax = ArrayOp(
    "log_softmax", "a - log Σ eᵃ along an axis: the logarithm of softmax, without underflow.",
    _log_softmax,
    lambda g, y, a, axis: g - ops.exp(y) * sum_(g, axis=axis, keepdims=True),
    needs=("y",),
)  # fmt: skip
