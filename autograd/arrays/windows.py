"""Array ops that put borders around arrays, cut them into windows that may overlap, and add such windows up.

Each is linear, and comes with its transpose, which is its pullback.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..array_op import ArrayOp
from .shapes import overwrite, put

__all__ = [
    "MODES",
    "Pairs",
    "Sizes",
    "overlap_add",
    "pad",
    "padded",
    "reaches",
    "sliding_windows",
    "unpadded",
    "window_counts",
]

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]
"""What is in front and behind, for each axis."""


def reaches(kernel: Sizes, dilation: Sizes) -> Sizes:
    """How many elements a kernel spans along each axis."""
    return tuple([(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)])


def window_counts(size: Sizes, reach: Sizes, stride: Sizes, padding: Pairs) -> Sizes:
    """How many windows fit along each axis."""
    return tuple(
        [
            (n + before + behind - r) // s + 1
            for n, r, s, (before, behind) in zip(size, reach, stride, padding, strict=True)
        ]
    )


# Each rule uses its own row, or a later one.
unpadded: ArrayOp
overlap_add: ArrayOp

# ---------------------------------------------------------------------- padding

MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
"""NumPy's names for what a border can be made of."""


def _source(i: int, n: int, mode: str) -> int:
    """Which of n elements stands at place i, before 0 or after n - 1."""
    if mode == "wrap":
        return i % n
    if mode == "edge":
        return min(max(i, 0), n - 1)
    if mode == "symmetric":  # 2 1 0 | 0 1 2 | 2 1 0
        i %= 2 * n
        return min(i, 2 * n - 1 - i)
    i %= max(2 * (n - 1), 1)  # 2 1 | 0 1 2 | 1 0
    return min(i, 2 * (n - 1) - i)


def _padded(a: Array, widths: Pairs, mode: str) -> Array:
    y = a
    for axis, (before, behind) in enumerate(widths):
        if before or behind:
            n = a.shape[axis]
            y = y.take([_source(i, n, mode) for i in range(-before, n + behind)], axis)
    return y.copy() if y is a else y


def _unpadded(a: Array, widths: Pairs, mode: str) -> Array:
    y = a
    for axis, (before, behind) in enumerate(widths):
        if before or behind:
            lines = np.moveaxis(y, axis, 0)
            n = len(lines) - before - behind
            inner = lines[before : before + n].copy()
            for i in chain(range(-before, 0), range(n, n + behind)):
                inner[_source(i, n, mode)] += lines[before + i]
            y = np.moveaxis(inner, 0, axis)
    return y.copy() if y is a else y


padded = ArrayOp(
    "padded", "The array with a border of its own elements around it.",
    _padded,
    lambda g, y, a, widths, mode: unpadded(g, widths=widths, mode=mode),
    needs=("",), linear="jointly", computes=False,
)  # fmt: skip
unpadded = ArrayOp(
    "unpadded", "The array without its border, which is added where it came from: `padded` transposed.",
    _unpadded,
    lambda g, y, a, widths, mode: padded(g, widths=widths, mode=mode),
    needs=("",), linear="jointly",
)  # fmt: skip


def pad(a: Any, widths: Sequence[tuple[int, int]], mode: str = "constant", value: float = 0) -> Any:
    """The array with a border around it, as `np.pad` makes it: a pair of widths, none negative, for each axis.

    Raises:
        ValueError: the border should be made of the elements of an empty axis.

    >>> pad(np.array([1.0, 2.0, 3.0]), [(2, 1)], "reflect")
    array([3., 2., 1., 2., 3., 2.])
    """
    pairs = tuple([(int(before), int(behind)) for before, behind in widths])
    if mode != "constant":
        if any(n == 0 and sum(pair) for n, pair in zip(a.shape, pairs, strict=True)):
            raise ValueError(f"pad: shape {a.shape} has nothing to pad an empty axis with: use mode='constant'")
        return padded(a, widths=pairs, mode=mode)
    shape = tuple([before + n + behind for n, (before, behind) in zip(a.shape, pairs, strict=True)])
    inside = tuple([slice(before, before + n) for n, (before, _) in zip(a.shape, pairs, strict=True)])
    if value == 0:
        return put(a, index=inside, shape=shape)
    return overwrite(np.full(shape, value, a.dtype), a, index=inside)


# ---------------------------------------------------------------------- windows


def _sliding_windows(a: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    rank = len(kernel)
    every = sliding_window_view(a, reaches(kernel, dilation), tuple(range(-rank, 0)))
    index: Any = (..., *(slice(None, None, step) for step in stride + dilation))
    lead = tuple(range(a.ndim - rank))
    order = (*lead, *range(a.ndim, a.ndim + rank), *range(a.ndim - rank, a.ndim))
    chosen: Array = every[index].transpose(order).copy()
    return chosen


def _overlap_add(a: Array, size: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    rank = len(size)
    lead, kernel, counts = a.shape[: -2 * rank], a.shape[-2 * rank : -rank], a.shape[-rank:]
    total = np.zeros((*lead, *size), a.dtype)
    every = (slice(None),) * rank
    for offset in np.ndindex(kernel):
        starts = (i * d for i, d in zip(offset, dilation, strict=True))
        places = (slice(i, i + (n - 1) * s + 1, s) for i, n, s in zip(starts, counts, stride, strict=True))
        index: Any = (..., *places)
        total[index] += a[(..., *offset, *every)]
    return total


sliding_windows = ArrayOp(
    "sliding_windows", "Every window of the last axes: of (..., *size), (..., *kernel, *windows).",
    _sliding_windows,
    lambda g, y, a, kernel, stride, dilation: overlap_add(
        g, size=a.shape[a.ndim - len(kernel) :], stride=stride, dilation=dilation
    ),
    needs=("",), linear="jointly", computes=False,
)  # fmt: skip
overlap_add = ArrayOp(
    "overlap_add", "Windows added up where they came from: `sliding_windows` transposed.",
    _overlap_add,
    lambda g, y, a, size, stride, dilation: sliding_windows(
        g, kernel=a.shape[a.ndim - 2 * len(size) : a.ndim - len(size)], stride=stride, dilation=dilation
    ),
    needs=("",), linear="jointly",
)  # fmt: skip
